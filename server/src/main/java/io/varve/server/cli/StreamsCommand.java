package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.Streams;
import io.varve.server.config.Durations;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve streams}: what streams there are, and what is kept of them. */
@Command(
    name = "streams",
    description = "What streams there are, and what is kept of them.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
final class StreamsCommand {
  @Spec private CommandSpec command;

  /** Why a stream is changed, and under which expectation. */
  static final class Change {
    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        description = "Why; recorded with the change in the stream $$streams.")
    private String reason = "";

    @Option(
        names = "--expect",
        paramLabel = "VERSION",
        description = "Only if the stream's last event has exactly this version (0: it has none).")
    private @Nullable Long expected;

    StreamChange change() {
      return new StreamChange(
          expected == null ? OptionalLong.empty() : OptionalLong.of(expected), reason);
    }
  }

  @Command(
      description = "Lists streams in the order of their names, one line of JSON each.",
      mixinStandardHelpOptions = true)
  int list(
      @Option(
              names = "--prefix",
              paramLabel = "TEXT",
              description = "Only streams whose names start with this.")
          @Nullable String prefix,
      @Option(
              names = "--category",
              paramLabel = "NAME",
              description = "Only streams of this category: the name before the first -.")
          @Nullable String category,
      @Option(names = "--limit", paramLabel = "N", description = "At most so many.") long limit,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (prefix != null && category != null) {
      throw usage("list", "--prefix and --category are two different lists");
    }
    try (VarveClient store = connection.open()) {
      Stream<StreamInfo> found =
          category != null
              ? store.streams().ofCategory(category)
              : store.streams().withPrefix(prefix == null ? "" : prefix);
      (limit > 0 ? found.limit(limit) : found).forEach(info -> output.line(lineOf(info)));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = "Shows one stream. Ends with 66 if it never had an event.",
      mixinStandardHelpOptions = true)
  int show(
      @Parameters(paramLabel = "STREAM", description = "The stream.") String stream,
      @Mixin Connection connection,
      @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      StreamInfo info =
          store
              .streams()
              .get(stream)
              .orElseThrow(
                  () ->
                      new CommandFailure(
                          ExitCode.NOT_THERE, "there is no stream \"" + stream + "\""));
      output.lineNow(lineOf(info));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = "Lists the categories of the events in the log, with their counts.",
      mixinStandardHelpOptions = true)
  int categories(@Mixin Connection connection, @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      store
          .streams()
          .categories()
          .forEach(
              found ->
                  output.line(
                      new JsonLine()
                          .put("category", found.category())
                          .put("event_count", found.eventCount())
                          .end()));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = "Lists the types of the events in the log, with their counts.",
      mixinStandardHelpOptions = true)
  int types(@Mixin Connection connection, @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      store
          .streams()
          .eventTypes()
          .forEach(
              found ->
                  output.line(
                      new JsonLine()
                          .put("type", found.type())
                          .put("event_count", found.eventCount())
                          .end()));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Sets how much of a stream is kept, from now on, in place of what was set before.",
        "",
        "What lies outside is hidden at once and reclaimed later; nothing brings it back.",
        ""
      },
      mixinStandardHelpOptions = true)
  int retention(
      @Parameters(paramLabel = "STREAM", description = "The stream; it need not exist yet.")
          String stream,
      @Option(
              names = "--max-count",
              paramLabel = "N",
              description = "Only the newest so many events.")
          long maxCount,
      @Option(
              names = "--max-age",
              paramLabel = "TIME",
              description = "Only events recorded within this time, such as 30d.")
          @Nullable String maxAge,
      @Option(names = "--everything", description = "All that is there now or comes later.")
          boolean everything,
      @Mixin Change change,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (everything == (maxCount != 0 || maxAge != null)) {
      throw usage("retention", "say what is kept: --max-count, --max-age, both, or --everything");
    }
    if (maxCount < 0) {
      throw usage("retention", "--max-count must be 1 or higher, was " + maxCount);
    }
    Duration age;
    try {
      age = maxAge == null ? null : Durations.parse(maxAge);
    } catch (IllegalArgumentException e) {
      throw usage("retention", "--max-age " + e.getMessage());
    }
    Retention retention = new Retention(maxCount, age);
    return change(
        stream,
        connection,
        output,
        streams -> streams.setRetention(stream, retention, change.change()));
  }

  @Command(
      description = "Hides the events before a version, for ever.",
      mixinStandardHelpOptions = true)
  int truncate(
      @Parameters(paramLabel = "STREAM", description = "The stream.") String stream,
      @Option(
              names = "--before",
              paramLabel = "VERSION",
              required = true,
              description = "The first version that stays.")
          long before,
      @Mixin Change change,
      @Mixin Connection connection,
      @Mixin Output output) {
    return change(
        stream, connection, output, streams -> streams.truncate(stream, before, change.change()));
  }

  @Command(
      description = {
        "Hides a stream until somebody appends to it.",
        "",
        "Its versions then go on; what was deleted stays hidden, and is reclaimed.",
        ""
      },
      mixinStandardHelpOptions = true)
  int delete(
      @Parameters(paramLabel = "STREAM", description = "The stream.") String stream,
      @Mixin Change change,
      @Mixin Connection connection,
      @Mixin Output output) {
    return change(stream, connection, output, streams -> streams.delete(stream, change.change()));
  }

  @Command(
      description = {
        "Closes a stream for ever: its name can never be used again.",
        "",
        "Nothing undoes it, so it wants --yes.",
        ""
      },
      mixinStandardHelpOptions = true)
  int tombstone(
      @Parameters(paramLabel = "STREAM", description = "The stream.") String stream,
      @Option(names = "--yes", description = "That is meant.") boolean yes,
      @Mixin Change change,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (!yes) {
      throw usage("tombstone", "a stream is closed for ever, which nothing undoes; add --yes");
    }
    return change(
        stream, connection, output, streams -> streams.tombstone(stream, change.change()));
  }

  private int change(
      String stream, Connection connection, Output output, ToLongFunction<Streams> change) {
    try (VarveClient store = connection.open()) {
      long position = change.applyAsLong(store.streams());
      output.lineNow(new JsonLine().put("stream", stream).put("position", position).end());
    }
    return ExitCode.OK.code();
  }

  private static String lineOf(StreamInfo info) {
    JsonLine line =
        new JsonLine()
            .put("stream", info.stream())
            .put("version", info.version())
            .put("first_kept_version", info.firstKeptVersion())
            .put("event_count", info.eventCount())
            .put("created_at", info.createdAt())
            .put("last_appended_at", info.lastAppendedAt())
            .put("last_position", info.lastPosition())
            .put("life", info.life().name().toLowerCase(Locale.ROOT));
    if (info.retention().maxCount() > 0) {
      line.put("max_count", info.retention().maxCount());
    }
    if (info.retention().maxAge() != null) {
      line.put("max_age", info.retention().maxAge().toString());
    }
    if (info.truncateBefore() > 0) {
      line.put("truncate_before", info.truncateBefore());
    }
    return line.end();
  }

  private ParameterException usage(String subcommand, String sentence) {
    return new ParameterException(command.subcommands().get(subcommand), sentence);
  }
}
