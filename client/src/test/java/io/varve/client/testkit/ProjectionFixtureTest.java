package io.varve.client.testkit;

import static io.varve.client.testkit.ProjectionFixture.row;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.projection.AccountEvent;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.AccountEvent.Withdrawn;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.Balances;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import io.varve.client.streams.NewEvent;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The fixture for projections tells right from wrong. */
class ProjectionFixtureTest {

  private static final String ALL = "SELECT account, cents FROM balances ORDER BY account";

  private final JdbcConnectionPool database = Balances.newDatabase();

  @AfterEach
  void close() {
    database.dispose();
  }

  private ProjectionFixture<AccountEvent> balances() {
    return ProjectionFixture.of(Balances.projection(), AccountEvent.TYPES, database);
  }

  @Test
  void right_rows_pass() {
    balances()
        .thenRows(ALL)
        .given("account-1", new Opened("Ada"), new Deposited(100))
        .given("account-2", new Opened("Ben"))
        .thenRows(ALL, row("account-1", 100), row("account-2", 0L))
        .givenStored("account-2", NewEvent.json("AccountCredited", "{\"cents\":5}"))
        .thenRows(ALL, row("account-1", 100), row("account-2", 5))
        .thenReplayGivesTheSameRows();
  }

  @Test
  void wrong_rows_are_shown_beside_those_that_were_expected() {
    ProjectionFixture<AccountEvent> fixture =
        balances().given("account-1", new Opened("Ada"), new Deposited(100));
    assertThatThrownBy(() -> fixture.thenRows(ALL, row("account-1", 99)))
        .isInstanceOf(AssertionError.class)
        .hasMessage(
            "the rows of \""
                + ALL
                + "\"\nexpected:\n  ['account-1', 99]\nactual:\n  ['account-1', 100]\n");
    assertThatThrownBy(() -> fixture.thenRows(ALL))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected:\n  (none)\n");
  }

  @Test
  void a_number_is_equal_to_the_same_number_of_another_type() {
    ProjectionFixture<AccountEvent> fixture = balances().given("account-1", new Opened("Ada"));
    fixture
        .thenRows("SELECT CAST(5 AS DECIMAL(9, 2))", row(5))
        .thenRows("SELECT 5", row(5L))
        .thenRows("SELECT 5", row(new BigDecimal("5.00")))
        .thenRows("SELECT CAST(0.5 AS DOUBLE PRECISION)", row(new BigDecimal("0.50")))
        .thenRows("SELECT CAST('NaN' AS DOUBLE PRECISION)", row(Double.NaN))
        .thenRows("SELECT DATE '2026-03-01'", row("2026-03-01"))
        .thenRows("SELECT TRUE, NULL, 'it''s', X'01'", row(true, null, "it's", new byte[] {1}));
  }

  @Test
  void values_that_only_look_alike_are_told_apart() {
    ProjectionFixture<AccountEvent> fixture = balances().given("account-1", new Opened("Ada"));
    assertDiffer(fixture, "SELECT CAST(NULL AS VARCHAR)", row("null"));
    assertDiffer(fixture, "SELECT 'null'", row((Object) null));
    assertDiffer(fixture, "SELECT 'a, b'", row("a", "b"));
    assertDiffer(fixture, "SELECT 'a'', ''b'", row("a", "b"));
    assertDiffer(fixture, "SELECT 'a', 'b'", row("a, b"));
    assertDiffer(fixture, "SELECT 'a', NULL", row("a"));
    assertDiffer(fixture, "SELECT 0", row("0"));
    assertDiffer(fixture, "SELECT '0'", row(0));
    assertDiffer(fixture, "SELECT TRUE", row("true"));
    assertDiffer(fixture, "SELECT 'true'", row(true));
    assertDiffer(fixture, "SELECT X'01'", row("[1]"));
  }

  private static void assertDiffer(
      ProjectionFixture<AccountEvent> fixture, String query, ProjectionFixture.Row expected) {
    assertThatThrownBy(() -> fixture.thenRows(query, expected))
        .as(query)
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("the rows of");
  }

  @Test
  void an_event_that_cannot_be_taken_is_named() {
    assertThatThrownBy(() -> balances().given("account-1", new Opened("Ada"), new Withdrawn(13)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("balances")
        .hasMessageContaining("cannot take Withdrawn in account-1 at version 2")
        .hasMessageContaining("13 cents are unlucky");
  }

  @Test
  void a_handler_that_depends_on_more_than_the_events_is_found_out() {
    AtomicInteger calls = new AtomicInteger();
    Projection<Connection> counting =
        SqlProjection.named("counting", AccountEvent.TYPES)
            .tables("CREATE TABLE counted (id INTEGER PRIMARY KEY)")
            .on(
                Opened.class,
                (sql, opened) -> {
                  try (PreparedStatement insert =
                      sql.prepareStatement("INSERT INTO counted VALUES (?)")) {
                    insert.setInt(1, calls.incrementAndGet());
                    int _ = insert.executeUpdate();
                  }
                })
            .build();
    ProjectionFixture<AccountEvent> fixture =
        ProjectionFixture.of(counting, AccountEvent.TYPES, database)
            .given("account-1", new Opened("Ada"));
    assertThatThrownBy(fixture::thenReplayGivesTheSameRows)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("built anew")
        .hasMessageContaining("before:\n  [1]\nafter:\n  [2]");
  }

  @Test
  void the_time_of_recording_is_the_tests() {
    Instant time = Instant.parse("2026-03-01T08:00:00Z");
    Projection<Connection> times =
        SqlProjection.named("times", AccountEvent.TYPES)
            .tables("CREATE TABLE times (at TIMESTAMP(9) WITH TIME ZONE)")
            .on(
                Opened.class,
                (sql, opened) -> {
                  try (PreparedStatement insert =
                      sql.prepareStatement("INSERT INTO times VALUES (?)")) {
                    insert.setObject(1, opened.recordedAt().atOffset(java.time.ZoneOffset.UTC));
                    int _ = insert.executeUpdate();
                  }
                })
            .build();
    ProjectionFixture.of(times, AccountEvent.TYPES, database)
        .at(time)
        .given("account-1", new Opened("Ada"))
        .thenRows("SELECT at FROM times", row(time))
        .thenReplayGivesTheSameRows();
  }
}
