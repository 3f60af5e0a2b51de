package io.varve.client.eventsourcing.projection.sql;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.ErrorPolicy;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.eventsourcing.projection.Tenure;
import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.streams.AppendResult;
import io.varve.client.testkit.InMemoryEventStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Generations of a projection, side by side. */
@ParameterizedClass
@EnumSource(TestDatabase.class)
class GenerationTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final TestDatabase.Open database;
  private final SqlReadModel model;

  GenerationTest(TestDatabase kind) throws Exception {
    database = kind.open();
    model =
        SqlReadModel.builder(database.dataSource())
            .lease(Duration.ofMillis(300))
            .keepReplaced(Duration.ZERO)
            .build();
  }

  @BeforeEach
  void givenEvents() {
    append(store, "1", new Opened("Ada"), new Deposited(10), new Deposited(20));
  }

  @AfterEach
  void close() {
    store.close();
    database.close();
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2));
  }

  private ProjectionRunner running(Projection<Connection> projection) {
    return ProjectionRunner.builder(store)
        .add(
            projection,
            model,
            ErrorPolicy.retry().pausing(Duration.ofMillis(1), Duration.ofMillis(10)))
        .owner("this")
        .start();
  }

  private void feedFirst() throws Exception {
    try (ProjectionRunner runner = running(Balances.projection())) {
      assertThat(runner.awaitPosition(3, PATIENCE)).isTrue();
    }
  }

  private long schemas() throws SQLException {
    return Balances.number(
        database.dataSource(),
        "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME LIKE 'balances\\_g%'");
  }

  @Test
  void nothing_can_be_asked_before_a_projection_was_ever_fed() {
    assertThatThrownBy(() -> model.servedSchema("balances"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("balances has no tables yet");
  }

  @Test
  void what_is_served_is_whole_while_another_is_built_and_the_old_one_is_dropped()
      throws Exception {
    feedFirst();
    CountDownLatch half = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    Projection<Connection> second =
        Balances.builder()
            .version(2)
            .tables("CREATE TABLE extra (id INTEGER)")
            .on(
                Deposited.class,
                (sql, event) -> {
                  half.countDown();
                  assertThat(goesOn.await(60, TimeUnit.SECONDS)).isTrue();
                })
            .build();
    try (ProjectionRunner runner = running(second)) {
      assertThat(half.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(model.servedSchema("balances")).isEqualTo("balances_g1");
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
      await().until(() -> runner.status("balances").rebuild() != null);
      assertThat(runner.status("balances").failure()).contains("version 1", "version 2");
      assertThat(runner.awaitPosition(3, PATIENCE)).as("what is served holds it").isTrue();
      AppendResult later = append(store, "1", new Deposited(5));
      assertThat(runner.awaitPosition(later.position(), Duration.ofMillis(50)))
          .as("what is served does not move")
          .isFalse();

      goesOn.countDown();

      assertThat(runner.awaitGeneration("balances", 2, PATIENCE)).isTrue();
      assertThat(model.servedSchema("balances")).isEqualTo("balances_g2");
      assertThat(runner.awaitPosition(later.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
      await().untilAsserted(() -> assertThat(schemas()).isEqualTo(1));
    } finally {
      goesOn.countDown();
    }
  }

  @Test
  void a_rebuild_that_is_cut_short_goes_on_where_it_was() throws Exception {
    feedFirst();
    Projection<Connection> balances = Balances.projection();
    int next = model.beginRebuild(balances, "killed");
    Tenure<Connection> tenure = model.claim(balances, next, "killed").orElseThrow();
    var _ =
        tenure.commit(
            sql -> {
              Balances.update(sql, "INSERT INTO balances VALUES ('account-1', 1000, 2)");
              return new Step(2, 2); // what the log does not say, so that it shows
            });
    // It is killed here: the lease is not given back.
    try (ProjectionRunner runner = running(balances)) {
      assertThat(runner.awaitGeneration("balances", next, PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(1020, 3));
      await().untilAsserted(() -> assertThat(schemas()).isEqualTo(1));
    }
  }

  @Test
  void what_a_maker_left_that_was_killed_is_cleaned_up_and_its_number_not_used_again()
      throws Exception {
    feedFirst();
    Projection<Connection> broken = Balances.builder().version(2).tables("CREATE NONSENSE").build();
    assertThatThrownBy(() -> model.plan(broken, "killed")).isInstanceOf(SQLException.class);
    assertThat(schemas()).as("the served one, and what was left").isEqualTo(2);

    try (ProjectionRunner runner = running(Balances.builder().version(2).build())) {
      assertThat(runner.awaitGeneration("balances", 3, PATIENCE)).isTrue();
      assertThat(model.servedSchema("balances")).isEqualTo("balances_g3");
      await().untilAsserted(() -> assertThat(schemas()).isEqualTo(1));
    }
  }

  @Test
  void a_program_of_an_older_version_feeds_nothing() throws Exception {
    try (ProjectionRunner newer = running(Balances.builder().version(2).build())) {
      assertThat(newer.awaitPosition(3, PATIENCE)).isTrue();
    }
    try (ProjectionRunner older = running(Balances.projection())) {
      await().until(() -> older.status("balances").state() == State.STANDBY);
      assertThat(older.status("balances").failure()).contains("version 2", "version 1");
    }
  }

  @Test
  void a_program_of_an_older_version_knows_how_far_the_newer_one_has_come() throws Exception {
    try (ProjectionRunner newer = running(Balances.builder().version(2).build())) {
      assertThat(newer.awaitPosition(3, PATIENCE)).isTrue();
      try (ProjectionRunner older = running(Balances.projection())) {
        await().until(() -> older.status("balances").state() == State.STANDBY);
        AppendResult later = append(store, "1", new Deposited(5));
        assertThat(older.awaitPosition(later.position(), PATIENCE)).isTrue();
        assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
        assertThat(older.position("balances")).isEqualTo(later.position());
        await().until(() -> older.status("balances").position() == later.position());
      }
    }
  }

  @Test
  void an_event_that_is_given_up_is_not_counted_among_the_parked_any_more() throws Exception {
    Projection<Connection> balances =
        Balances.builder()
            .on(
                Deposited.class,
                (sql, event) -> {
                  throw new IllegalStateException("no deposits");
                })
            .build();
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store).add(balances, model, ErrorPolicy.park(1)).start()) {
      await().until(() -> runner.status("balances").parked() == 2);
      assertThat(runner.discardParked("balances", 2)).isTrue();
      assertThat(runner.status("balances").parked()).isEqualTo(1);
      assertThat(runner.discardParked("balances", 2)).isFalse();
      assertThat(runner.discardParked("balances", 3)).isTrue();
      assertThat(runner.status("balances").parked()).isZero();
    }
  }

  @Test
  void a_closed_runner_does_not_begin_a_generation() throws Exception {
    ProjectionRunner runner = running(Balances.projection());
    assertThat(runner.awaitPosition(3, PATIENCE)).isTrue();
    runner.close();
    assertThatThrownBy(() -> runner.rebuild("balances"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(schemas()).isEqualTo(1);
  }

  @Test
  void a_swap_waits_until_it_would_not_take_what_is_asked_back_in_time() throws Exception {
    feedFirst();
    Projection<Connection> balances = Balances.projection();
    int next = model.beginRebuild(balances, "this");
    Tenure<Connection> behind = model.claim(balances, next, "this").orElseThrow();
    assertThat(behind.commit(sql -> new Step(2, 0)).position()).isEqualTo(2);
    assertThat(behind.promote()).isFalse();
    assertThat(model.servedSchema("balances")).isEqualTo("balances_g1");
    assertThat(behind.commit(sql -> new Step(3, 0)).position()).isEqualTo(3);
    assertThat(behind.promote()).isTrue();
    assertThat(model.servedSchema("balances")).isEqualTo("balances_g2");
    assertThat(model.claim(balances, 1, "this")).as("the old one").isEmpty();
  }

  @Test
  void a_connection_stays_with_its_generation_and_goes_back_to_the_pool_as_it_was()
      throws Exception {
    feedFirst();
    try (ProjectionRunner runner = running(Balances.projection());
        Connection old = model.connection("balances")) {
      assertThat(runner.rebuild("balances")).isEqualTo(2);
      assertThat(runner.rebuild("balances"))
          .as("the one that is on its way, or was")
          .isGreaterThan(1);
      assertThat(runner.awaitGeneration("balances", 2, PATIENCE)).isTrue();
      AppendResult more = append(store, "1", new Deposited(1));
      assertThat(runner.awaitPosition(more.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(old)).containsEntry("account-1", new Balances.Row(30, 3));
      assertThat(old.getSchema()).isEqualTo("balances_g1");
    }
    for (int i = 0; i < 10; i++) {
      try (Connection any = database.dataSource().getConnection()) {
        assertThat(any.getSchema()).isEqualToIgnoringCase("public");
        assertThat(any.getAutoCommit()).isTrue();
      }
    }
  }

  @Test
  void a_parked_event_is_retried_or_given_up() throws Exception {
    boolean[] broken = {true};
    Projection<Connection> balances =
        Balances.builder()
            .on(
                Deposited.class,
                (sql, event) -> {
                  if (broken[0] && event.event().cents() > 15) {
                    throw new IllegalStateException("too much");
                  }
                })
            .build();
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store)
            .add(balances, model, ErrorPolicy.park(1))
            .owner("this")
            .start()) {
      await().until(() -> runner.status("balances").position() == 3);
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(10, 2));
      assertThatThrownBy(() -> runner.retryParked("balances", 3)).hasMessage("too much");
      assertThat(runner.parked("balances").getFirst().attempts()).isEqualTo(2);
      assertThat(runner.retryParked("balances", 2)).isFalse();

      broken[0] = false;

      assertThat(runner.retryParked("balances", 3)).isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
      assertThat(runner.parked("balances")).isEmpty();
      assertThat(runner.status("balances").parked()).isZero();
      assertThat(runner.discardParked("balances", 3)).isFalse();
    }
  }

  @Test
  void a_paused_projection_stands_still_and_goes_on() throws Exception {
    try (ProjectionRunner runner = running(Balances.projection())) {
      assertThat(runner.awaitPosition(3, PATIENCE)).isTrue();
      runner.pause("balances");
      await().until(() -> runner.status("balances").state() == State.PAUSED);
      AppendResult later = append(store, "1", new Deposited(1));
      assertThat(runner.awaitPosition(later.position(), PATIENCE)).isFalse();
      assertThat(Balances.rows(model)).containsEntry("account-1", new Balances.Row(30, 3));
      runner.resume("balances");
      await().until(() -> runner.status("balances").position() == later.position());
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
    }
  }
}
