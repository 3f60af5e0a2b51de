package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.Scavenge;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TimeSearch;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A pass over what is hidden, stream by stream in the order of their names. */
final class RocksDbScavenge implements Scavenge {
  /*
   * A step takes the oldest events of one stream that are still there and hidden:
   *
   *   1. The chunks that hold them are written again under the same keys, for the same positions, without them and
   *      without whatever else in them is hidden, so that a chunk is seldom written more than once a pass. One synced
   *      batch.
   *   2. The index forgets the events that were taken: the copy by version, the id, the postings. One atomic batch,
   *      not synced.
   *
   * After a crash in between, or one that takes the second batch, the index still has events that the log has not.
   * Readers pass them over, as nobody reads what is hidden and everybody else looks into the log; and since what is to
   * be done is told by the copy by version alone, the next pass finds them again. For the same reason a stream's oldest
   * event goes first: what is missing of a stream in the index is always its beginning.
   */

  /** A step takes so many events, or so many bytes of chunks, and at least one event. */
  private static final int MAX_EVENTS = 256;

  private static final int MAX_BYTES = 1024 * 1024;

  /**
   * An event is old once it was old so long ago. Whoever lengthens the time that events are kept
   * keeps those that are young enough by the clock when they ask; by when this has passed, what
   * they asked for is known here.
   */
  private static final Duration HESITATION = Duration.ofSeconds(5);

  /** So many streams with nothing to reclaim are looked at in one step. */
  private static final int MAX_STREAMS = 256;

  /** Files are rewritten once this share of the log, one in so many bytes, has been reclaimed. */
  private static final int COMPACTED_SHARE = 8;

  private final RocksDbEventStorage storage;
  private final LogDatabase logDatabase;
  private final IndexDatabase index;
  private final TermSegments segments;
  private final RocksDbArchive archive;
  private final InstantSource clock;
  private final Runnable betweenLogAndIndex;
  private final TimeSearch times;

  /** The stream whose events are being taken, or the last that was looked at. */
  private String stream = "";

  /** Whether that stream is done with. */
  private boolean streamDone = true;

  private long reclaimedBytes;

  RocksDbScavenge(
      RocksDbEventStorage storage,
      LogDatabase logDatabase,
      IndexDatabase index,
      TermSegments segments,
      InstantSource clock,
      Runnable betweenLogAndIndex) {
    this.storage = storage;
    this.logDatabase = logDatabase;
    this.index = index;
    this.segments = segments;
    this.archive = storage.movedEvents();
    this.clock = clock;
    this.betweenLogAndIndex = betweenLogAndIndex;
    this.times = new TimeSearch(storage);
  }

  @Override
  public Step next() {
    for (int streams = 0; streams < MAX_STREAMS; streams++) {
      if (streamDone) {
        Optional<StreamId> next = index.nextWithState(stream);
        if (next.isEmpty()) {
          compact();
          return new Step(0, 0, true);
        }
        stream = next.get().value();
      }
      Group group = new Group();
      long taken;
      synchronized (archive.upkeep()) {
        taken = group.take(new StreamId(stream));
      }
      streamDone = taken == 0;
      if (taken > 0) {
        reclaimedBytes += group.bytes;
        return new Step(taken, 2L * group.bytes, false);
      }
    }
    return new Step(0, 0, false);
  }

  /** Gives the space back at once where it is worth it; elsewhere the databases do so in time. */
  private void compact() {
    if (reclaimedBytes > 0 && reclaimedBytes * COMPACTED_SHARE >= storage.figures().diskBytes()) {
      logDatabase.compact();
      index.compact();
    }
  }

  /** The events of one step. */
  private final class Group {
    /** For each stream the last version that may be reclaimed. */
    private final Map<StreamId, Long> hidden = new HashMap<>();

    private final Instant now = now();
    private int bytes;

