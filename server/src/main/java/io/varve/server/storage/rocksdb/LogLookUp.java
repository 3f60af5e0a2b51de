package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventSummary;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Single events of a log as of one moment, with some chunks kept at hand. */
final class LogLookUp {
  private static final int CHUNKS_AT_HAND = 64;

  private record Covered(long first, long last, Map<Long, EventSummary> events) {}

  private final Database.View log;
  private final Database.Cursor cursor;
  private final Map<Long, Covered> atHand =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Covered> eldest) {
          return size() > CHUNKS_AT_HAND;
        }
      };

  LogLookUp(Database.View log) {
    this.log = log;
    this.cursor = log.cursor(LogDatabase.LOG);
  }

  /** When a stream was created whose first event has been reclaimed; null for any other. */
  @Nullable Instant createdAt(StreamId stream) {
    byte[] value = log.get(LogDatabase.CREATED, IndexDatabase.name(stream));
    return value == null ? null : LogDatabase.toCreatedAt(value);
  }

  /** The event at a position; null when there is none. */
  @Nullable EventSummary event(long position) {
    Covered chunk = chunk(position);
    return chunk == null ? null : chunk.events().get(position);
  }

  /** Whether a position was given to an event that has been reclaimed. */
  boolean isReclaimed(long position) {
    Covered chunk = chunk(position);
    return chunk != null && position <= chunk.last() && !chunk.events().containsKey(position);
  }

  private @Nullable Covered chunk(long position) {
    if (!cursor.atOrBefore(Keys.ofLong(position))) {
      return null;
    }
    long first = Keys.toLong(cursor.key(), 0);
    Covered known = atHand.get(first);
    if (known != null) {
      return known;
    }
    Map<Long, EventSummary> events = new HashMap<>();
    long last = first - 1;
    try {
      Chunk chunk = Chunk.read(cursor.key(), cursor.value());
      last = chunk.lastPosition();
      for (EncodedEvent event : chunk.events()) {
        EventSummary summary = event.summary();
        events.put(summary.position(), summary);
      }
    } catch (DamagedDataException e) {
      events.clear(); // nothing is known of it
    }
    Covered covered = new Covered(first, last, events);
    atHand.put(first, covered);
    return covered;
  }
}
