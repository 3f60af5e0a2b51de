package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StreamHead;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the index level with the log when a data folder is opened: after a crash the last few
 * seconds' events, after the index was removed all of them.
 */
final class IndexReplay {
  private static final Logger log = LoggerFactory.getLogger(IndexReplay.class);

  /** How much of the log is taken at a time, and written to the index as one batch. */
  private static final int STEP_BYTES = 4 * 1024 * 1024;

  /** Heads of streams met in the replay; forgotten together when there are too many to keep. */
  private static final int MAX_HEADS = 100_000;

  private static final byte[] NOTHING = {};

  private final LogDatabase logDatabase;
  private final IndexDatabase index;
  private final Map<StreamId, StreamHead> heads = new HashMap<>();
  private long lastStreamNumber;

  IndexReplay(LogDatabase logDatabase, IndexDatabase index) {
    this.logDatabase = logDatabase;
    this.index = index;
  }

  /**
   * Replays what the index lacks.
   *
   * @param headPosition how far the log has come; not behind the index
   */
  void catchUp(long headPosition) {
    long indexed = index.progress().position();
    lastStreamNumber = index.lastStreamNumber();
    if (indexed == headPosition) {
      return;
    }
    log.info("replaying positions {} to {} into the index", indexed + 1, headPosition);
    long next = indexed + 1;
    while (next <= headPosition) {
      EventPage page = logDatabase.read(next, headPosition, STEP_BYTES);
      if (page.isEmpty()) {
        throw new DamagedDataException(next, "the log has no event at position " + next);
      }
      replay(page, next);
      next = page.lastPosition() + 1;
    }
  }

  private void replay(EventPage page, long firstPosition) {
    BatchBytes batch = new BatchBytes(2 * STEP_BYTES);
    long expected = firstPosition;
    for (EventRun run : page.runs()) {
      for (EncodedEvent event : run.events()) {
        EventSummary summary = event.summary();
        if (summary.position() != expected) {
          throw new DamagedDataException(expected, "the log has no event at position " + expected);
        }
        expected++;
        StreamHead head = follow(summary);
        index.addTo(
            batch,
            summary.stream(),
            head.number(),
            head.version(),
            summary.position(),
            summary.id(),
            Arrays.copyOfRange(event.bytes(), event.start(), event.end()),
            NOTHING);
      }
    }
    index.addProgressTo(batch, page.lastPosition(), lastStreamNumber);
    index.write(batch);
    if (heads.size() > MAX_HEADS) {
      heads.clear();
    }
  }

  /** The stream's head with this event in it. */
  private StreamHead follow(EventSummary event) {
    StreamHead before = heads.get(event.stream());
    if (before == null) {
      before = index.streamHead(event.stream());
    }
    StreamHead after =
        before == null
            ? new StreamHead(++lastStreamNumber, 1)
            : new StreamHead(before.number(), before.version() + 1);
    if (event.version() != after.version()) {
      throw new DamagedDataException(
          event.position(),
          "stream "
              + event.stream()
              + " has version "
              + event.version()
              + " at position "
              + event.position()
              + " where version "
              + after.version()
              + " was due");
    }
    heads.put(event.stream(), after);
    return after;
  }
}
