package io.varve.server.cli;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.server.api.kurrent.EventIds;
import io.varve.server.migrate.KurrentSource;
import io.varve.server.migrate.SourceEvent;
import io.varve.server.migrate.StreamMetadata;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes over what the source's metadata streams decide, once the events are there: each stream then
 * shows what it shows in the source. What held at the end counts, and not what held in between,
 * since what Varve has hidden stays hidden.
 */
final class KurrentRetention {
  /** Streams that are remembered, so that each is looked at once among so many. */
  private static final int MAX_REMEMBERED = 10_000;

  private final EventStore store;
  private final KurrentSource source;
  private final boolean renumbered;

  /** Streams with a bound by count or age. */
  private long retained;

  /** Streams of which the beginning is hidden. */
  private long truncated;

  private long deleted;

  /** Streams of which more is said than Varve has the like of. */
  private long sayMore;

  private long notUnderstood;

  /** Streams that may show more than in the source, since they were written to here as well. */
  private long leftAlone;

  /**
   * @param renumbered whether versions may be others than revision + 1
   */
  KurrentRetention(EventStore store, KurrentSource source, boolean renumbered) {
    this.store = store;
    this.source = source;
    this.renumbered = renumbered;
  }

  void run() {
    Set<String> streams = new LinkedHashSet<>();
    Iterator<SourceEvent> entries = source.allMetadata();
    while (entries.hasNext()) {
      String stream = entries.next().describedStream();
      if (stream != null && streams.add(stream)) {
        takeOver(stream);
      }
      if (streams.size() == MAX_REMEMBERED) {
        streams.clear(); // to look at a stream twice does no harm
      }
    }
  }

  private void takeOver(String stream) {
    SourceEvent entry = source.metadataOf(stream);
    if (entry == null) {
      return;
    }
    StreamMetadata metadata = StreamMetadata.parse(entry.data());
    if (metadata == null) {
      notUnderstood++;
      return;
    }
    sayMore += metadata.saysMore() ? 1 : 0;
    StreamInfo there = store.streams().get(stream).orElse(null);
    if (there != null && there.life() == StreamLife.TOMBSTONED) {
      return;
    }
    boolean allowed = true;
    if (there != null && there.version() > 0 && there.life() == StreamLife.OPEN) {
      allowed = hide(there, entry, metadata);
    }
    allowed = allowed && retain(stream, there, metadata);
    leftAlone += allowed ? 0 : 1;
  }

  /** False if that would hide what was written here. */
  private boolean hide(StreamInfo there, SourceEvent entry, StreamMetadata metadata) {
    SourceEvent first = source.beginningOf(there.stream()).first();
    boolean delete = first == null && metadata.deleted();
    long firstSeen = first == null ? there.version() + 1 : versionHere(there, first);
    if (firstSeen <= there.firstKeptVersion() && !delete) {
      return true;
    }
    if (!ImportedStream.isOnlyImported(store, there, delete ? entry.created() : null)) {
      return false;
    }
    StreamChange change = KurrentImport.IMPORTED.expecting(there.version());
    if (delete) {
      store.streams().delete(there.stream(), change);
      deleted++;
    } else {
      store.streams().truncate(there.stream(), firstSeen, change);
      truncated++;
    }
    return true;
  }

  /**
   * Which version the source's first event has; 0 if that cannot be told. An event that the import
   * did not come to yet has the next one.
   */
  private long versionHere(StreamInfo there, SourceEvent first) {
    if (!renumbered) {
      return Math.min(KurrentImport.versionOf(first), there.version() + 1);
    }
    UUID other = EventIds.takenOver(first.id(), first.stream(), first.revision());
    return store
        .getEvent(first.id())
        .filter(event -> isThis(event, first))
        .or(() -> store.getEvent(other).filter(event -> isThis(event, first)))
        .map(RecordedEvent::version)
        .orElse(0L);
  }

  private static boolean isThis(RecordedEvent event, SourceEvent first) {
    return event.stream().equals(first.stream())
        && (first.created() == null || first.created().equals(event.occurredAt()));
  }

  /** False if the stream was written to here, so that its bounds are not the source's to set. */
  private boolean retain(String stream, @Nullable StreamInfo there, StreamMetadata metadata) {
    Retention wanted = new Retention(metadata.maxCount(), metadata.maxAge());
    Retention now = there == null ? Retention.everything() : there.retention();
    if (!wanted.equals(now)) {
      // Looked at again: its beginning may just have been hidden.
      StreamInfo left = store.streams().get(stream).orElse(null);
      if (left != null && !ImportedStream.isOnlyImported(store, left, null)) {
        return false;
      }
      store.streams().setRetention(stream, wanted, KurrentImport.IMPORTED);
    }
    retained += wanted.equals(Retention.everything()) ? 0 : 1;
    return true;
  }

  long retained() {
    return retained;
  }

  long truncated() {
    return truncated;
  }

  long deleted() {
    return deleted;
  }

  long leftAlone() {
    return leftAlone;
  }

  long sayMore() {
    return sayMore;
  }

  long notUnderstood() {
    return notUnderstood;
  }
}
