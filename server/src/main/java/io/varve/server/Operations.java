package io.varve.server;

import io.opentelemetry.api.OpenTelemetry;
import io.varve.server.StartFailure.Kind;
import io.varve.server.api.grpc.CallObservation;
import io.varve.server.append.CommitListener;
import io.varve.server.append.CommitLog;
import io.varve.server.config.OpsConfig;
import io.varve.server.ops.DiskSpace;
import io.varve.server.ops.Readiness;
import io.varve.server.ops.Traffic;
import io.varve.server.ops.TrafficListener;
import io.varve.server.ops.console.Console;
import io.varve.server.ops.console.ConsoleStore;
import io.varve.server.ops.http.Authenticator;
import io.varve.server.ops.http.HealthRoutes;
import io.varve.server.ops.http.MetricsRoutes;
import io.varve.server.ops.http.OpsServer;
import io.varve.server.ops.http.OpsSettings;
import io.varve.server.ops.http.OpsTls;
import io.varve.server.ops.http.Route;
import io.varve.server.ops.metrics.ServerMetrics;
import io.varve.server.ops.tracing.CommitTraces;
import io.varve.server.ops.tracing.Tracing;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything by which a running server is looked after: readiness, metrics, traces, the operations
 * port and the console on it. What is not asked for is not there. The port opens before the store
 * does, so that a start which takes long can be watched, and closes when the store has closed its
 * own.
 */
final class Operations {
  /** How long a caller may leave what is written to it unread. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Readiness readiness;
  private final DiskSpace disk;
  private final Traffic traffic;
  private final LongSupplier nanoTime;
  private final InstantSource clock;

  // Null without an operations port.
  private final @Nullable ServerMetrics metrics;
  private final @Nullable Console console;
  private final @Nullable OpsServer port;

  // Null without traces; set once the store's id is known.
  private @Nullable Tracing tracing;
  private @Nullable CommitTraces commitTraces;

  private Operations(
      Readiness readiness,
      DiskSpace disk,
      InstantSource clock,
      LongSupplier nanoTime,
      @Nullable ServerMetrics metrics,
      @Nullable Console console,
      @Nullable OpsServer port) {
    this.readiness = readiness;
    this.disk = disk;
    this.traffic = new Traffic(nanoTime);
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.metrics = metrics;
    this.console = console;
    this.port = port;
  }

  /**
   * Opens the operations port, if there is to be one.
   *
   * @param tls how it speaks TLS; null: plain HTTP
   * @param stops gets what is to be done when the server stops
   */
  static Operations start(
      OpsConfig config,
      DataFolder folder,
      @Nullable OpsTls tls,
      InstantSource clock,
      LongSupplier nanoTime,
      Deque<Runnable> stops)
      throws StartFailure {
    DiskSpace disk = new DiskSpace(folder.path());
    Readiness readiness = new Readiness(disk::freeBytes, config.diskReserveBytes());
    if (config.port().isEmpty()) {
      return new Operations(readiness, disk, clock, nanoTime, null, null, null);
    }
    ServerMetrics metrics = new ServerMetrics(Release.number(), nanoTime);
    stops.push(metrics::close);
    Console console = new Console(config.consoleChanges(), nanoTime);
    List<Route> routes = new ArrayList<>(HealthRoutes.of(readiness));
    routes.addAll(MetricsRoutes.of(metrics));
    routes.addAll(console.routes());
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("varve-ops-", 1).factory());
    stops.push(threads::shutdownNow);
    ScheduledExecutorService timer =
        OpsServer.timer(Thread.ofPlatform().name("varve-ops-timer").daemon().factory());
    stops.push(timer::shutdownNow);
    OpsSettings settings =
        new OpsSettings(config.host(), config.port().getAsInt(), config.names(), PATIENCE);
    try {
      OpsServer port =
          OpsServer.start(settings, tls, Authenticator.NOT_YET, routes, threads, timer);
      stops.push(port::close);
      return new Operations(readiness, disk, clock, nanoTime, metrics, console, port);
    } catch (IOException e) {
      throw new StartFailure(
          Kind.ADDRESS_UNAVAILABLE,
          "cannot listen on "
              + config.host()
              + ":"
              + config.port().getAsInt()
              + " for operations ("
              + e.getMessage()
              + "); stop what listens there, name another port with --ops-port, or do without by"
              + " --no-ops",
          e);
    }
  }

  /** Begins to trace, if that is asked for. */
  void trace(OpsConfig config, String storeId, Deque<Runnable> stops) throws StartFailure {
    if (!config.tracing()) {
      return;
    }
    Tracing started;
    try {
      started = Tracing.start(config.tracingEndpoint().orElse(null), Release.number(), storeId);
    } catch (IllegalArgumentException e) {
      throw new StartFailure(Kind.CONFIGURATION, String.valueOf(e.getMessage()), e);
    }
    stops.push(started::close);
    tracing = started;
    commitTraces = new CommitTraces(started.telemetry(), clock);
  }

  /** It is known from here on who may do what. */
  void guard(Authenticator authenticator) {
    if (port != null) {
      port.guard(authenticator);
    }
  }

  // ---- what the parts of the server tell

  /** What is to hear of commits. */
  List<CommitListener> commitListeners() {
    List<CommitListener> listeners = new ArrayList<>(List.of(traffic, readiness));
    if (metrics != null) {
      listeners.add(metrics.commits());
    }
    if (commitTraces != null) {
      listeners.add(commitTraces);
    }
    return listeners;
  }

  /** The commit log, with those in front of it who want to see each command. */
  CommitLog observed(CommitLog commitLog) {
    CommitLog observed = metrics == null ? commitLog : metrics.metered(commitLog);
    return commitTraces == null ? observed : commitTraces.traced(observed);
  }

  /** What is to hear of calls. */
  CallObservation calls() {
    OpenTelemetry telemetry = tracing == null ? null : tracing.telemetry();
    return new CallObservation(metrics == null ? null : metrics.calls(), telemetry, nanoTime);
  }

  /** What is to hear of events that leave. */
  TrafficListener trafficListener() {
    return metrics == null ? traffic : TrafficListener.both(traffic, metrics.traffic());
  }

  Traffic traffic() {
    return traffic;
  }

  Readiness readiness() {
    return readiness;
  }

  DiskSpace disk() {
    return disk;
  }

  /** The operations port that is listened on; empty if there is none. */
  OptionalInt port() {
    return port == null ? OptionalInt.empty() : OptionalInt.of(port.port());
  }

  // ---- the store's life

  /** Everything is open and serves. */
  void show(ConsoleStore store, Deque<Runnable> stops) {
    if (metrics != null && console != null) {
      metrics.watch(store.parts());
      console.show(store);
      // Before the store closes, so that nobody looks into what is closed.
      stops.push(
          () -> {
            console.close();
            if (port != null) {
              port.close();
            }
          });
    }
    readiness.serving();
  }
}
