package io.varve.client.eventsourcing.projection;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.AccountEvent.Withdrawn;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.eventsourcing.projection.sql.Balances;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.eventsourcing.projection.sql.TestDatabase;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a projection does, on whatever store there is. */
public abstract class ProjectionContract {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private EventStore store;
  private TestDatabase.Open database;
  private SqlReadModel model;

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** An empty database for one test, which closes it. */
  protected TestDatabase.Open openDatabase() throws Exception {
    return TestDatabase.H2.open();
  }

  /** Called after each test, once its store is closed. */
  protected void afterStore() throws Exception {}

  @BeforeEach
  void open() throws Exception {
    store = openStore();
    database = openDatabase();
    model = SqlReadModel.builder(database.dataSource()).keepReplaced(Duration.ZERO).build();
  }

  @AfterEach
  void close() throws Exception {
    store.close();
    database.close();
    afterStore();
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2));
  }

  /** Its subscriptions tell of events alone, and never how far they have looked. */
  private static final class WithoutCheckpoints extends ForwardingEventStore {
    WithoutCheckpoints(EventStore store) {
      super(store);
    }

    @Override
    public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
      return super.subscribeToLog(
          request,
          new ForwardingListener(listener) {
            @Override
            public void onCheckpoint(long position) {}
          });
    }
  }

  private ProjectionRunner running(ErrorPolicy policy) {
    return running(policy, store);
  }

  private ProjectionRunner running(ErrorPolicy policy, EventStore store) {
    return ProjectionRunner.builder(store)
        .add(
            Balances.projection(),
            model,
            policy.pausing(Duration.ofMillis(1), Duration.ofMillis(5)))
        .start();
  }

  @Test
  void what_happened_and_what_happens_is_in_the_rows_once_an_append_is_awaited() throws Exception {
    append(store, "1", new Opened("Ada"), new Deposited(100));
    try (ProjectionRunner runner = running(ErrorPolicy.retry())) {
      AppendResult second = append(store, "2", new Opened("Ben"), new Deposited(5));
      assertThat(runner.awaitPosition(second.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store)).hasSize(2);

      for (int i = 0; i < 20; i++) {
        AppendResult next = append(store, "1", new Withdrawn(1));
        assertThat(runner.awaitPosition("balances", next.position(), PATIENCE)).isTrue();
        assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
      }
      await().until(() -> runner.status("balances").state() == State.LIVE);
      ProjectionStatus status = runner.status("balances");
      assertThat(status.position()).isEqualTo(status.head()).isEqualTo(24);
      assertThat(status.lag()).isZero();
      assertThat(status.failure()).isNull();
      assertThat(status.eventsPerSecond()).isPositive();
    }
  }

  @Test
  void events_under_an_old_name_are_asked_for_and_others_are_not() throws Exception {
    append(store, "1", new Opened("Ada"));
    AppendResult last =
        store.append(
            "account-1",
            ExpectedVersion.any(),
            NewEvent.json("NobodyKnowsThis", "{}"),
            NewEvent.json("AccountCredited", "{\"cents\":7}"));
    try (ProjectionRunner runner = running(ErrorPolicy.retry())) {
      assertThat(runner.awaitPosition(last.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(7, 2));
    }
  }

  @Test
  void a_position_is_reached_if_nothing_up_to_it_concerns_the_projection() throws Exception {
    append(store, "1", new Opened("Ada"));
    try (ProjectionRunner runner = running(ErrorPolicy.retry(), new WithoutCheckpoints(store))) {
      await().until(() -> runner.status("balances").state() == State.LIVE);
      AppendResult other =
          store.append("other-1", ExpectedVersion.any(), NewEvent.json("SomethingElse", "{}"));
      assertThat(runner.awaitPosition(other.position(), PATIENCE))
          .as("reached, though the subscription does not tell")
          .isTrue();
      assertThat(runner.awaitPosition(other.position() + 1, Duration.ofMillis(60)))
          .as("the log has not come so far")
          .isFalse();
    }
  }

  @Test
  void what_cannot_be_taken_is_stood_before_and_the_others_go_on() throws Exception {
    append(store, "1", new Opened("Ada"), new Deposited(20));
    AppendResult bad = append(store, "1", new Withdrawn(13));
    append(store, "1", new Deposited(1));
    List<String> heard = new CopyOnWriteArrayList<>();
    Projection<List<String>> other =
        Projection.<AccountEvent, List<String>>named("heard", AccountEvent.TYPES, classOf(heard))
            .on(AccountEvent.class, (into, event) -> into.add(event.event().toString()))
            .build();
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store)
            .add(Balances.projection(), model, ErrorPolicy.stop())
            .add(other, ProjectionTarget.inMemory(heard))
            .start()) {
      await().until(() -> runner.status("balances").state() == State.STOPPED);
      assertThat(runner.status("balances").position()).isEqualTo(bad.position() - 1);
      assertThat(runner.status("balances").failure()).contains("13 cents are unlucky", "account-1");
      assertThat(runner.awaitPosition("balances", bad.position(), PATIENCE)).isFalse();
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(20, 2));

      assertThat(runner.awaitPosition("heard", bad.position() + 1, PATIENCE)).isTrue();
      assertThat(heard).hasSize(4);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T> Class<T> classOf(T object) {
    return (Class<T>) object.getClass();
  }

  @Test
  void after_so_many_attempts_an_event_is_put_aside() throws Exception {
    append(store, "1", new Opened("Ada"), new Deposited(20));
    AppendResult bad = append(store, "1", new Withdrawn(13));
    AppendResult last = append(store, "1", new Deposited(1));
    try (ProjectionRunner runner = running(ErrorPolicy.park(3))) {
      await().until(() -> runner.status("balances").position() == last.position());
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(21, 3));
      assertThat(runner.status("balances").parked()).isEqualTo(1);
      List<ParkedEvent> parked = runner.parked("balances");
      assertThat(parked).hasSize(1);
      assertThat(parked.getFirst().position()).isEqualTo(bad.position());
      assertThat(parked.getFirst().attempts()).isEqualTo(3);
      assertThat(parked.getFirst().error()).contains("unlucky");
    }
  }

  @Test
  void another_generation_is_built_beside_the_first_and_takes_its_place() throws Exception {
    append(store, "1", new Opened("Ada"), new Deposited(20));
    try (ProjectionRunner runner = running(ErrorPolicy.retry())) {
      await().until(() -> runner.status("balances").state() == State.LIVE);
      int next = runner.rebuild("balances");
      assertThat(runner.awaitGeneration("balances", next, PATIENCE)).isTrue();
      assertThat(model.servedSchema("balances")).isEqualTo("balances_g2");
      AppendResult last = append(store, "1", new Deposited(1));
      assertThat(runner.awaitPosition(last.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
    }
  }

  @Test
  void a_store_that_ends_before_the_checkpoint_is_refused() throws Exception {
    AppendResult last = append(store, "1", new Opened("Ada"), new Deposited(20));
    try (ProjectionRunner runner = running(ErrorPolicy.retry())) {
      assertThat(runner.awaitPosition(last.position(), PATIENCE)).isTrue();
    }
    try (var another = new io.varve.client.testkit.InMemoryEventStore();
        ProjectionRunner runner =
            ProjectionRunner.builder(another).add(Balances.projection(), model).start()) {
      await().until(() -> runner.status("balances").state() == State.FAILING);
      assertThat(runner.status("balances").failure()).contains("another store");
    }
  }
}
