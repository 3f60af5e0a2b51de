package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.StorageFigures;
import io.varve.server.subscription.SubscriptionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is looked up when somebody asks: the store, its queue, subscriptions, databases, disk. */
final class StoreMetrics {
  private final PrometheusMeterRegistry registry;

  // The registry holds what its counters look into weakly, so whoever has this holds it for it.
  private final StoreView store;
  private final Recent<List<EngineFigures>> engines;

  private StoreMetrics(PrometheusMeterRegistry registry, StoreView store, LongSupplier nanoTime) {
    this.registry = registry;
    this.store = store;
    this.engines =
        new Recent<>(
            () -> {
              List<EngineFigures> all = new ArrayList<>(store.storage().engineFigures());
              all.addAll(store.snapshots().engineFigures());
              all.addAll(store.groups().engineFigures());
              return all;
            },
            nanoTime);
  }

  /** Registers everything; it is looked up as long as the caller keeps what is returned. */
  static StoreMetrics register(
      PrometheusMeterRegistry registry, StoreView store, LongSupplier nanoTime) {
    StoreMetrics metrics = new StoreMetrics(registry, store, nanoTime);
    metrics.storage(store, nanoTime);
    metrics.queue(store);
    metrics.subscriptions(store, nanoTime);
    GroupMetrics.register(registry.getPrometheusRegistry(), store.groups(), nanoTime);
    metrics.scavenges();
    UpkeepMetrics.register(registry, store.upkeep());
    metrics.engines();
    return metrics;
  }

  private void storage(StoreView store, LongSupplier nanoTime) {
    Recent<StorageFigures> figures = new Recent<>(store.storage()::figures, nanoTime);
    gauge(
        "varve.store.accepts.appends",
        "1 as long as the store takes appends; 0 once a write has failed.",
        () -> store.readiness().acceptsAppends() ? 1 : 0);
    gauge(
        "varve.ready",
        "1 when /readyz says that the server is ready, else 0.",
        () -> store.readiness().problems().isEmpty() ? 1 : 0);
    gauge(
        "varve.head.position",
        "The newest position that readers may see.",
        () -> store.storage().head().position());
    gauge(
        "varve.archive.position",
        "The newest position that is in the archive; 0 when nothing is.",
        () -> store.storage().archive().lastPosition());
    gauge("varve.events", "Events in the log.", () -> figures.get().events());
    gauge("varve.streams", "Streams that have or had an event.", () -> figures.get().streams());
    bytes(
        "varve.store",
        "What the store's files take, snapshots and consumer groups included.",
        () ->
            figures.get().diskBytes() + store.snapshots().diskBytes() + store.groups().diskBytes());
    bytes(
        "varve.disk.free",
        "Room on the disk that holds the store; -1 if the system does not say.",
        () -> store.disk().freeBytes());
    bytes(
        "varve.disk.size",
        "The size of that disk; -1 if the system does not say.",
        () -> store.disk().totalBytes());
  }

  private void queue(StoreView store) {
    gauge(
        "varve.queue.commands",
        "Commands that wait to be decided.",
        () -> store.commitLog().waiting());
    gauge(
        "varve.queue.limit.commands",
        "How many may wait; more are refused.",
        () -> store.appendSettings().maxQueued());
    bytes(
        "varve.queue.held",
        "Memory of commands that have not been answered.",
        () -> store.commitLog().heldBytes());
    bytes(
        "varve.queue.limit",
        "How much that may be; more is refused.",
        () -> store.appendSettings().maxQueuedBytes());
  }

  private void subscriptions(StoreView store, LongSupplier nanoTime) {
    Recent<List<SubscriptionStatus>> statuses =
        new Recent<>(store.subscriptions()::statuses, nanoTime);
    Gauge.builder("varve.subscriptions", statuses, seen -> count(seen.get(), true))
        .description("Subscriptions that are open, by whether they are level with the head.")
        .tag("state", "live")
        .register(registry);
    Gauge.builder("varve.subscriptions", statuses, seen -> count(seen.get(), false))
        .description("Subscriptions that are open, by whether they are level with the head.")
        .tag("state", "catching_up")
        .register(registry);
    gauge(
        "varve.subscription.lag.max.events",
        "How many positions the subscription that is furthest behind is behind the head.",
        () -> statuses.get().stream().mapToLong(SubscriptionStatus::lag).max().orElse(0));
    gauge(
        "varve.subscription.lag.events",
        "The same of all subscriptions together.",
        () -> statuses.get().stream().mapToLong(SubscriptionStatus::lag).sum());
  }

  private static long count(List<SubscriptionStatus> statuses, boolean caughtUp) {
    return statuses.stream().filter(status -> status.caughtUp() == caughtUp).count();
  }

  private void scavenges() {
    gauge(
        "varve.scavenge.running",
        "1 while hidden events are being reclaimed, else 0.",
        () -> store.scavenger().progress().running() ? 1 : 0);
    gauge(
        "varve.scavenge.last.finished.timestamp.seconds",
        "When a scavenge last came to its end, in seconds since 1970; 0 if none has.",
        () -> secondsOf(store.scavenger().progress().lastFinishedAt()));
    FunctionCounter.builder(
            "varve.scavenged.events", store, view -> view.scavenger().progress().events())
        .description("Hidden events that have been reclaimed since the start.")
        .register(registry);
  }

  private static double secondsOf(@Nullable Instant time) {
    return time == null ? 0 : time.getEpochSecond();
  }

  // ---- databases

  private void engines() {
    for (EngineFigures engine : engines.get()) {
      String database = engine.database();
      for (String name : engine.gauges().keySet()) {
        Gauge.builder(
                "varve.rocksdb." + name, engines, seen -> of(seen.get(), database).gauge(name))
            .description(EngineWords.of(name))
            .tag("database", database)
            .register(registry);
      }
      for (String name : engine.counters().keySet()) {
        FunctionCounter.builder(
                "varve.rocksdb." + name, engines, seen -> of(seen.get(), database).counter(name))
            .description(EngineWords.of(name))
            .tag("database", database)
            .register(registry);
      }
    }
  }

  private static EngineFigures of(List<EngineFigures> all, String database) {
    return all.stream()
        .filter(engine -> engine.database().equals(database))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no database " + database));
  }

  // ---- shapes

  private void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private void bytes(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value)
        .description(description)
        .baseUnit(BaseUnits.BYTES)
        .register(registry);
  }
}
