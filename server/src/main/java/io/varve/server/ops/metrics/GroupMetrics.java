package io.varve.server.ops.metrics;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupInfo;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How consumer groups fare. Their names are what callers choose, so the first {@value #NAMED} by
 * name have series of their own, and all that are looked at are in the totals.
 */
final class GroupMetrics {
  private static final Logger log = LoggerFactory.getLogger(GroupMetrics.class);

  /** Groups that have series of their own. */
  static final int NAMED = 100;

  /** Groups that are looked at. */
  private static final int LOOKED_AT = 2_000;

  /** How long a scrape waits for groups that are busy; after that it has what it had before. */
  private static final long PATIENCE_SECONDS = 2;

  private final ConsumerGroups groups;
  private final Recent<List<GroupInfo>> infos;
  private volatile List<GroupInfo> before = List.of();

  private GroupMetrics(ConsumerGroups groups, LongSupplier nanoTime) {
    this.groups = groups;
    this.infos = new Recent<>(this::look, nanoTime);
  }

  /** Registers everything. */
  static void register(PrometheusRegistry registry, ConsumerGroups groups, LongSupplier nanoTime) {
    GroupMetrics metrics = new GroupMetrics(groups, nanoTime);
    metrics.totals(registry);
    metrics.ofEach(registry);
  }

  private List<GroupInfo> look() {
    try {
      before = groups.list("", LOOKED_AT).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("consumer groups do not tell how they fare; metrics show what was before", e);
    }
    return before;
  }

  private void totals(PrometheusRegistry registry) {
    GaugeWithCallback.builder()
        .name("varve_groups")
        .help("Consumer groups, by whether a consumer has stopped them.")
        .labelNames("state")
        .callback(
            callback -> {
              callback.call(count(info -> info.stop() == null), "going");
              callback.call(count(info -> info.stop() != null), "stopped");
            })
        .register(registry);
    total(
        registry,
        "varve_groups_lag_max_events",
        "How much the consumer group that is furthest behind still has to do.",
        all -> all.stream().mapToLong(GroupInfo::lag).max().orElse(0));
    total(
        registry,
        "varve_groups_parked_events",
        "Events that consumer groups gave up on, all groups together.",
        all -> all.stream().mapToLong(GroupInfo::parked).sum());
    total(
        registry,
        "varve_groups_consumers",
        "Consumers that are connected, of all groups together.",
        all -> all.stream().mapToLong(info -> info.consumers().size()).sum());
  }

  private double count(Predicate<GroupInfo> which) {
    return infos.get().stream().filter(which).count();
  }

  private void total(
      PrometheusRegistry registry,
      String name,
      String help,
      ToDoubleFunction<List<GroupInfo>> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.applyAsDouble(infos.get())))
        .register(registry);
  }

  private void ofEach(PrometheusRegistry registry) {
    each(registry, "lag_events", "How many events it still has to do, at most.", GroupInfo::lag);
    each(
        registry,
        "in_flight_events",
        "Events delivered and not yet answered.",
        GroupInfo::inFlight);
    each(
        registry,
        "retrying_events",
        "Events that failed and wait to be delivered again.",
        GroupInfo::retrying);
    each(registry, "parked_events", "Events that it gave up on.", GroupInfo::parked);
    each(registry, "consumers", "Consumers that are connected.", info -> info.consumers().size());
    each(
        registry,
        "deliveries_per_second",
        "Events delivered a second, over the last minute.",
        GroupInfo::deliveriesPerSecond);
    each(
        registry,
        "acks_per_second",
        "Events acked a second, over the last minute.",
        GroupInfo::acksPerSecond);
    each(
        registry,
        "stopped",
        "1 while a consumer has stopped it, else 0.",
        info -> info.stop() == null ? 0 : 1);
  }

  private void each(
      PrometheusRegistry registry, String name, String help, ToDoubleFunction<GroupInfo> value) {
    GaugeWithCallback.builder()
        .name("varve_group_" + name)
        .help(help)
        .labelNames("group")
        .callback(
            callback ->
                infos.get().stream()
                    .limit(NAMED)
                    .forEach(
                        info -> callback.call(value.applyAsDouble(info), info.definition().name())))
        .register(registry);
  }
}
