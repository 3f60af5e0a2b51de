package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.varve.server.append.CommitLog;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/**
 * All metrics of one server, those of the JVM among them; docs/metrics.md lists them. Thread-safe.
 */
public final class ServerMetrics implements AutoCloseable {
  /** Prometheus's text format, which everything that scrapes can read. */
  public static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  /** OpenMetrics, for those that ask for it. */
  public static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Histograms histograms = new Histograms(registry);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final CommitMetrics commits;
  private final CallMetrics calls;
  private final TrafficMetrics traffic;
  private final LongSupplier nanoTime;

  /** What the registry holds weakly, and is not to be collected. */
  private final List<StoreMetrics> watched = new CopyOnWriteArrayList<>();

  /**
   * Metrics of a server of which nothing has been seen yet.
   *
   * @param release the release's number
   * @param nanoTime a clock that only runs forwards
   */
  public ServerMetrics(String release, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.commits = new CommitMetrics(registry, histograms, nanoTime);
    this.calls = new CallMetrics(registry, histograms);
    this.traffic = new TrafficMetrics(registry);
    Gauge.builder("varve.build.info", () -> 1)
        .description("Always 1; which release runs, and on which Java.")
        .tags(Tags.of("release", release, "java", Runtime.version().toString()))
        .register(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  /** What the commit path is to tell. */
  public CommitMetrics commits() {
    return commits;
  }

  /** The commit log, with a look at each command and its outcome. */
  public CommitLog metered(CommitLog commitLog) {
    return new MeteredCommitLog(commitLog, registry, histograms, nanoTime);
  }

  /** What the port is to tell of calls. */
  public CallMetrics calls() {
    return calls;
  }

  /** What the port is to tell of events. */
  public TrafficMetrics traffic() {
    return traffic;
  }

  /** Adds what can be looked up of a store that is open. */
  public void watch(StoreView store) {
    watched.add(StoreMetrics.register(registry, store, nanoTime));
  }

  /**
   * Everything as of now.
   *
   * @param format {@link #TEXT} or {@link #OPEN_METRICS}
   */
  public String scrape(String format) {
    return registry.scrape(format);
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
