package io.varve.server.ops.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.Command;
import io.varve.server.append.CommitListener;
import io.varve.server.append.CommitLog;
import io.varve.server.append.EncodedBody;
import io.varve.server.append.Outcome;
import io.varve.server.append.StreamLifeCommand;
import io.varve.server.append.TransactCommand;
import io.varve.server.storage.EventRun;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Spans of commands: from the queue to the outcome, and in it the writing of the batch that the
 * command was part of. A command belongs to the trace that its first event's metadata name (as the
 * client writes them, many appends being in flight on one call), or else to that of its call.
 */
public final class CommitTraces implements CommitListener {
  private static final TextMapGetter<Map<String, String>> METADATA =
      (metadata, key) -> metadata == null ? null : metadata.get(key);

  private final Tracer tracer;
  private final TextMapPropagator propagator;
  private final InstantSource clock;

  // Of the batch that is being written or has been last. Only the writer's thread touches these,
  // and it is the one that answers commands right afterwards.
  private int commands;
  private int events;
  private long bytes;
  private Instant begun = Instant.EPOCH;
  private Instant ended = Instant.EPOCH;

  /**
   * @param clock tells when a batch was written
   */
  public CommitTraces(OpenTelemetry telemetry, InstantSource clock) {
    this.tracer = telemetry.getTracer("io.varve.server");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
    this.clock = clock;
  }

  /** The commit log, with a span for each command. */
  public CommitLog traced(CommitLog commitLog) {
    return new TracedCommitLog(commitLog);
  }

  @Override
  public void writing(int commandCount, int eventCount, long byteCount) {
    commands = commandCount;
    events = eventCount;
    bytes = byteCount;
    begun = clock.instant();
  }

  @Override
  public void written() {
    ended = clock.instant();
  }

  @Override
  public void committed(List<EventRun> runs) {
    // Told by the commands' own spans.
  }

  @Override
  public void stopped(String reason) {
    // Likewise.
  }

  private void end(Span span, Outcome outcome) {
    if (span.isRecording()) {
      String result = outcome.getClass().getSimpleName();
      span.setAttribute("varve.outcome", result);
      switch (outcome) {
        case Outcome.QueueFull _, Outcome.Stopping _, Outcome.StoreStopped _ ->
            span.setStatus(StatusCode.ERROR, result);
        default -> {
          place(span, outcome);
          write(span);
        }
      }
    }
    span.end();
  }

  private static void place(Span span, Outcome outcome) {
    if (outcome instanceof Outcome.Appended appended) {
      span.setAttribute("varve.position", appended.position().value());
      span.setAttribute("varve.version", appended.last().value());
      span.setAttribute("varve.deduplicated", appended.deduplicated());
    } else if (outcome instanceof Outcome.Transacted transacted) {
      Outcome.Transacted.LastEvent last = transacted.last();
      if (last != null) {
        span.setAttribute("varve.position", last.position().value());
      }
      span.setAttribute("varve.deduplicated", transacted.deduplicated());
    }
  }

  private void write(Span command) {
    tracer
        .spanBuilder("varve write batch")
        .setParent(Context.root().with(command))
        .setStartTimestamp(begun)
        .setAttribute("varve.batch.commands", (long) commands)
        .setAttribute("varve.batch.events", (long) events)
        .setAttribute("varve.batch.bytes", bytes)
        .startSpan()
        .end(ended);
  }

  private final class TracedCommitLog implements CommitLog {
    private final CommitLog commitLog;

    TracedCommitLog(CommitLog commitLog) {
      this.commitLog = commitLog;
    }

    @Override
    public void propose(Command command, Consumer<Outcome> callback) {
      Span span =
          tracer
              .spanBuilder("varve commit")
              .setParent(parentOf(command))
              .setAttribute("varve.command", kindOf(command))
              .setAttribute("varve.events", eventsOf(command))
              .startSpan();
      commitLog.propose(
          command,
          outcome -> {
            end(span, outcome);
            callback.accept(outcome);
          });
    }

    private Context parentOf(Command command) {
      Context call = Context.current();
      EncodedBody first = firstOf(command);
      return first == null ? call : propagator.extract(call, first.event().metadata(), METADATA);
    }

    @Override
    public void close() {
      commitLog.close();
    }
  }

  private static String kindOf(Command command) {
    return switch (command) {
      case AppendCommand _ -> "append";
      case TransactCommand _ -> "transaction";
      case StreamLifeCommand _ -> "stream_change";
    };
  }

  private static long eventsOf(Command command) {
    return switch (command) {
      case AppendCommand append -> append.events().size();
      case TransactCommand transaction ->
          transaction.parts().stream().mapToLong(part -> part.events().size()).sum();
      case StreamLifeCommand _ -> 1;
    };
  }

  private static @Nullable EncodedBody firstOf(Command command) {
    return switch (command) {
      case AppendCommand append -> append.events().getFirst();
      case TransactCommand transaction ->
          transaction.parts().stream()
              .flatMap(part -> part.events().stream())
              .findFirst()
              .orElse(null);
      case StreamLifeCommand _ -> null;
    };
  }
}
