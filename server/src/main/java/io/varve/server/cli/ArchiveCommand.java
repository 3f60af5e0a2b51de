package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.Archive;
import io.varve.client.streams.ArchiveProgress;
import io.varve.client.streams.ArchiveReport;
import io.varve.client.streams.ArchiveSegment;
import io.varve.client.streams.ArchiveStatus;
import io.varve.server.config.Durations;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code varve archive}: moves old events out of a running store's database, and looks at them. */
@Command(
    name = "archive",
    description = {
      "Moves old events of a running store to its archive folder, and looks at what is there.",
      "",
      "The folder is a setting of the server: varve serve --archive-folder DIR."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ArchiveCommand.Run.class,
      ArchiveCommand.Segments.class,
      ArchiveCommand.Verify.class,
      HelpCommand.class
    })
final class ArchiveCommand {

  /** {@code varve archive run}. */
  @Command(
      name = "run",
      description = {
        "Moves events to the archive, oldest first, and ends when that is done. Ctrl-C ends the"
            + " run;",
        "what it has moved stays moved. Readers notice nothing but that old events come more"
            + " slowly."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Run implements Callable<Integer> {
    @Mixin private Connection connection;
    @Mixin private Output output;

    @Spec private CommandSpec command;

    @ArgGroup(multiplicity = "1")
    private Which which = new Which();

    /** Which events; exactly one of them. */
    static final class Which {
      @Option(
          names = "--older-than",
          paramLabel = "TIME",
          description = "Events that were recorded longer ago than this, such as 90d or 12h.")
      private @Nullable String olderThan;

      @Option(
          names = "--before",
          paramLabel = "TIME",
          description = "Events recorded before this time, such as 2026-01-01T00:00:00Z.")
      private @Nullable String before;

      @Option(
          names = "--before-position",
          paramLabel = "N",
          description = "Events at lower positions than this.")
      private @Nullable Long position;
    }

    @Override
    public Integer call() {
      Long position = which.position;
      Instant time = position == null ? time() : null;
      if (position != null && position < 1) {
        throw usage("--before-position must be 1 or higher, was " + position, null);
      }
      try (VarveClient store = connection.open()) {
        ArchiveProgress end =
            time == null
                ? store.archive().moveBefore(position == null ? 1 : position, this::show)
                : store.archive().moveBefore(time, this::show);
        output.lineNow(
            new JsonLine()
                .put("events_moved", end.eventsDone())
                .put("archived_position", end.archivedPosition())
                .end());
      }
      return ExitCode.OK.code();
    }

    private void show(ArchiveProgress progress) {
      if (Terminal.showsProgress()) {
        output.say(
            "moved "
                + progress.eventsDone()
                + " of "
                + progress.eventsTotal()
                + " events; the archive goes up to position "
                + progress.archivedPosition());
      }
    }

    private Instant time() {
      String text = which.before;
      try {
        if (text != null) {
          return Instant.parse(text);
        }
        Duration age = Durations.parse(which.olderThan == null ? "0" : which.olderThan);
        return Instant.now().minus(age);
      } catch (DateTimeParseException e) {
        throw usage("--before must be a time such as 2026-01-01T00:00:00Z, was " + text, e);
      } catch (IllegalArgumentException e) {
        throw usage("--older-than " + e.getMessage(), e);
      }
    }

    private ParameterException usage(String sentence, @Nullable Exception cause) {
      return new ParameterException(command.commandLine(), sentence, cause);
    }
  }

  /** {@code varve archive list}. */
  @Command(
      name = "list",
      description = "Lists the archive's catalogue: a line of JSON for each file, oldest first.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Segments implements Callable<Integer> {
    @Mixin private Connection connection;
    @Mixin private Output output;

    @Override
    public Integer call() {
      try (VarveClient store = connection.open()) {
        Archive archive = store.archive();
        try (Stream<ArchiveSegment> segments = archive.segments()) {
          segments.forEach(segment -> output.line(json(segment)));
        }
        output.flush();
        ArchiveStatus status = archive.status();
        if (status.location().isEmpty()) {
          output.say("the server has no archive folder");
        }
      }
      return ExitCode.OK.code();
    }

    private static String json(ArchiveSegment segment) {
      return new JsonLine()
          .put("name", segment.name())
          .put("first_position", segment.firstPosition())
          .put("last_position", segment.lastPosition())
          .put("events", segment.eventCount())
          .put("event_bytes", segment.eventBytes())
          .put("file_bytes", segment.fileBytes())
          .put("first_recorded_at", segment.firstRecordedAt())
          .put("last_recorded_at", segment.lastRecordedAt())
          .put("archived_at", segment.archivedAt())
          .put("sha256", segment.sha256())
          .end();
    }
  }

  /** {@code varve archive verify}. */
  @Command(
      name = "verify",
      description = {
        "Reads every file of the archive and compares it with all that is known of it. What is"
            + " wrong",
        "is told line by line, and then the exit code is 74."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Verify implements Callable<Integer> {
    @Mixin private Connection connection;
    @Mixin private Output output;

    @Override
    public Integer call() {
      try (VarveClient store = connection.open()) {
        ArchiveReport report = store.archive().verify(this::show);
        output.lineNow(
            new JsonLine()
                .put("files", report.segmentsTotal())
                .put("findings", report.findings())
                .put("stray_files", report.strayFiles())
                .end());
        if (!report.findings().isEmpty()) {
          throw new CommandFailure(
              ExitCode.STORAGE_UNUSABLE,
              "the archive is damaged: " + report.findings().size() + " findings");
        }
      }
      return ExitCode.OK.code();
    }

    private void show(ArchiveReport report) {
      if (Terminal.showsProgress()) {
        output.say("verified " + report.segmentsDone() + " of " + report.segmentsTotal());
      }
    }
  }
}
