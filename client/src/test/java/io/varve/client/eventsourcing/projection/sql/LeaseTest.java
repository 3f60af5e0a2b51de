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
import io.varve.client.eventsourcing.projection.TenureLostException;
import io.varve.client.streams.AppendResult;
import io.varve.client.testkit.InMemoryEventStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.h2.jdbc.JdbcConnection;
import org.h2.jdbc.JdbcPreparedStatement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;

/** One owner feeds a projection, and one that has been replaced writes nothing. */
@ParameterizedClass
@EnumSource(TestDatabase.class)
class LeaseTest {

  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final TestDatabase.Open database;
  private final AtomicReference<Instant> time =
      new AtomicReference<>(Instant.parse("2026-05-01T12:00:00Z"));
  private final Projection<Connection> balances = Balances.projection();
  private final SqlReadModel model;

  LeaseTest(TestDatabase kind) throws Exception {
    database = kind.open();
    model = SqlReadModel.builder(database.dataSource()).lease(LEASE).clock(time::get).build();
  }

  @AfterEach
  void close() {
    store.close();
    database.close();
  }

  private void timePasses(Duration duration) {
    time.updateAndGet(now -> now.plus(duration));
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2));
  }

  private Tenure<Connection> claimed(String owner) throws Exception {
    assertThat(model.plan(balances, owner).feed()).containsExactly(1);
    return model.claim(balances, 1, owner).orElseThrow();
  }

  private static Step open(Connection sql, String account, long position) throws SQLException {
    Balances.update(sql, "INSERT INTO balances VALUES (?, 0, 1)", account);
    return new Step(position, 1);
  }

  @Test
  void who_holds_the_lease_keeps_others_away_until_it_gives_it_back() throws Exception {
    Tenure<Connection> first = claimed("first");
    assertThat(model.claim(balances, 1, "second")).isEmpty();
    timePasses(LEASE);
    assertThat(model.claim(balances, 1, "second")).isEmpty();

    first.close();

    assertThat(model.claim(balances, 1, "second")).isPresent();
    assertThat(model.claim(balances, 1, "first")).isEmpty();
  }

  @Test
  void a_lease_is_extended_by_commits_and_by_renewing() throws Exception {
    Tenure<Connection> first = claimed("first");
    timePasses(LEASE.dividedBy(2));
    Step committed = first.commit(sql -> open(sql, "account-1", 4));
    assertThat(committed.position()).isEqualTo(4);
    timePasses(LEASE);
    assertThat(model.claim(balances, 1, "second")).isEmpty();
    first.renew();
    timePasses(LEASE);
    assertThat(model.claim(balances, 1, "second")).isEmpty();
    timePasses(Duration.ofMillis(1));
    assertThat(model.claim(balances, 1, "second").orElseThrow().position()).isEqualTo(4);
  }

  @Test
  void who_stalls_in_its_transaction_until_another_has_taken_over_writes_nothing()
      throws Exception {
    Tenure<Connection> first = claimed("first");
    AtomicReference<Tenure<Connection>> second = new AtomicReference<>();

    assertThatThrownBy(
            () ->
                first.commit(
                    sql -> {
                      Step step = open(sql, "account-1", 1);
                      timePasses(LEASE.plusMillis(1)); // and comes back
                      second.set(model.claim(balances, 1, "second").orElseThrow());
                      return step;
                    }))
        .isInstanceOf(TenureLostException.class);

    assertThat(Balances.rows(model)).isEmpty();
    assertThat(second.get().position()).isZero();
    assertThat(second.get().commit(sql -> open(sql, "account-1", 1)).position()).isEqualTo(1);
    assertThatThrownBy(first::renew).isInstanceOf(TenureLostException.class);
    assertThatThrownBy(() -> first.commit(sql -> open(sql, "account-2", 2)))
        .isInstanceOf(TenureLostException.class);
    first.close(); // what it no longer has, it cannot give back
    assertThat(model.claim(balances, 1, "third")).isEmpty();
    assertThat(Balances.rows(model)).containsOnlyKeys("account-1");
  }

  @Test
  void a_handler_cannot_end_the_transaction() throws Exception {
    Tenure<Connection> first = claimed("first");
    List<String> refused = new ArrayList<>();
    for (GuardedCall call :
        List.<GuardedCall>of(
            Connection::commit,
            Connection::rollback,
            Connection::close,
            sql -> sql.setAutoCommit(true),
            sql -> sql.setSchema("public"))) {
      assertThatThrownBy(
              () ->
                  first.commit(
                      sql -> {
                        call.on(sql);
                        return new Step(1, 0);
                      }))
          .isInstanceOf(SQLException.class)
          .satisfies(e -> refused.add(String.valueOf(e.getMessage())));
    }
    assertThat(refused).allMatch(message -> message.contains("must not call")).hasSize(5);
    assertThat(first.commit(sql -> new Step(1, 0)).position()).isEqualTo(1);
  }

  private interface GuardedCall {
    void on(Connection connection) throws SQLException;
  }

  private interface WayBack {
    Connection from(Connection connection) throws SQLException;
  }

  private static final List<WayBack> WAYS_BACK =
      List.of(
          sql -> sql.createStatement().getConnection(),
          sql -> sql.prepareStatement("SELECT 1").getConnection(),
          sql -> sql.prepareCall("CALL 1").getConnection(),
          sql -> sql.getMetaData().getConnection(),
          sql -> sql.prepareStatement("SELECT 1").executeQuery().getStatement().getConnection(),
          sql -> sql.createStatement().unwrap(Statement.class).getConnection(),
          sql -> sql.unwrap(Connection.class));

  @Test
  void what_a_connection_hands_out_does_not_lead_behind_it() throws Exception {
    Tenure<Connection> first = claimed("first");
    assertThat(
            first
                .commit(
                    sql -> {
                      for (WayBack way : WAYS_BACK) {
                        assertThat(way.from(sql)).isSameAs(sql);
                      }
                      assertGuarded(sql);
                      return new Step(1, 0);
                    })
                .position())
        .isEqualTo(1);
    try (Connection lent = model.connection("balances")) {
      for (WayBack way : WAYS_BACK) {
        assertThat(way.from(lent)).isSameAs(lent);
      }
      assertGuarded(lent);
    }
  }

  private static void assertGuarded(Connection sql) throws SQLException {
    for (Class<?> drivers : List.of(JdbcConnection.class, PGConnection.class)) {
      assertThat(sql.isWrapperFor(drivers)).isFalse();
      assertThatThrownBy(() -> sql.unwrap(drivers)).isInstanceOf(SQLException.class);
    }
    try (PreparedStatement query = sql.prepareStatement("SELECT 7");
        ResultSet results = query.executeQuery()) {
      assertThat(results.next()).isTrue();
      assertThat(results.getInt(1)).isEqualTo(7);
      assertThat(results.getStatement()).isSameAs(query).isEqualTo(query);
      assertThatThrownBy(() -> query.unwrap(JdbcPreparedStatement.class))
          .isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> query.unwrap(PGStatement.class)).isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> results.getInt(2)).isInstanceOf(SQLException.class);
    }
  }

  /** No stall of the machine costs an owner this lease. */
  private static final Duration SAFE = Duration.ofMinutes(10);

  private static final Duration SHORT = Duration.ofMillis(300);

  private ProjectionRunner runner(String owner, Projection<Connection> projection, Duration lease) {
    return ProjectionRunner.builder(store)
        .add(
            projection,
            SqlReadModel.builder(database.dataSource()).lease(lease).build(),
            ErrorPolicy.retry().pausing(Duration.ofMillis(1), Duration.ofMillis(10)))
        .owner(owner)
        .start();
  }

  @Test
  void of_two_runners_one_feeds_and_the_other_follows_when_it_ends() throws Exception {
    append(store, "1", new Opened("Ada"));
    ProjectionRunner first = runner("first", balances, SAFE);
    await().until(() -> first.status("balances").state() == State.LIVE);
    try (ProjectionRunner second = runner("second", balances, SAFE)) {
      await().until(() -> second.status("balances").state() == State.STANDBY);
      AppendResult by = append(store, "1", new Deposited(5));
      assertThat(second.awaitPosition(by.position(), PATIENCE))
          .as("who stands by sees what the other has done")
          .isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));

      first.close();

      await().until(() -> second.status("balances").state() == State.LIVE);
      AppendResult more = append(store, "1", new Deposited(5));
      assertThat(second.awaitPosition(more.position(), PATIENCE)).isTrue();
      assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
    } finally {
      first.close();
    }
  }

  @Test
  void a_runner_that_hangs_in_a_handler_is_replaced_and_its_work_undone() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    Projection<Connection> hanging =
        Balances.builder()
            .on(
                Deposited.class,
                (sql, event) -> {
                  hangs.countDown();
                  assertThat(goesOn.await(60, TimeUnit.SECONDS)).isTrue();
                })
            .build();
    append(store, "1", new Opened("Ada"));
    try (ProjectionRunner first = runner("first", hanging, SHORT)) {
      await().until(() -> first.status("balances").state() == State.LIVE);
      AppendResult last = append(store, "1", new Deposited(5));
      assertThat(hangs.await(60, TimeUnit.SECONDS)).isTrue();
      try (ProjectionRunner second = runner("second", balances, SAFE)) {
        // The row that the first one holds keeps the second from its own; the claim is not kept.
        await().until(() -> second.status("balances").state() == State.CATCHING_UP);
        goesOn.countDown();
        await().until(() -> second.status("balances").position() == last.position());
        assertThat(Balances.rows(model)).isEqualTo(Balances.folded(store));
        await().until(() -> first.status("balances").state() == State.STANDBY);
      }
    } finally {
      goesOn.countDown();
    }
  }
}
