package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve read}: prints the events of a stream or of the log. */
@Command(
    name = "read",
    description = {
      "Prints events, one line of JSON each.",
      "",
      "With STREAM the events of that stream, without it the log: all streams in the order of"
          + " their",
      "commits. Ends with 66 if there is no such stream.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReadCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Parameters(paramLabel = "STREAM", arity = "0..1", description = "The stream. Default: the log.")
  private @Nullable String stream;

  @Option(
      names = "--from",
      paramLabel = "N",
      description = "Start at this version of the stream, or position of the log.")
  private long from;

  @Option(
      names = "--to",
      paramLabel = "N",
      description = "End at this version of the stream, or position of the log.")
  private long to;

  @Option(names = "--backwards", description = "The newest event first.")
  private boolean backwards;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many events.")
  private long limit;

  @Option(
      names = "--as-of",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = {
        "As it was then: 2026-11-27T12:00:00Z, the start of a day (UTC) such as 2026-11-27, or a",
        "length of time ago such as 15m."
      })
  private @Nullable Instant asOf;

  @Option(
      names = "--from-time",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The log only: start at the first event recorded then or later.")
  private @Nullable Instant fromTime;

  @Option(
      names = "--to-time",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The log only: end with the last event recorded then or earlier.")
  private @Nullable Instant toTime;

  @Option(
      names = "--exact",
      description = {
        "Print payloads as they are, as text or Base64, never as JSON: lines that varve import",
        "makes the same bytes of."
      })
  private boolean exact;

  @Mixin private QueryOptions query;
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    if (from < 0 || to < 0 || limit < 0) {
      throw usage("--from, --to and --limit must be 1 or higher");
    }
    if (stream != null && (query.isGiven() || fromTime != null || toTime != null)) {
      throw usage(
          "--type, --tag, --prefix, --category, --query, --from-time and --to-time are for the log;"
              + " leave out STREAM, or them");
    }
    try (VarveClient store = connection.open();
        EventReader events = reader(store)) {
      for (RecordedEvent event : events) {
        if (stream != null && isPastEnd(event.version())) {
          break;
        }
        output.line(exact ? EventJson.exact(event) : EventJson.readable(event));
      }
      output.flush();
    }
    return ExitCode.OK.code();
  }

  private boolean isPastEnd(long version) {
    return to > 0 && (backwards ? version < to : version > to);
  }

  private EventReader reader(VarveClient store) {
    if (stream != null) {
      ReadStream read = ReadStream.of(stream).fromVersion(from).limit(limit);
      read = backwards ? read.backwards() : read;
      return store.readStream(asOf == null ? read : read.asOf(asOf));
    }
    ReadLog read = ReadLog.all().query(query.query()).fromPosition(from).toPosition(to);
    read = backwards ? read.backwards().limit(limit) : read.limit(limit);
    return store.readLog(within(read));
  }

  /** Times go from the earlier to the later one on the command line, and in reading order there. */
  private ReadLog within(ReadLog read) {
    Instant latest = toTime;
    if (asOf != null && (latest == null || asOf.isBefore(latest))) {
      latest = asOf;
    }
    ReadLog bounded = read;
    if (fromTime != null) {
      bounded = backwards ? bounded.toTime(fromTime) : bounded.fromTime(fromTime);
    }
    if (latest != null) {
      bounded = backwards ? bounded.fromTime(latest) : bounded.toTime(latest);
    }
    return bounded;
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