    /** Reclaims a stream's oldest events; returns how many. */
    long take(StreamId stream) {
      long last = lastHidden(stream);
      if (last == 0) {
        return 0;
      }
      long number = index.streamHead(stream).number();
      List<EventSummary> events = new ArrayList<>();
      BatchBytes batch = new BatchBytes(64 * 1024);
      Chunk chunk = null;
      for (StoredEvent event : index.oldest(number, last, MAX_EVENTS, MAX_BYTES)) {
        long position = event.header().position();
        if (chunk == null || position > chunk.lastPosition()) {
          if (bytes >= MAX_BYTES) {
            break;
          }
          chunk = logDatabase.chunkAt(position);
          rewrite(batch, chunk);
        }
        events.add(summaryOf(event, chunk));
      }
      if (events.isEmpty()) {
        return 0;
      }
      if (!batch.isEmpty()) {
        logDatabase.write(batch);
      }
      betweenLogAndIndex.run();
      return forget(number, events);
    }

    /**
     * What the index is to forget. Of an event in the archive it is in the outline; after a crash
     * that took the index's part of a step, the outline is gone, and the archive still has it.
     */
    private EventSummary summaryOf(StoredEvent stored, Chunk chunk) {
      if (!stored.isArchived()) {
        return new EncodedEvent(stored.value(), 0, 0, stored.value().length).summary();
      }
      long position = stored.header().position();
      for (EncodedEvent event : chunk.events()) {
        if (event.position() == position) {
          return event.summary();
        }
      }
      byte[] archived = archive.event(position);
      return new EncodedEvent(archived, 0, 0, archived.length).summary();
    }

    private void rewrite(BatchBytes batch, Chunk chunk) {
      List<EncodedEvent> all = chunk.events();
      List<EncodedEvent> kept = new ArrayList<>(all.size());
      for (EncodedEvent event : all) {
        bytes += event.end() - event.frameStart();
        EventSummary summary = event.summary();
        if (summary.version() > lastHidden(summary.stream())) {
          kept.add(event);
        } else if (summary.version() == 1) {
          logDatabase.putCreatedAt(batch, summary.stream(), summary.recordedAt());
        }
      }
      if (kept.size() < all.size()) {
        archive.reclaiming(chunk.firstPosition(), chunk.lastPosition());
        logDatabase.replace(batch, chunk, kept);
      }
    }

    private long forget(long streamNumber, List<EventSummary> events) {
      List<EventSummary> withPostings = new ArrayList<>();
      int count = 0;
      for (EventSummary event : events) {
        switch (segments.forget(event.position())) {
          case WRITTEN -> withPostings.add(event);
          case NOWHERE -> {}
          case BEING_WRITTEN -> {
            // Left to the next pass, with all that come after it.
            return delete(streamNumber, events.subList(0, count), withPostings);
          }
        }
        count++;
      }
      return delete(streamNumber, events, withPostings);
    }

    private long delete(
        long streamNumber, List<EventSummary> events, List<EventSummary> withPostings) {
      if (!events.isEmpty()) {
        index.delete(streamNumber, events, withPostings);
      }
      return events.size();
    }

    /** The last version of a stream that may be reclaimed; 0 for none. */
    private long lastHidden(StreamId stream) {
      return hidden.computeIfAbsent(stream, this::findLastHidden);
    }

    private long findLastHidden(StreamId stream) {
      if (stream.isSystem()) {
        return 0;
      }
      StreamHead head = index.decidedHead(stream);
      if (head == null || !head.exists()) {
        return 0;
      }
      long last = times.firstKept(head, now) - 1;
      return head.life() == StreamLife.OPEN ? Math.min(last, head.version() - 1) : last;
    }

    /**
     * By when events are old. What was recorded before the newest event in the log is as old as it
     * seems to any change that is still to come: recorded times never fall.
     */
    private Instant now() {
      Instant byClock = clock.instant();
      Instant surely = byClock.minus(HESITATION);
      Instant recorded = newestRecordedAt();
      if (recorded == null || recorded.isBefore(surely)) {
        return surely;
      }
      return recorded.isBefore(byClock) ? recorded : byClock;
    }

    private @Nullable Instant newestRecordedAt() {
      // At the head, not at the log's end: what is above it may not be known to the index yet.
      EventPage page = storage.readOutlinesBackwards(storage.head().position(), 1, 1);
      return page.isEmpty()
          ? null
          : page.runs().getFirst().events().getFirst().summary().recordedAt();
    }
  }
}
