package io.varve.client.eventsourcing.metrics;

import static java.util.Objects.requireNonNull;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.ToolkitObserver;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Counts and times what the toolkit does, in a Micrometer registry. Names of streams, ids and
 * messages never become tags, so the number of time series is bounded by the code's own names.
 *
 * <pre>{@code
 * Repository.builder(store, ACCOUNT).observer(new MicrometerObserver(registry)).build();
 * }</pre>
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>what</th><th>tags</th></tr>
 * <tr><td>varve.command</td><td>timer of commands</td>
 *     <td>category, command, outcome (executed, refused, failed), code (of the refusal, or the
 *     failure's class; else none)</td></tr>
 * <tr><td>varve.command.conflicts</td><td>times that commands were decided again</td>
 *     <td>category</td></tr>
 * <tr><td>varve.command.events</td><td>events appended by commands</td><td>category</td></tr>
 * <tr><td>varve.load</td><td>timer of loads</td><td>category, snapshot (true, false)</td></tr>
 * <tr><td>varve.load.events</td><td>events read by a load</td><td>category</td></tr>
 * <tr><td>varve.snapshots</td><td>snapshots</td><td>category, outcome (saved, failed)</td></tr>
 * <tr><td>varve.projection</td><td>timer of projected batches</td><td>projection</td></tr>
 * <tr><td>varve.projection.events</td><td>events projected</td><td>projection</td></tr>
 * <tr><td>varve.projection.position, .lag</td><td>gauges of the checkpoint, and of the positions
 *     between it and the newest event heard of</td><td>projection</td></tr>
 * <tr><td>varve.projection.failures, .parked</td><td>failures, and events put aside</td>
 *     <td>projection</td></tr>
 * <tr><td>varve.process.inputs</td><td>inputs taken by processes</td><td>process, input</td></tr>
 * <tr><td>varve.process.commands</td><td>commands of processes</td>
 *     <td>process, command, outcome (accepted, refused)</td></tr>
 * <tr><td>varve.process.failures</td><td>failures of processes</td><td>process</td></tr>
 * <tr><td>varve.consumer</td><td>timer of handlers</td>
 *     <td>group, type, outcome (done, retry, park, skip, stop)</td></tr>
 * <tr><td>varve.consumer.failures, .reconnects, .stops</td><td>times that handlers failed, that
 *     consumers lost their group, and that they ended by themselves</td><td>group</td></tr>
 * </table>
 */
public final class MicrometerObserver implements ToolkitObserver {

  private static final String CATEGORY = "category";
  private static final String PROJECTION = "projection";
  private static final String PROCESS = "process";
  private static final String GROUP = "group";
  private static final String OUTCOME = "outcome";

  /** Where a projection is; replaced as a whole, so that gauges never see half of a move. */
  private record Progress(long position, long head) {
    long lag() {
      return head - position;
    }
  }

  private final MeterRegistry registry;
  private final ConcurrentMap<String, Progress> progress = new ConcurrentHashMap<>();

  /** Meters are registered when there is something to tell. */
  public MicrometerObserver(MeterRegistry registry) {
    this.registry = requireNonNull(registry);
  }

  @Override
  public void commandExecuted(
      String category, String command, int events, int conflicts, Duration took) {
    time(category, command, "executed", "none", took);
    registry.counter("varve.command.conflicts", CATEGORY, category).increment(conflicts);
    registry.counter("varve.command.events", CATEGORY, category).increment((double) events);
  }

  @Override
  public void commandRefused(String category, String command, Refusal refusal, Duration took) {
    time(category, command, "refused", refusal.code(), took);
  }

  @Override
  public void commandFailed(
      String category, String command, RuntimeException failure, Duration took) {
    time(category, command, "failed", failure.getClass().getSimpleName(), took);
  }

  private void time(String category, String command, String outcome, String code, Duration took) {
    registry
        .timer(
            "varve.command", CATEGORY, category, "command", command, OUTCOME, outcome, "code", code)
        .record(took);
  }

  @Override
  public void loaded(String category, long eventsRead, boolean fromSnapshot, Duration took) {
    registry
        .timer("varve.load", CATEGORY, category, "snapshot", Boolean.toString(fromSnapshot))
        .record(took);
    DistributionSummary.builder("varve.load.events")
        .tag(CATEGORY, category)
        .register(registry)
        .record((double) eventsRead);
  }

  @Override
  public void snapshotSaved(String category, String stream, long version) {
    registry.counter("varve.snapshots", CATEGORY, category, OUTCOME, "saved").increment();
  }

  @Override
  public void snapshotFailed(String category, String stream, RuntimeException failure) {
    registry.counter("varve.snapshots", CATEGORY, category, OUTCOME, "failed").increment();
  }

  @Override
  public void projected(String projection, int events, long position, long head, Duration took) {
    registry.timer("varve.projection", PROJECTION, projection).record(took);
    registry.counter("varve.projection.events", PROJECTION, projection).increment((double) events);
    if (progress.put(projection, new Progress(position, Math.max(position, head))) == null) {
      registerGauges(projection);
    }
  }

  private void registerGauges(String projection) {
    Gauge.builder(
            "varve.projection.position", progress, all -> (double) of(all, projection).position())
        .tag(PROJECTION, projection)
        .strongReference(true)
        .register(registry);
    Gauge.builder("varve.projection.lag", progress, all -> (double) of(all, projection).lag())
        .tag(PROJECTION, projection)
        .strongReference(true)
        .register(registry);
  }

  private static Progress of(ConcurrentMap<String, Progress> all, String projection) {
    return all.getOrDefault(projection, new Progress(0, 0));
  }

  @Override
  public void projectionFailed(String projection, long position, Exception failure) {
    registry.counter("varve.projection.failures", PROJECTION, projection).increment();
  }

  @Override
  public void eventParked(String projection, long position, Exception failure) {
    registry.counter("varve.projection.parked", PROJECTION, projection).increment();
  }

  @Override
  public void processAdvanced(String process, String id, String input, int effects) {
    registry.counter("varve.process.inputs", PROCESS, process, "input", input).increment();
  }

  @Override
  public void processCommand(String process, String id, String command, boolean accepted) {
    registry
        .counter(
            "varve.process.commands",
            PROCESS,
            process,
            "command",
            command,
            OUTCOME,
            accepted ? "accepted" : "refused")
        .increment();
  }

  @Override
  public void processFailed(String process, String id, Exception failure) {
    registry.counter("varve.process.failures", PROCESS, process).increment();
  }

  @Override
  public void eventConsumed(
      String group, String type, String outcome, int retryCount, Duration took) {
    registry.timer("varve.consumer", GROUP, group, "type", type, OUTCOME, outcome).record(took);
  }

  @Override
  public void handlerFailed(String group, long position, Throwable failure) {
    registry.counter("varve.consumer.failures", GROUP, group).increment();
  }

  @Override
  public void consumerReconnecting(String group, Exception cause) {
    registry.counter("varve.consumer.reconnects", GROUP, group).increment();
  }

  @Override
  public void consumerStopped(String group, Throwable cause) {
    registry.counter("varve.consumer.stops", GROUP, group).increment();
  }
}
