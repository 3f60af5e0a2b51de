package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.EventContext;
import io.varve.bank.store.LogFollower.State;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.testkit.InMemoryEventStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProjectionRunnerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final EventCodec codec = new EventCodec();
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(3);
  private JdbcConnectionPool pool;
  private Database database;

  @BeforeEach
  void open() throws Exception {
    pool = JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID(), "bank", "");
    pool.getConnection().close();
    database = new Database(pool);
    database.inTransaction(
        connection -> {
          Database.update(
              connection,
              "CREATE TABLE seen (position BIGINT PRIMARY KEY, type VARCHAR(64) NOT NULL)");
        });
    Schema.migrate(database);
  }

  @AfterEach
  void close() throws Exception {
    timer.shutdownNow();
    store.close();
    pool.dispose();
  }

  /** Writes a row for each event, and fails after writing it while told to. */
  private static final class Recorder implements Projection {
    private final String name;
    private final List<Long> applied = new CopyOnWriteArrayList<>();
    private volatile long failAt;

    Recorder(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void apply(BankEvent event, RecordedEvent recorded, Connection connection)
        throws SQLException {
      Database.updateOne(
          connection,
          "INSERT INTO seen (position, type) VALUES (?, ?)",
          recorded.position(),
          recorded.type());
      applied.add(recorded.position());
      if (recorded.position() == failAt) {
        throw new SQLException("the test wants this to fail at " + failAt);
      }
    }
  }

  /** Takes events and writes nothing. */
  private static final class Idler implements Projection {
    @Override
    public String name() {
      return "idler";
    }

    @Override
    public void apply(BankEvent event, RecordedEvent recorded, Connection connection) {}
  }

  private ProjectionRunner start(Projection projection) {
    ProjectionRunner runner =
        new ProjectionRunner(projection, database, store, codec, timer, InstantSource.system());
    runner.start();
    return runner;
  }

  private void append(int deposits) {
    EventContext context = new EventContext("c", "c", Map.of());
    for (int i = 0; i < deposits; i++) {
      BankEvent event =
          i == 0 ? new AccountOpened("Ada", Money.ZERO) : new MoneyDeposited(Money.of("1"), null);
      store.append(
          "account-a", ExpectedVersion.any(), codec.encode(UUID.randomUUID(), event, context));
    }
  }

  private List<Long> rows() throws SQLException {
    return database.query("SELECT position FROM seen ORDER BY position", row -> row.number(1));
  }

  private List<Long> checkpoint() throws SQLException {
    return database.query("SELECT position FROM checkpoints", row -> row.number(1));
  }

  private static void awaitState(ProjectionRunner runner, State state) {
    await().atMost(PATIENCE).until(() -> runner.status().state() == state);
  }

  @Test
  void rows_and_checkpoint_come_together() throws Exception {
    append(3);
    try (ProjectionRunner runner = start(new Recorder("recorder"))) {
      assertThat(runner.awaitPosition(3, PATIENCE)).isTrue();
      assertThat(rows()).containsExactly(1L, 2L, 3L);
      assertThat(checkpoint()).containsExactly(3L);
    }
  }

  @Test
  void a_failure_after_the_row_leaves_neither_row_nor_checkpoint() throws Exception {
    Recorder recorder = new Recorder("recorder");
    recorder.failAt = 1;
    append(1);
    try (ProjectionRunner runner = start(recorder)) {
      awaitState(runner, State.FAILED);
      assertThat(recorder.applied).contains(1L);
      assertThat(rows()).isEmpty();
      assertThat(checkpoint()).isEmpty();
      assertThat(runner.status().error()).contains("fail at 1").endsWith(ProjectionRunner.WAY_OUT);
    }
  }

  @Test
  void it_comes_to_stand_right_before_the_event_that_it_cannot_take_and_goes_on_from_there()
      throws Exception {
    Recorder recorder = new Recorder("recorder");
    recorder.failAt = 5;
    append(8);
    try (ProjectionRunner runner = start(recorder)) {
      await().atMost(PATIENCE).until(() -> runner.position() == 4);
      awaitState(runner, State.FAILED);
      assertThat(rows()).containsExactly(1L, 2L, 3L, 4L);
      assertThat(runner.awaitPosition(8, PATIENCE)).isFalse();

      recorder.failAt = 0;
      await().atMost(PATIENCE).until(() -> runner.position() == 8);
      assertThat(rows()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
      awaitState(runner, State.FOLLOWING);
      assertThat(runner.status().error()).isNull();
    }
  }

  @Test
  void one_projections_failure_is_its_own() throws Exception {
    Recorder failing = new Recorder("failing");
    failing.failAt = 2;
    append(4);
    try (ProjectionRunner broken = start(failing);
        ProjectionRunner sound = start(new Idler())) {
      assertThat(sound.awaitPosition(4, PATIENCE)).isTrue();
      awaitState(broken, State.FAILED);
      append(1);
      assertThat(sound.awaitPosition(5, PATIENCE)).isTrue();
      assertThat(sound.status().state()).isEqualTo(State.FOLLOWING);
    }
  }

  @Test
  void after_a_restart_it_goes_on_where_it_was() throws Exception {
    append(5);
    Recorder first = new Recorder("recorder");
    try (ProjectionRunner runner = start(first)) {
      assertThat(runner.awaitPosition(5, PATIENCE)).isTrue();
    }
    append(2);
    Recorder second = new Recorder("recorder");
    try (ProjectionRunner runner = start(second)) {
      assertThat(runner.awaitPosition(7, PATIENCE)).isTrue();
    }
    assertThat(first.applied).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(second.applied).containsExactly(6L, 7L);
    assertThat(database.count("SELECT events FROM checkpoints WHERE projection = 'recorder'"))
        .isEqualTo(7);
  }

  @Test
  void it_catches_up_in_batches_and_misses_nothing() throws Exception {
    int events = 3 * ProjectionRunner.CATCH_UP_BATCH + 7;
    append(events);
    Recorder recorder = new Recorder("recorder");
    try (ProjectionRunner runner = start(recorder)) {
      assertThat(runner.awaitPosition(events, PATIENCE)).isTrue();
      assertThat(rows()).hasSize(events);
    }
  }

  @Test
  void two_runners_never_feed_the_same_rows() throws Exception {
    append(1);
    Recorder recorder = new Recorder("recorder");
    try (ProjectionRunner runner = start(recorder)) {
      assertThat(runner.awaitPosition(1, PATIENCE)).isTrue();
      // As another process would that had read the same checkpoint.
      database.inTransaction(
          connection -> {
            Database.updateOne(connection, "UPDATE checkpoints SET position = 0");
          });
      append(1);
      awaitState(runner, State.FAILED);
      assertThat(rows()).containsExactly(1L);
    }
  }

  @Test
  void a_log_that_ends_before_the_checkpoint_is_refused() throws Exception {
    append(5);
    try (ProjectionRunner runner = start(new Recorder("recorder"))) {
      assertThat(runner.awaitPosition(5, PATIENCE)).isTrue();
    }
    try (InMemoryEventStore another = new InMemoryEventStore();
        ProjectionRunner runner =
            new ProjectionRunner(
                new Recorder("recorder"),
                database,
                another,
                codec,
                timer,
                InstantSource.system())) {
      runner.start();
      awaitState(runner, State.FAILED);
      assertThat(runner.status().error()).contains("made from another store");
    }
  }

  @Test
  void events_of_unknown_types_and_of_others_are_passed_over() throws Exception {
    append(1);
    store.append("account-a", ExpectedVersion.any(), NewEvent.json("AccountPainted", "{}"));
    store.append("parcel-1", ExpectedVersion.any(), NewEvent.json("ParcelSent", "{}"));
    append(1);
    try (ProjectionRunner runner = start(new Recorder("recorder"))) {
      assertThat(runner.awaitPosition(4, PATIENCE)).isTrue();
      assertThat(rows()).containsExactly(1L, 4L);
    }
  }
}
