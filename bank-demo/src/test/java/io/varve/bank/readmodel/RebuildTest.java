package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

/** A projection is built anew beside the one that is served, which answers all the while. */
class RebuildTest extends ReadModelFixture {

  private static final int DEPOSITS = 3_000;

  @Test
  void queries_go_on_while_a_projection_is_rebuilt_and_events_come_in() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    for (int i = 0; i < DEPOSITS; i++) {
      bank.deposited("a", "1");
    }
    settle();
    BigDecimal full = new BigDecimal(100 + DEPOSITS).setScale(2);
    int before = status(Projections.TRANSACTIONS).generation();

    int generation = readModel.rebuild(Projections.TRANSACTIONS);
    assertThat(generation).isGreaterThan(before);
    assertThat(readModel.rebuild(Projections.TRANSACTIONS))
        .as("one at a time")
        .isEqualTo(generation);
    long asked = 0;
    boolean sawBoth = false;
    BigDecimal deposited = full;
    while (status(Projections.TRANSACTIONS).generation() < generation) {
      if (asked % 50 == 0) {
        long position = bank.deposited("a", "1");
        deposited = deposited.add(BigDecimal.ONE);
        assertThat(readModel.awaitPosition(Projections.TRANSACTIONS, position, PATIENCE)).isTrue();
      }
      assertThat(readModel.past().bank(null, 10).total()).isEqualTo(deposited);
      var rebuild = status(Projections.TRANSACTIONS).rebuild();
      sawBoth |=
          rebuild != null && rebuild.position() < status(Projections.TRANSACTIONS).position();
      asked++;
    }
    assertThat(sawBoth).as("the new one was seen behind the old one").isTrue();
    assertThat(asked).isGreaterThan(3);
    settle();
    assertThat(readModel.past().bank(null, 10).total()).isEqualTo(deposited);
    assertThat(status(Projections.TRANSACTIONS).rebuild()).isNull();
    assertThat(status(Projections.ACCOUNTS).generation()).as("the others stay").isEqualTo(1);
  }

  @Test
  void rows_that_somebody_spoilt_are_right_again_after_a_rebuild() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    settle();
    try (var connection = connect("bank");
        var statement = connection.createStatement()) {
      String schema = served(connection, Projections.ACCOUNTS);
      assertThat(statement.executeUpdate("UPDATE " + schema + ".accounts SET balance = 7"))
          .isEqualTo(1);
    }
    assertThat(readModel.accounts().find("a").orElseThrow().balance()).isEqualTo("7.00");

    int generation = readModel.rebuild(Projections.ACCOUNTS);
    await().atMost(PATIENCE).until(() -> status(Projections.ACCOUNTS).generation() == generation);
    assertThat(readModel.accounts().find("a").orElseThrow().balance()).isEqualTo("100.00");
  }

  @Test
  void a_rebuild_that_a_restart_interrupts_is_gone_on_with() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    for (int i = 0; i < DEPOSITS; i++) {
      bank.deposited("a", "1");
    }
    settle();
    int generation = readModel.rebuild(Projections.SAGAS);
    stop();
    start();
    await().atMost(PATIENCE).until(() -> status(Projections.SAGAS).generation() == generation);
    await().atMost(PATIENCE).until(() -> status(Projections.SAGAS).state() == State.LIVE);
  }
}
