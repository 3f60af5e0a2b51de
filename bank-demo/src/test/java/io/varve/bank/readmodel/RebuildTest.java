package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.projection.ForwardingListener;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.SubscriptionStart.After;
import java.math.BigDecimal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A projection is built anew beside the one that is served, which answers all the while. */
class RebuildTest extends ReadModelFixture {

  private static final int DEPOSITS = 3_000;
  private static final int HALF = DEPOSITS / 2;

  /** On it, whoever begins at the first event waits half-way until it may go on. */
  private static final class HeldUp extends ForwardingEventStore {
    private final CountDownLatch mayGoOn = new CountDownLatch(1);
    private volatile boolean holds;

    HeldUp(EventStore store) {
      super(store);
    }

    @Override
    public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
      boolean fromStart = !(request.start() instanceof After after && after.place() > 0);
      if (!holds || !fromStart) {
        return super.subscribeToLog(request, listener);
      }
      return super.subscribeToLog(
          request,
          new ForwardingListener(listener) {
            @Override
            public void onEvent(RecordedEvent event) throws Exception {
              if (event.position() > HALF) {
                assertThat(mayGoOn.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
              }
              super.onEvent(event);
            }
          });
    }
  }

  private final HeldUp log = new HeldUp(store);

  @Override
  EventStore log() {
    return log;
  }

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

    log.holds = true;
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
      if (sawBoth && asked > 3) {
        log.mayGoOn.countDown();
      }
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
