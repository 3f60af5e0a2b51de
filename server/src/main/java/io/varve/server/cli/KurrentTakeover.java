package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.StreamInfo;
import io.varve.server.cli.KurrentImport.Counts;
import io.varve.server.migrate.KurrentSource;
import io.varve.server.migrate.SourceEvent;
import io.varve.server.migrate.SourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An import from a running KurrentDB: goes on where the one before came to, takes over the events,
 * then what their streams show, and says what was left out and why.
 */
final class KurrentTakeover {
  private final VarveClient store;
  private final KurrentSource source;
  private final Output output;
  private final Progress bar;
  private final boolean renumber;
  private final Path progressFile;

  /**
   * @param renumber whether versions may be others than revision + 1
   * @param progressFile where it is kept how far it has come; it stays, for the next time
   */
  KurrentTakeover(
      VarveClient store,
      KurrentSource source,
      Output output,
      Progress bar,
      boolean renumber,
      Path progressFile) {
    this.store = store;
    this.source = source;
    this.output = output;
    this.bar = bar;
    this.renumber = renumber;
    this.progressFile = progressFile;
  }

  void run() throws IOException {
    checkProgressFile();
    UUID storeId = store.serverInfo().storeId();
    KurrentProgress before = KurrentProgress.read(progressFile);
    if (before != null && !before.storeId().equals(storeId)) {
      before = null; // of an import into another store
    }
    Iterator<SourceEvent> rest = before == null ? null : behind(before);
    if (rest != null) {
      output.say("going on where the import before this one came to");
    } else if (before != null && renumber) {
      throw new CommandFailure(
          ExitCode.CONFLICT,
          "the stores no longer have what "
              + progressFile
              + " names, and an import from the first event with --renumber would write again what"
              + " this store has reclaimed since; say another --progress to do that");
    } else {
      before = null;
      rest = source.all(null);
    }
    KurrentImport events =
        new KurrentImport(
            store,
            source,
            new KurrentImport.Settings(renumber, isEmpty(), storeId, progressFile),
            bar);
    Counts counts;
    try {
      counts = events.run(before, rest);
    } catch (SourceException e) {
      bar.close();
      if (events.events() > 0) {
        output.say(events.events() + " events are imported; given again, the import goes on there");
      }
      throw e;
    }
    KurrentRetention streams = new KurrentRetention(store, source, renumber);
    streams.run();
    bar.close();
    tellWhatIsLeftOut(counts, streams);
    output.lineNow(
        new JsonLine()
            .put("events", counts.events)
            .put("deduplicated", counts.deduplicated)
            .put("hidden_already", counts.hidden)
            .put("system_events_left_out", counts.systemEvents)
            .put("links_left_out", counts.links)
            .put("streams_closed", counts.closed)
            .put("streams_deleted", streams.deleted())
            .put("streams_truncated", streams.truncated())
            .put("streams_with_retention", streams.retained())
            .put("streams_left_alone", streams.leftAlone() + counts.leftOpen)
            .put("metadata_kept_in_part", streams.sayMore())
            .put("metadata_not_understood", streams.notUnderstood())
            .end());
  }

  /** Told before hours of work rather than after the first second of it. */
  private void checkProgressFile() {
    Path folder = progressFile.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new CommandFailure(
          ExitCode.NOT_THERE,
          "the progress file " + progressFile + " is not in a folder that can be written to");
    }
  }

  /** Whether the store has no stream but its own; false, too, when the caller may not know. */
  private boolean isEmpty() {
    try (Stream<StreamInfo> streams = store.streams().all()) {
      return streams.allMatch(stream -> stream.stream().startsWith("$"));
    } catch (AccessDeniedException e) {
      return false;
    }
  }

  /** What comes behind the event that was reached; null: one of the stores has its part no more. */
  private @Nullable Iterator<SourceEvent> behind(KurrentProgress before) {
    if (!before.newest().isIn(store)) {
      return null;
    }
    try {
      SourceEvent there = source.at(before.reached());
      if (there == null || !before.isAt(there)) {
        return null;
      }
      Iterator<SourceEvent> events = source.all(before.reached());
      return events.hasNext() && before.isAt(events.next()) ? events : null;
    } catch (SourceException e) {
      if (e.kind() == SourceException.Kind.REFUSED) {
        return null; // another store at this address may not even know the place
      }
      throw e;
    }
  }

  private void tellWhatIsLeftOut(Counts counts, KurrentRetention streams) {
    say(counts.systemEvents, "events of system streams ($...), which Varve has or makes itself");
    say(counts.links, "links, whose events may have other versions now (--renumber)");
    say(
        streams.sayMore(),
        "streams' metadata but for $maxCount, $maxAge and $tb: $acl and keys of your own");
    say(streams.notUnderstood(), "streams' metadata, which are not what KurrentDB understands");
    say(
        streams.leftAlone() + counts.leftOpen,
        "streams' deletion, truncation or bounds, since they were written to here as well");
  }

  private void say(long count, String what) {
    if (count > 0) {
      output.say("left out: " + count + " " + what);
    }
  }
}
