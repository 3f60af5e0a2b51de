package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.server.OfflineTools;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupManifest;
import io.varve.server.storage.VerifyWatch;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve verify}: looks for damage. */
@Command(
    name = "verify",
    description = {
      "Re-reads everything and compares it: checksums, positions and versions, every index against",
      "the log in both directions, snapshots against their streams. Changes nothing. Each damage"
          + " is",
      "a sentence on the standard output; the exit code is 74 if there is any.",
      "",
      "With DIR: a data folder that no server has open, or the folder of a backup.",
      "Without: a running store, which goes on meanwhile."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Parameters(arity = "0..1", paramLabel = "DIR", description = "A data folder or a backup.")
  private @Nullable Path folder;

  @Option(
      names = "--archive-folder",
      paramLabel = "DIR",
      description = "With a data folder: the folder of its archive, whose files are read too.")
  private @Nullable Path archive;

  private long findings;

  @Override
  public Integer call() {
    try (Bar bar = new Bar(output.err())) {
      Path given = folder;
      if (given == null) {
        online(bar);
      } else if (BackupFolder.isIn(given)) {
        backup(given, bar);
      } else {
        OfflineFailures.toldOf(() -> OfflineTools.verify(given, archive, watch(bar)));
      }
    }
    if (findings > 0) {
      output.say("damaged: " + findings + (findings == 1 ? " finding" : " findings"));
      return ExitCode.STORAGE_UNUSABLE.code();
    }
    output.say("nothing is damaged");
    return ExitCode.OK.code();
  }

  private void online(Bar bar) {
    try (VarveClient store = connection.open()) {
      store
          .admin()
          .verify(
              progress -> {
                bar.at(progress.stage(), progress.eventsDone(), progress.eventsTotal());
                progress.findings().forEach(sentence -> finding(bar, sentence));
                progress.notes().forEach(sentence -> note(bar, sentence));
              });
    }
  }

  private void backup(Path given, Bar bar) {
    BackupManifest manifest =
        OfflineFailures.told(
            () ->
                OfflineTools.verifyBackup(
                    given, BackupCommand.watch(bar), sentence -> finding(bar, sentence)));
    note(
        bar,
        "a backup of "
            + manifest.createdAt()
            + ", up to position "
            + manifest.position()
            + ", of store "
            + manifest.storeId());
  }

  private VerifyWatch watch(Bar bar) {
    return new VerifyWatch() {
      private String stage = "";

      @Override
      public void stage(String what) {
        stage = what;
      }

      @Override
      public void examined(long events, long total) {
        bar.at(stage, events, total);
      }

      @Override
      public void read(long bytes) {
        // as fast as the disk
      }

      @Override
      public void finding(String sentence) {
        VerifyCommand.this.finding(bar, sentence);
      }

      @Override
      public void note(String sentence) {
        VerifyCommand.this.note(bar, sentence);
      }
    };
  }

  private void finding(Bar bar, String sentence) {
    findings++;
    bar.close();
    output.out().println(sentence);
    output.flush();
  }

  private void note(Bar bar, String sentence) {
    bar.close();
    output.say(sentence);
  }
}
