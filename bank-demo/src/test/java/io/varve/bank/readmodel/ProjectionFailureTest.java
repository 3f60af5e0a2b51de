package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** What goes wrong with one projection is its own affair, and passes when the cause does. */
class ProjectionFailureTest extends ReadModelFixture {

  @Test
  void an_event_that_its_rows_contradict_stops_one_projection_before_it_and_no_other()
      throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    settle();
    execute(Projections.ACCOUNTS, "DELETE FROM %s.accounts WHERE account_id = 'a'");

    long position = bank.deposited("a", "1");
    assertThat(readModel.awaitPosition(Projections.TRANSACTIONS, position, PATIENCE)).isTrue();
    assertThat(readModel.awaitPosition(Projections.ANALYTICS, position, PATIENCE)).isTrue();
    await().atMost(PATIENCE).until(() -> status(Projections.ACCOUNTS).state() == State.FAILING);
    assertThat(status(Projections.ACCOUNTS).failure())
        .contains("MoneyDeposited in account-a at position 2")
        .contains("the rows are not what the log says");
    assertThat(status(Projections.ACCOUNTS).position()).isEqualTo(1);
    assertThat(readModel.transactions().list(10, null, "a").total()).isEqualTo(2);

    long next = bank.deposited("a", "2");
    assertThat(readModel.awaitPosition(Projections.TRANSACTIONS, next, PATIENCE)).isTrue();
    assertThat(readModel.awaitPosition(Projections.ACCOUNTS, next, PATIENCE))
        .as("it is in vain to wait for it")
        .isFalse();

    execute(
        Projections.ACCOUNTS,
        "INSERT INTO %s.accounts (account_id, owner, balance, status, opened_at, tx_count, version,"
            + " position) VALUES ('a', 'Ada', 100, 'active', 0, 1, 1, 1)");
    await().atMost(PATIENCE).until(() -> status(Projections.ACCOUNTS).state() == State.LIVE);
    settle();
    assertThat(status(Projections.ACCOUNTS).failure()).isNull();
    assertThat(readModel.accounts().find("a").orElseThrow().balance()).isEqualTo("103.00");
  }

  @Test
  void a_stream_that_does_not_begin_with_an_opening_is_passed_over_and_stops_nothing()
      throws Exception {
    ReadModel readModel = start();
    bank.deposited("stray", "7");
    bank.withdrawn("stray", "2");
    bank.opened("x".repeat(200), "Xerxes", "5");
    bank.opened("a", "Ada", "100");
    bank.deposited("stray", "1");
    bank.deposited("a", "1");
    settle();

    for (String projection : Projections.NAMES) {
      assertThat(status(projection).failure()).as(projection).isNull();
    }
    assertThat(readModel.accounts().find("stray")).isEmpty();
    assertThat(readModel.accounts().find("a").orElseThrow().balance()).isEqualTo("101.00");
    assertThat(readModel.transactions().list(10, null, null).total()).isEqualTo(2);
    assertThat(readModel.health().numbers().strays()).isEqualTo(1);
    assertThat(readModel.health().numbers().accounts()).isEqualTo(1);
  }

  @Test
  void a_broken_table_is_a_matter_of_its_own_projection_and_heals() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    settle();
    execute(Projections.TRANSACTIONS, "ALTER TABLE %s.transactions RENAME TO lost");

    long position = bank.deposited("a", "1");
    assertThat(readModel.awaitPosition(Projections.ACCOUNTS, position, PATIENCE)).isTrue();
    await().atMost(PATIENCE).until(() -> status(Projections.TRANSACTIONS).failure() != null);
    assertThat(readModel.accounts().find("a").orElseThrow().balance()).isEqualTo("101.00");
    assertThatThrownBy(() -> readModel.transactions().list(10, null, null))
        .isInstanceOf(ReadModelUnavailableException.class);

    execute(Projections.TRANSACTIONS, "ALTER TABLE %s.lost RENAME TO transactions");
    await().atMost(PATIENCE).until(() -> status(Projections.TRANSACTIONS).state() == State.LIVE);
    settle();
    assertThat(readModel.transactions().list(10, null, null).total()).isEqualTo(2);
  }

  /** What somebody does behind the projection's back. */
  private void execute(String projection, String sql) throws SQLException {
    try (Connection connection = connect("bank");
        Statement statement = connection.createStatement()) {
      assertThat(statement.execute(sql.formatted(served(connection, projection)))).isFalse();
    }
  }
}
