package io.varve.server.cli;

import io.varve.server.OfflineTools;
import io.varve.server.OfflineTools.Restored;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve restore}: makes a data folder of a backup. */
@Command(
    name = "restore",
    description = {
      "Makes a data folder of a backup: all of it, or up to a position or a time.",
      "",
      "Every file is compared with its checksum, and the indexes are made anew. A restore that was",
      "cut off is done again by the same command; until then no server opens the folder."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RestoreCommand implements Callable<Integer> {
  @Spec private CommandSpec command;
  @Mixin private Output output;

  @Parameters(paramLabel = "FROM", description = "The folder that holds the backup.")
  private Path from = Path.of("");

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data folder to be made; empty, or not there.")
  private Path data = Path.of("");

  @Option(
      names = "--archive-folder",
      paramLabel = "DIR",
      description = {
        "Put the files of the backup's archive below this folder, which must be there. Without it",
        "their events are put back into the data folder, and the store has no archive."
      })
  private @Nullable Path archive;

  @Option(
      names = "--to-position",
      paramLabel = "N",
      description = "Leave out every event behind this position; 0 leaves out all.")
  private @Nullable Long toPosition;

  @Option(
      names = "--to-time",
      paramLabel = "TIME",
      description = {
        "Leave out every event that was recorded after this time, such as 2026-11-21T08:15:30Z."
      })
  private @Nullable String toTime;

  @Override
  public Integer call() {
    if (toPosition != null && toTime != null) {
      throw usage("--to-position and --to-time exclude each other");
    }
    if (toPosition != null && toPosition < 0) {
      throw usage("--to-position must be 0 or higher, was " + toPosition);
    }
    RestoreBound bound = new RestoreBound(toPosition, time());
    Restored restored;
    try (Bar bar = new Bar(output.err())) {
      restored =
          OfflineFailures.told(
              () ->
                  OfflineTools.restore(
                      from,
                      data,
                      bound,
                      archive,
                      BackupCommand.watch(bar),
                      (position, last) -> bar.at("making the indexes", position, last)));
    }
    output.lineNow(
        new JsonLine()
            .put("data", data.toAbsolutePath().normalize().toString())
            .put("store_id", restored.manifest().storeId().toString())
            .put("position", restored.position())
            .put("backup_position", restored.manifest().position())
            .end());
    return ExitCode.OK.code();
  }

  private @Nullable Instant time() {
    try {
      return toTime == null ? null : OffsetDateTime.parse(toTime).toInstant();
    } catch (DateTimeException e) {
      throw new CommandLine.ParameterException(
          command.commandLine(),
          "--to-time must be a time with its zone such as 2026-11-21T08:15:30Z, was " + toTime,
          e);
    }
  }

  private CommandLine.ParameterException usage(String sentence) {
    return new CommandLine.ParameterException(command.commandLine(), sentence);
  }
}
