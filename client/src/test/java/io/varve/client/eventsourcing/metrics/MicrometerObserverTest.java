package io.varve.client.eventsourcing.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.varve.client.eventsourcing.Refusal;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MicrometerObserverTest {

  private static final Duration TOOK = Duration.ofMillis(7);

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MicrometerObserver observer = new MicrometerObserver(registry);

  @Test
  void commands_are_timed_by_their_outcome() {
    observer.commandExecuted("account", "Withdraw", 2, 3, TOOK);
    observer.commandRefused("account", "Withdraw", new Refusal("EMPTY", "no money"), TOOK);
    observer.commandFailed("account", "Withdraw", new IllegalStateException("no"), TOOK);

    assertThat(
            registry
                .get("varve.command")
                .tags("category", "account", "command", "Withdraw", "outcome", "executed")
                .timer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(7);
    assertThat(
            registry
                .get("varve.command")
                .tags("outcome", "refused", "code", "EMPTY")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(
            registry
                .get("varve.command")
                .tags("outcome", "failed", "code", "IllegalStateException")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(registry.get("varve.command.conflicts").counter().count()).isEqualTo(3);
    assertThat(registry.get("varve.command.events").counter().count()).isEqualTo(2);
  }

  @Test
  void loads_tell_their_time_and_how_many_events_they_read() {
    observer.loaded("account", 40, true, TOOK);

    assertThat(registry.get("varve.load").tags("snapshot", "true").timer().count()).isEqualTo(1);
    assertThat(registry.get("varve.load.events").summary().totalAmount()).isEqualTo(40);
  }

  @Test
  void a_projections_lag_follows_it() {
    observer.projected("balances", 10, 90, 100, TOOK);
    assertThat(lag()).isEqualTo(10);

    observer.projected("balances", 5, 95, 120, TOOK);
    assertThat(lag()).isEqualTo(25);

    observer.projected("balances", 25, 121, 120, TOOK); // it has heard of its own last event only
    assertThat(lag()).isZero();
    assertThat(registry.get("varve.projection.position").gauge().value()).isEqualTo(121);
    assertThat(registry.get("varve.projection.events").counter().count()).isEqualTo(40);
  }

  private double lag() {
    return registry.get("varve.projection.lag").tags("projection", "balances").gauge().value();
  }

  @Test
  void failures_are_counted_where_they_happen() {
    IllegalStateException failure = new IllegalStateException("no");
    observer.snapshotSaved("account", "account-1", 7);
    observer.snapshotFailed("account", "account-1", failure);
    observer.projectionFailed("balances", 7, failure);
    observer.eventParked("balances", 7, failure);
    observer.processFailed("transfer", "t-1", failure);

    assertThat(registry.get("varve.snapshots").tags("outcome", "saved").counter().count())
        .isEqualTo(1);
    assertThat(registry.get("varve.snapshots").tags("outcome", "failed").counter().count())
        .isEqualTo(1);
    assertThat(registry.get("varve.projection.failures").counter().count()).isEqualTo(1);
    assertThat(registry.get("varve.projection.parked").counter().count()).isEqualTo(1);
    assertThat(registry.get("varve.process.failures").counter().count()).isEqualTo(1);
  }

  @Test
  void processes_tell_what_they_take_and_what_they_send() {
    observer.processAdvanced("transfer", "t-1", "TransferRequested", 2);
    observer.processCommand("transfer", "t-1", "Withdraw", true);
    observer.processCommand("transfer", "t-1", "Deposit", false);

    assertThat(registry.get("varve.process.inputs").counter().count()).isEqualTo(1);
    assertThat(
            registry
                .get("varve.process.commands")
                .tags("command", "Deposit", "outcome", "refused")
                .counter()
                .count())
        .isEqualTo(1);
  }

  @Test
  void handlers_of_groups_tell_how_long_they_took_and_what_became_of_events() {
    IllegalStateException failure = new IllegalStateException("no");
    observer.eventConsumed("mails", "Opened", "done", 0, TOOK);
    observer.eventConsumed("mails", "Opened", "retry", 3, TOOK);
    observer.handlerFailed("mails", 7, failure);
    observer.consumerReconnecting("mails", failure);
    observer.consumerStopped("mails", failure);

    assertThat(
            registry
                .get("varve.consumer")
                .tags("group", "mails", "type", "Opened", "outcome", "retry")
                .timer()
                .totalTime(TimeUnit.NANOSECONDS))
        .isEqualTo((double) TOOK.toNanos());
    assertThat(registry.get("varve.consumer.failures").counter().count()).isEqualTo(1);
    assertThat(registry.get("varve.consumer.reconnects").counter().count()).isEqualTo(1);
    assertThat(registry.get("varve.consumer.stops").tags("group", "mails").counter().count())
        .isEqualTo(1);
  }
}
