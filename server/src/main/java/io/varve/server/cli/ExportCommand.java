package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve export}: the events of the log as lines of JSON, byte for byte. */
@Command(
    name = "export",
    description = {
      "Writes the log, or the events of it that match a query, as lines of JSON.",
      "",
      "Payloads are as they were written, so that varve import makes the same events again. The"
          + " first",
      "line says which store it is from, the last one that nothing is missing. An export into a"
          + " FILE",
      "that was interrupted goes on where it was when the same command is given again. The store's",
      "own streams, whose names start with $$, are left out.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "Where to. Default: the standard output.")
  private @Nullable Path file;

  @Option(names = "--with-system", description = "The store's own streams as well.")
  private boolean withSystem;

  @Mixin private QueryOptions query;
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() throws IOException {
    try (VarveClient store = connection.open()) {
      ExportFile.Origin from =
          new ExportFile.Origin(
              store.serverInfo().storeId(),
              query.query().items() + (withSystem ? " with system streams" : ""));
      if (file == null) {
        output.out().println(ExportFile.header(from));
        long events = copy(store, output.out(), 0, 0);
        output.flush();
        told(events, "the standard output");
      } else {
        toFile(store, from, file);
      }
    }
    return ExitCode.OK.code();
  }

  private void toFile(VarveClient store, ExportFile.Origin from, Path file) throws IOException {
    ExportFile begun = examine(file);
    if (begun != null && !begun.from().equals(from)) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          file + " holds an export of another store or query; move it away, or name another file");
    }
    if (begun != null && begun.complete()) {
      output.say(file + " is complete already: " + begun.events() + " events");
      return;
    }
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        PrintWriter lines =
            new PrintWriter(
                new BufferedWriter(
                    new LoudWriter(
                        new OutputStreamWriter(
                            Channels.newOutputStream(channel), StandardCharsets.UTF_8)),
                    1 << 16))) {
      long after = 0;
      long before = 0;
      if (begun == null) {
        channel.truncate(0);
        lines.print(ExportFile.header(from) + "\n");
      } else {
        channel.truncate(begun.end());
        channel.position(begun.end());
        after = begun.lastPosition();
        before = begun.events();
        output.say("going on after position " + after);
      }
      long events = copy(store, lines, after, before);
      lines.flush();
      channel.force(true);
      told(events, file.toString());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.STORAGE_UNUSABLE, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable ExportFile examine(Path file) {
    try {
      return ExportFile.examine(file);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          file + " is there, and " + e.getMessage() + "; move it away, or name another file",
          e);
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, InputFile.cannotRead(file, e), e);
    }
  }

  /**
   * @param before how many events are there already
   * @return how many there are then
   */
  private long copy(VarveClient store, PrintWriter to, long after, long before) {
    long events = before;
    try (EventReader reader =
            store.readLog(ReadLog.all().query(query.query()).fromPosition(after + 1));
        Progress progress =
            new Progress(output.err(), file != null && Terminal.showsProgress(), "export")) {
      long head = reader.headPosition();
      if (head < after) {
        throw new CommandFailure(
            ExitCode.REFUSED,
            "the file goes to position " + after + ", but the log ends at " + head);
      }
      for (RecordedEvent event : reader) {
        if (!withSystem && event.stream().startsWith("$")) {
          continue;
        }
        to.print(EventJson.exact(event) + "\n");
        events++;
        progress.at(events - before, event.position(), head);
      }
      to.print(ExportFile.footer(events) + "\n");
    }
    return events;
  }

  private void told(long events, String where) {
    output.say(events + " events are in " + where);
  }
}
