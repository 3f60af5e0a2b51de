package io.varve.server.cli;

import io.varve.client.VarveClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve import}: appends the events of an export. */
@Command(
    name = "import",
    description = {
      "Appends the events of an export, in its order within each stream.",
      "",
      "Each keeps its stream, version, id, type, payload, content type, tags, metadata and",
      "occurred_at; positions and recorded_at are the store's own. Given again after whatever",
      "interruption, it goes on where it was: what is there already is recognised by its id."
          + " Events",
      "of the store's own streams are left out. Lines of other programs are welcome too, if each"
          + " has",
      "a stream and an id.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ImportCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "The export. Default: the standard input.")
  private @Nullable Path file;

  @Option(
      names = "--renumber",
      description = {
        "Let the store give new versions: for an export of a part, or into streams that have other",
        "events. Each event then waits until the one before it in its stream is written. Without"
            + " it, an",
        "event whose version would be another one ends the import."
      })
  private boolean renumber;

  @Option(
      names = "--recorded-as-occurred",
      description = "Events that do not say when they occurred say it: when they were recorded.")
  private boolean recordedAsOccurred;

  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() throws IOException {
    try (VarveClient store = connection.open();
        InputLines lines = new InputLines(open())) {
      UUID storeId = store.serverInfo().storeId();
      Path progressFile = file == null ? null : ImportProgress.fileFor(file);
      InputLines rest = lines;
      ImportProgress reached = progressFile == null ? null : ImportProgress.read(progressFile);
      if (reached != null && !(reached.storeId().equals(storeId) && reached.holdsIn(store))) {
        reached = null;
      }
      if (reached != null) {
        if (lines.skip(reached.offset(), reached.lines(), reached.sha256())) {
          output.say("going on after line " + reached.lines());
        } else {
          rest = new InputLines(open());
          reached = null;
        }
      }
      try (InputLines input = rest;
          Progress bar =
              new Progress(output.err(), file != null && Terminal.showsProgress(), "import")) {
        ImportRun run =
            new ImportRun(
                store,
                input,
                new ImportRun.Settings(
                    renumber,
                    recordedAsOccurred,
                    input.number() > 0 && beginsAsExport(),
                    storeId,
                    progressFile,
                    reached == null ? null : reached.newest(),
                    file == null ? 0 : Files.size(file)),
                bar);
        ImportRun.Result result = run.run();
        if (progressFile != null) {
          Files.deleteIfExists(progressFile);
        }
        output.lineNow(result.line());
        if (result.endIsMissing()) {
          throw new CommandFailure(
              ExitCode.REFUSED,
              "the export is not complete: its last line is missing; what is there is imported");
        }
      }
    }
    return ExitCode.OK.code();
  }

  /** What it cannot see by itself when it goes on in the middle. */
  private boolean beginsAsExport() throws IOException {
    try (InputLines again = new InputLines(open())) {
      String first = again.next();
      return first != null && ExportFile.isHeader(first);
    }
  }

  private InputStream open() {
    if (file == null) {
      return System.in;
    }
    try {
      return Files.newInputStream(file);
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, InputFile.cannotRead(file, e), e);
    }
  }
}
