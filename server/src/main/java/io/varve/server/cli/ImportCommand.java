package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.server.config.Limits;
import io.varve.server.migrate.KurrentAddress;
import io.varve.server.migrate.KurrentSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve import}: appends the events of an export, or of a running KurrentDB. */
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
      "",
      "With --from it takes over the events of a running KurrentDB instead: ids, types, payloads,",
      "metadata, the order of the log, and when each was recorded as its occurred_at; then what"
          + " the",
      "metadata of streams hide. Given again, it goes on with what has come since.",
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
      names = "--from",
      paramLabel = "SOURCE",
      description = {
        "Read a running KurrentDB in place of an export: kurrentdb://USER@HOST:PORT?tls=true, with"
            + " the",
        "options of its own clients for TLS (tls, tlsVerifyCert, tlsCaFile, userCertFile,"
            + " userKeyFile)."
      })
  private @Nullable String from;

  @Option(
      names = "--from-password-file",
      paramLabel = "FILE",
      description = {
        "Where the password of the source's USER is. Others may see one that stands in SOURCE."
      })
  private @Nullable Path fromPasswordFile;

  @Option(
      names = "--progress",
      paramLabel = "FILE",
      description = {
        "Where an import from a running KurrentDB keeps how far it has come. Default:",
        "kurrentdb-HOST-PORT.import-progress, in this folder."
      })
  private @Nullable Path progress;

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

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    if (from != null) {
      return importKurrent(from);
    }
    if (fromPasswordFile != null || progress != null) {
      throw usage("--from-password-file and --progress go with --from", null);
    }
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

  private int importKurrent(String text) throws IOException {
    if (file != null) {
      throw usage("an import is from FILE or --from a running store, and not from both", null);
    }
    if (recordedAsOccurred) {
      throw usage(
          "--recorded-as-occurred goes with an export; --from always keeps when an event was"
              + " recorded as its occurred_at",
          null);
    }
    KurrentAddress address = address(text);
    Path progressFile =
        progress == null
            ? Path.of(
                "kurrentdb-"
                    + address.host().replaceAll("[^\\p{Alnum}.]", "_")
                    + "-"
                    + address.port()
                    + ".import-progress")
            : progress;
    try (VarveClient store = connection.open();
        KurrentSource source = source(address);
        Progress bar = new Progress(output.err(), Terminal.showsProgress(), "import")) {
      new KurrentTakeover(store, source, output, bar, renumber, progressFile).run();
    }
    return ExitCode.OK.code();
  }

  private KurrentAddress address(String text) {
    KurrentAddress address;
    try {
      address = KurrentAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw usage("--from: " + e.getMessage(), e);
    }
    if (address.exposesPassword()) {
      throw usage("--from: the password would travel to " + address + " in the clear", null);
    }
    if (fromPasswordFile != null) {
      if (address.user() == null || address.password() != null) {
        throw usage("--from-password-file needs a USER in --from, without a password", null);
      }
      return address.withPassword(new SecretFile(fromPasswordFile).read());
    }
    if (address.user() == null || address.password() != null) {
      return address;
    }
    String password = Terminal.password("password for " + address.user() + " at the source: ");
    if (password == null) {
      throw usage("the source's user needs a password: say --from-password-file FILE", null);
    }
    return address.withPassword(password);
  }

  private static KurrentSource source(KurrentAddress address) {
    try {
      return KurrentSource.of(address, Limits.defaults());
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, String.valueOf(e.getMessage()), e);
    }
  }

  private ParameterException usage(String sentence, @Nullable Throwable cause) {
    return new ParameterException(command.commandLine(), sentence, cause);
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
