package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.server.cli.KurrentImport.Counts;
import io.varve.server.migrate.KurrentSource;
import io.varve.server.migrate.SourceEvent;
import io.varve.server.migrate.SourceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.UUID;
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
    UUID storeId = store.serverInfo().storeId();
    KurrentProgress before = KurrentProgress.read(progressFile);
    if (before != null && !(before.storeId().equals(storeId) && before.newest().isIn(store))) {
      before = null;
    }
    Iterator<SourceEvent> rest = before == null ? null : behind(before);
    if (rest == null) {
      before = null;
      rest = source.all(null);
    } else {
      output.say("going on where the import before this one came to");
    }
    KurrentImport.Settings settings = new KurrentImport.Settings(renumber, storeId, progressFile);
    Counts counts = new KurrentImport(store, source, settings, bar).run(before, rest);
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
            .put("streams_left_alone", streams.leftAlone())
            .put("metadata_kept_in_part", streams.sayMore())
            .put("metadata_not_understood", streams.notUnderstood())
            .end());
  }

  /** What comes behind the event that was reached; null: the source has it no more. */
  private @Nullable Iterator<SourceEvent> behind(KurrentProgress before) {
    try {
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
        streams.leftAlone(),
        "streams' deletion or truncation, since they were written to here as well");
  }

  private void say(long count, String what) {
    if (count > 0) {
      output.say("left out: " + count + " " + what);
    }
  }
}
