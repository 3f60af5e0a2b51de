package io.varve.server.storage.rocksdb;

import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes a log what it was when it had come to an earlier position: the events behind it are gone,
 * and consumers' tracked positions are what they were. A log in a folder that is being restored,
 * where a crash in between means that the restore begins again.
 */
final class LogCut {
  /** So many keys are deleted with one write. */
  private static final int DELETED_AT_ONCE = 1_000;

  private static final byte[] FIRST_KEY = {};

  private final LogDatabase log;

  LogCut(LogDatabase log) {
    this.log = log;
  }

  /** The highest position recorded at or before a time; 0 for none. */
  long lastPositionUntil(Instant time, long last) {
    // Recorded times never fall, so the log is its own index by time.
    long below = 0;
    long above = last;
    while (below < above) {
      long middle = below + (above - below + 1) / 2;
      Instant recordedAt = recordedAtOrAfter(middle, last);
      if (recordedAt != null && !recordedAt.isAfter(time)) {
        below = middle;
      } else {
        above = middle - 1;
      }
    }
    return below;
  }

  private @Nullable Instant recordedAtOrAfter(long position, long last) {
    EventPage page = log.readOutlines(position, last, 1);
    return page.isEmpty()
        ? null
        : page.runs().getFirst().events().getFirst().summary().recordedAt();
  }

  /** Cuts the log: this position is its last one. */
  void to(long position) {
    cutChunks(position);
    try (Database.View view = log.database().view()) {
      setTrackingBack(view, position);
      dropHistory(view, position);
      dropCreated(view);
    }
    log.flush();
  }

  private void cutChunks(long position) {
    try (Database.View view = log.database().view()) {
      Batches batches = new Batches();
      if (position > 0) {
        view.visitBackwards(
            LogDatabase.LOG,
            Keys.ofLong(position),
            (key, value) -> {
              Chunk chunk = Chunk.read(key, value);
              if (chunk.lastPosition() > position) {
                log.shorten(batches.next(), chunk, position);
              }
              return Database.Visit.STOP;
            });
      }
      view.visit(
          LogDatabase.LOG,
          Keys.ofLong(position + 1),
          (key, _) -> {
            log.remove(batches.next(), Keys.toLong(key, 0));
            return Database.Visit.CONTINUE;
          });
      batches.finish();
    }
  }

  private void setTrackingBack(Database.View view, long position) {
    Batches batches = new Batches();
    view.visit(
        LogDatabase.TRACKING,
        FIRST_KEY,
        (source, now) -> {
          byte[] before = TrackingHistory.valueAt(view, source, position);
          if (!Arrays.equals(before, now)) {
            log.setBackTracking(batches.next(), source, before);
          }
          return Database.Visit.CONTINUE;
        });
    batches.finish();
  }

  private void dropHistory(Database.View view, long position) {
    Batches batches = new Batches();
    view.visit(
        TrackingHistory.FAMILY,
        FIRST_KEY,
        (key, _) -> {
          if (TrackingHistory.atOf(key) > position) {
            log.removeFromHistory(batches.next(), key);
          }
          return Database.Visit.CONTINUE;
        });
    batches.finish();
  }

  /** Of streams that were created later. */
  private void dropCreated(Database.View view) {
    EncodedEvent last = log.lastEvent();
    Instant end = last == null ? Instant.MIN : last.summary().recordedAt();
    Batches batches = new Batches();
    view.visit(
        LogDatabase.CREATED,
        FIRST_KEY,
        (stream, value) -> {
          if (LogDatabase.toCreatedAt(value).isAfter(end)) {
            log.removeCreated(batches.next(), stream);
          }
          return Database.Visit.CONTINUE;
        });
    batches.finish();
  }

  /** Batches of bounded length, each written when it is full. */
  private final class Batches {
    private BatchBytes batch = new BatchBytes(64 * DELETED_AT_ONCE);
    private int count;

    /** The batch that takes the next change. */
    BatchBytes next() {
      if (count++ == DELETED_AT_ONCE) {
        log.write(batch);
        batch = new BatchBytes(64 * DELETED_AT_ONCE);
        count = 1;
      }
      return batch;
    }

    void finish() {
      if (!batch.isEmpty()) {
        log.write(batch);
      }
    }
  }
}
