package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.Command;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.append.StreamLifeCommand;
import io.varve.server.append.TransactCommand;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** A commit log that counts what becomes of commands, and how long that takes. */
final class MeteredCommitLog implements CommitLog {
  private final CommitLog commitLog;
  private final LongSupplier nanoTime;

  private final Map<Kind, Meters> meters = new EnumMap<>(Kind.class);

  /** What is counted of commands of one kind. */
  private record Meters(DistributionDataPoint took, Map<Result, Counter> results) {}

  private enum Kind {
    APPEND,
    TRANSACTION,
    STREAM_CHANGE
  }

  private enum Result {
    DONE,
    DEDUPLICATED,
    CONFLICT,
    EVENT_ID_TAKEN,
    CONDITION_FAILED,
    TRACKING_NOT_RISING,
    STREAM_TOMBSTONED,
    STREAM_DELETED,
    STREAM_NOT_FOUND,
    TRUNCATE_OUT_OF_RANGE,
    QUEUE_FULL,
    STOPPING,
    STORE_STOPPED
  }

  MeteredCommitLog(
      CommitLog commitLog, MeterRegistry registry, Histograms histograms, LongSupplier nanoTime) {
    this.commitLog = commitLog;
    this.nanoTime = nanoTime;
    Histogram times =
        histograms.seconds(
            "varve_command_seconds",
            "How long a command takes from the queue to its outcome, durable.",
            "kind");
    for (Kind kind : Kind.values()) {
      Map<Result, Counter> counters = new EnumMap<>(Result.class);
      for (Result result : Result.values()) {
        counters.put(
            result,
            Counter.builder("varve.commands")
                .description("What has become of commands.")
                .tag("kind", nameOf(kind))
                .tag("result", nameOf(result))
                .register(registry));
      }
      meters.put(kind, new Meters(times.labelValues(nameOf(kind)), counters));
    }
  }

  private static String nameOf(Enum<?> label) {
    return label.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void propose(Command command, Consumer<Outcome> callback) {
    long begun = nanoTime.getAsLong();
    Meters ofKind = Objects.requireNonNull(meters.get(kindOf(command)));
    commitLog.propose(
        command,
        outcome -> {
          Objects.requireNonNull(ofKind.results().get(resultOf(outcome))).increment();
          ofKind.took().observe(Histograms.seconds(nanoTime.getAsLong() - begun));
          callback.accept(outcome);
        });
  }

  private static Kind kindOf(Command command) {
    return switch (command) {
      case AppendCommand _ -> Kind.APPEND;
      case TransactCommand _ -> Kind.TRANSACTION;
      case StreamLifeCommand _ -> Kind.STREAM_CHANGE;
    };
  }

  private static Result resultOf(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Appended appended -> appended.deduplicated() ? Result.DEDUPLICATED : Result.DONE;
      case Outcome.Transacted transacted ->
          transacted.deduplicated() ? Result.DEDUPLICATED : Result.DONE;
      case Outcome.StreamChanged _ -> Result.DONE;
      case Outcome.Conflict _ -> Result.CONFLICT;
      case Outcome.EventIdTaken _ -> Result.EVENT_ID_TAKEN;
      case Outcome.ConditionFailed _ -> Result.CONDITION_FAILED;
      case Outcome.TrackingNotRising _ -> Result.TRACKING_NOT_RISING;
      case Outcome.StreamTombstoned _ -> Result.STREAM_TOMBSTONED;
      case Outcome.StreamDeleted _ -> Result.STREAM_DELETED;
      case Outcome.StreamNotFound _ -> Result.STREAM_NOT_FOUND;
      case Outcome.TruncateOutOfRange _ -> Result.TRUNCATE_OUT_OF_RANGE;
      case Outcome.QueueFull _ -> Result.QUEUE_FULL;
      case Outcome.Stopping _ -> Result.STOPPING;
      case Outcome.StoreStopped _ -> Result.STORE_STOPPED;
    };
  }

  @Override
  public void close() {
    commitLog.close();
  }
}
