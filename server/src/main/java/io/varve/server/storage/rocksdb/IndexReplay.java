package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the index level with the log when a data folder is opened: after a crash the last few
 * seconds' events, after the index was removed all of them. Outlines are enough for that, so the
 * archive is not needed: system streams, which say what was decided about others, stay whole.
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
  private final TermSegments segments;
  private final Map<StreamId, StreamHead> heads = new HashMap<>();
  private final LongConsumer reached;
  private long lastStreamNumber;

  /** Positions without an event that have been met. */
  private long holes;

  IndexReplay(LogDatabase logDatabase, IndexDatabase index, TermSegments segments) {
    this(logDatabase, index, segments, _ -> {});
  }

  /**
   * @param reached hears each position up to which the index has come
   */
  IndexReplay(
      LogDatabase logDatabase, IndexDatabase index, TermSegments segments, LongConsumer reached) {
    this.reached = reached;
    this.logDatabase = logDatabase;
    this.index = index;
    this.segments = segments;
  }

  /**
   * Replays what the index lacks, and brings back into memory the open segment, which it never has.
   *
   * @param headPosition how far the log has come; not behind the index
   */
  void catchUp(long headPosition) {
    long indexed = index.progress().position();
    lastStreamNumber = index.lastStreamNumber();
    remember(index.progress().openFrom(), indexed);
    if (indexed == headPosition) {
      return;
    }
    log.info("replaying positions {} to {} into the index", indexed + 1, headPosition);
    long next = indexed + 1;
    while (next <= headPosition) {
      EventPage page = logDatabase.readOutlines(next, headPosition, STEP_BYTES);
      replay(page, next);
      next = page.reached() + 1;
      reached.accept(page.reached());
    }
  }

  /** Events that are in the index, but for their terms. */
  private void remember(long from, long to) {
    long next = from;
    while (next <= to) {
      EventPage page = logDatabase.readOutlines(next, to, STEP_BYTES);
      BatchBytes batch = new BatchBytes(0);
      for (EventRun run : page.runs()) {
        for (EncodedEvent event : run.events()) {
          addTerms(batch, event.summary());
        }
      }
      if (!batch.isEmpty()) { // another release's segments were longer
        index.addProgressTo(batch, to, lastStreamNumber, segments.openFrom());
        index.write(batch);
        segments.writtenUpTo(segments.openFrom());
      }
      next = page.reached() + 1;
    }
  }

  private void addTerms(BatchBytes batch, EventSummary event) {
    TermSegment full =
        segments.add(
            new IndexedEvent(event.position(), event.stream(), event.type(), event.tags()));
    if (full != null) {
      index.terms().addTo(batch, full);
    }
  }

  private void replay(EventPage page, long firstPosition) {
    BatchBytes batch = new BatchBytes(2 * STEP_BYTES);
    long due = firstPosition;
    for (EventRun run : page.runs()) {
      for (EncodedEvent event : run.events()) {
        EventSummary summary = event.summary();
        holes += summary.position() - due;
        due = summary.position() + 1;
        StreamHead head = follow(batch, summary);
        index.addTo(
            batch,
            summary.stream(),
            head.number(),
            summary.recordedAt(),
            head.version(),
            summary.position(),
            summary.id(),
            isArchived(summary)
                ? StoredEvent.archived(
                    EventCodec.encodeHeader(
                        summary.position(), summary.version(), summary.recordedAt()))
                : Arrays.copyOfRange(event.bytes(), event.start(), event.end()),
            NOTHING);
        addTerms(batch, summary);
        if (summary.stream().equals(StreamChange.STREAM)) {
          change(
              batch,
              StreamChange.fromJson(summary.position(), summary.type(), event.decode().data()));
        }
      }
    }
    long behind = page.reached() + 1 - due;
    holes += behind;
    if (index.archivedThrough() >= firstPosition - 1) {
      index.addArchivedTo(batch, Math.min(page.reached(), logDatabase.archivedThrough()));
    }
    index.addReclaimedTo(batch, page.reached() + 1 - firstPosition - page.count());
    index.addProgressTo(batch, page.reached(), lastStreamNumber, segments.openFrom());
    index.write(batch);
    segments.writtenUpTo(segments.openFrom());
    if (heads.size() > MAX_HEADS) {
      heads.clear();
    }
  }

  private boolean isArchived(EventSummary event) {
    return event.position() <= logDatabase.archivedThrough() && !event.stream().isSystem();
  }

  /** The stream's head with this event in it. */
  private StreamHead follow(BatchBytes batch, EventSummary event) {
    StreamHead before = head(event.stream());
    long missing = event.version() - before.version() - 1;
    if (missing < 0 || missing > holes) { // none but what was reclaimed is missing
      throw new DamagedDataException(
          event.position(),
          "stream "
              + event.stream()
              + " has version "
              + event.version()
              + " at position "
              + event.position()
              + " where version "
              + (before.version() + 1)
              + " was due");
    }
    long number = before.number() == 0 ? ++lastStreamNumber : before.number();
    Instant createdAt = before.createdAt();
    if (before.number() == 0) {
      Instant known = event.version() == 1 ? null : logDatabase.createdAt(event.stream());
      createdAt = known == null ? event.recordedAt() : known;
      index.putName(batch, event.stream(), number, createdAt);
    }
    StreamHead after =
        new StreamHead(
            number,
            event.version(),
            event.position(),
            event.recordedAt(),
            createdAt,
            before.state());
    heads.put(event.stream(), after);
    return after;
  }

  /**
   * Takes up what has been decided about a stream, and where the stream stood if its events have
   * been reclaimed.
   */
  private void change(BatchBytes batch, StreamChange change) {
    index.putState(batch, change);
    StreamHead known = head(change.stream());
    StreamHead said = change.head();
    if (said.version() <= known.version()) {
      heads.put(change.stream(), known.in(said.state()));
      return;
    }
    long number = known.number() == 0 ? ++lastStreamNumber : known.number();
    if (known.number() == 0) {
      index.putName(batch, change.stream(), number, said.createdAt());
    }
    heads.put(
        change.stream(),
        new StreamHead(
            number,
            said.version(),
            said.lastPosition(),
            said.lastRecordedAt(),
            known.number() == 0 ? said.createdAt() : known.createdAt(),
            said.state()));
  }

  private StreamHead head(StreamId stream) {
    StreamHead head = heads.get(stream);
    return head == null ? index.streamHead(stream) : head;
  }
}
