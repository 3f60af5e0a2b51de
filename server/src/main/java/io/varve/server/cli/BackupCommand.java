package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.BackupResult;
import io.varve.server.OfflineTools;
import io.varve.server.backup.BackupWatch;
import io.varve.server.backup.BackupWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve backup}: makes a backup, of a running store or of a data folder. */
@Command(
    name = "backup",
    description = {
      "Makes a backup, or brings the one in the folder up to date, and reads it again.",
      "",
      "Of a running store: the folder is the server's, below the one of its setting backup-folder.",
      "With --data: of a data folder that no server has open; the folder is this machine's."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BackupCommand implements Callable<Integer> {
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Parameters(paramLabel = "FOLDER", description = "Where the backup is to be.")
  private String folder = "";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Back up this data folder, which no server has open.")
  private @Nullable Path data;

  @Option(
      names = "--archive-folder",
      paramLabel = "DIR",
      description = "With --data: the folder of the store's archive, which belongs to the backup.")
  private @Nullable Path archive;

  @Override
  public Integer call() {
    BackupResult made = data == null ? online() : offline(data);
    output.lineNow(
        new JsonLine()
            .put("folder", made.folder())
            .put("position", made.position())
            .put("bytes", made.bytes())
            .put("bytes_copied", made.bytesCopied())
            .end());
    return ExitCode.OK.code();
  }

  private BackupResult online() {
    try (VarveClient store = connection.open();
        Bar bar = new Bar(output.err())) {
      return store
          .admin()
          .createBackup(
              folder,
              progress ->
                  bar.at(
                      progress.stage().name().toLowerCase(Locale.ROOT),
                      progress.bytesDone(),
                      progress.bytesTotal()));
    }
  }

  private BackupResult offline(Path from) {
    try (Bar bar = new Bar(output.err())) {
      Path target = Path.of(folder).toAbsolutePath().normalize();
      BackupWriter.Made made =
          OfflineFailures.told(() -> OfflineTools.backup(from, archive, target, watch(bar)));
      return new BackupResult(
          target.toString(),
          made.manifest().position(),
          made.manifest().bytes(),
          made.bytesCopied());
    }
  }

  static BackupWatch watch(Bar bar) {
    return (stage, done, total) -> bar.at(stage.name().toLowerCase(Locale.ROOT), done, total);
  }
}
