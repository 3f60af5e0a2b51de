package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StorageException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/**
 * Goes through the chunks of a log from the first to the last: each matches its checksum, each
 * position is covered once, each event can be read, times never fall. Hands on every event.
 */
final class LogCheck {
  private static final String DAMAGED_CHUNK = "damaged chunks of the log";
  private static final String GAP = "positions that no chunk of the log covers";
  private static final String EVENT = "events of the log that are not as they should be";

  /** After so many bytes others are told, and may pause. */
  private static final int STEP_BYTES = 1024 * 1024;

  private static final long UNKNOWN = -1;

  private final Database.View log;
  private final Findings findings;
  private final CatalogueCheck catalogue;

  private long last;
  private long events;
  private long holes;
  private boolean complete = true;
  private Instant recordedAt = Instant.MIN;

  /**
   * An event of the log.
   *
   * @param outline whether its chunk holds outlines
   * @param archived whether an archive segment covers its position
   */
  record Seen(EncodedEvent event, EventSummary summary, boolean outline, boolean archived) {
    /** Whether all of it is in the log. */
    boolean isWhole() {
      return !outline || summary.stream().isSystem();
    }
  }

  /** Sees each event that can be read. */
  interface EventVisitor {
    void visit(Seen seen);
  }

  LogCheck(Database.View log, Findings findings) {
    this.log = log;
    this.findings = findings;
    this.catalogue = new CatalogueCheck(log, findings);
  }

  /** The last position that a chunk covers. */
  long last() {
    return last;
  }

  /** How many events there are. */
  long events() {
    return events;
  }

  /** How many positions have been reclaimed. */
  long holes() {
    return holes;
  }

  /** Whether all of the log could be read, so that it can be counted on. */
  boolean isComplete() {
    return complete;
  }

  /**
   * @param expectedLast the log's last position as far as it is known, to tell how much is done
   */
  void run(long expectedLast, EventVisitor visitor) {
    long due = 1;
    long bytes = 0;
    try {
      Database.Cursor cursor = log.cursor(LogDatabase.LOG);
      for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
        byte[] key = cursor.key();
        byte[] value = cursor.value();
        bytes += value.length;
        due = chunk(key, value, due, visitor);
        if (bytes >= STEP_BYTES) {
          findings.watch().read(bytes);
          findings.watch().examined(Math.max(0, last), Math.max(last, expectedLast));
          bytes = 0;
        }
      }
    } catch (StorageException e) {
      complete = false;
      findings.add(
          "a log that cannot be read",
          "the log cannot be read behind position " + last + ": " + e.getMessage());
    }
    findings.watch().read(bytes);
    findings.watch().examined(last, Math.max(last, expectedLast));
  }

  /** Returns the position at which the next chunk is to begin. */
  private long chunk(byte[] key, byte[] value, long due, EventVisitor visitor) {
    Chunk chunk;
    try {
      chunk = Chunk.read(key, value);
    } catch (DamagedDataException e) {
      complete = false;
      findings.add(DAMAGED_CHUNK, String.valueOf(e.getMessage()));
      last = Math.max(last, e.position());
      return UNKNOWN;
    }
    catalogue.chunk(chunk);
    long first = chunk.firstPosition();
    if (due == UNKNOWN) {
      last = Math.max(last, first - 1);
    } else if (first > due) {
      complete = false;
      findings.add(
          GAP,
          "the log has no chunk for positions " + due + " to " + (first - 1) + ": events are lost");
    } else if (first < due) {
      complete = false;
      findings.add(
          GAP, "the log's chunk at position " + first + " covers positions of the chunk before it");
    }
    long before = first - 1;
    int count = 0;
    try {
      for (EncodedEvent event : chunk.events()) {
        event.decode(); // the payload and the rest can be read, too
        EventSummary summary = event.summary();
        if (summary.position() <= before || summary.position() > chunk.lastPosition()) {
          throw new DamagedDataException(
              summary.position(),
              "the log's chunk at position "
                  + first
                  + " holds the event of position "
                  + summary.position());
        }
        before = summary.position();
        check(summary);
        count++;
        visitor.visit(
            new Seen(
                event,
                summary,
                chunk.outlined(),
                summary.position() <= catalogue.archivedThrough()));
      }
    } catch (DamagedDataException e) {
      complete = false;
      findings.add(
          EVENT, "the event behind position " + before + " cannot be read: " + e.getMessage());
    }
    events += count;
    holes += chunk.lastPosition() - first + 1 - count;
    last = Math.max(last, chunk.lastPosition());
    return chunk.lastPosition() + 1;
  }

  private void check(EventSummary event) {
    if (event.recordedAt().isBefore(recordedAt)) {
      findings.add(
          EVENT,
          "the event at position "
              + event.position()
              + " was recorded at "
              + event.recordedAt()
              + ", before the one in front of it");
    }
    recordedAt = event.recordedAt();
  }

  /** What is beside the chunks: consumers' progress, and times of creation. */
  void runBeside() {
    try {
      catalogue.finish(last);
      checkTracking();
      Database.Cursor created = log.cursor(LogDatabase.CREATED);
      for (boolean on = created.atOrAfter(new byte[0]); on; on = created.next()) {
        try {
          LogDatabase.toCreatedAt(created.value());
        } catch (DamagedDataException e) {
          findings.add("times of creation in the log", String.valueOf(e.getMessage()));
        }
      }
    } catch (StorageException e) {
      findings.add(
          "a log that cannot be read", "what is beside the log's chunks: " + e.getMessage());
    }
  }

  private void checkTracking() {
    Database.Cursor tracking = log.cursor(LogDatabase.TRACKING);
    for (boolean on = tracking.atOrAfter(new byte[0]); on; on = tracking.next()) {
      byte[] source = tracking.key();
      byte[] newest = TrackingHistory.valueAt(log, source, Long.MAX_VALUE);
      byte[] value = tracking.value();
      if (value.length != Long.BYTES
          || (newest != null && Keys.toLong(newest, 0) != Keys.toLong(value, 0))) {
        findings.add(
            "tracked positions of consumers",
            "the tracked position of source "
                + text(source)
                + " is not the last one of its history");
      }
    }
    Database.Cursor history = log.cursor(TrackingHistory.FAMILY);
    byte[] source = {};
    for (boolean on = history.atOrAfter(new byte[0]); on; on = history.next()) {
      byte[] next = TrackingHistory.sourceOf(history.key());
      if (!Arrays.equals(next, source)) {
        source = next;
        if (log.get(LogDatabase.TRACKING, source) == null) {
          findings.add(
              "tracked positions of consumers",
              "source "
                  + text(source)
                  + " has a history of tracked positions and no tracked position");
        }
      }
      if (TrackingHistory.atOf(history.key()) > last) {
        findings.add(
            "tracked positions of consumers",
            "the history of source " + text(source) + " is ahead of the log");
      }
    }
  }

  private static String text(byte[] source) {
    return new String(source, StandardCharsets.UTF_8);
  }
}
