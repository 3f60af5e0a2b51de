package io.varve.server.storage.rocksdb;

import io.varve.server.event.Tracking;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.Head;
import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.StreamChange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A commit as two batches of bytes: chunks for the log, and for the index single events with their
 * names and ids, and the postings of the segments that it fills.
 */
final class RocksDbCommit implements Commit {
  private static final int FIRST_CHUNK_BYTES = 4 * 1024;

  private final LogDatabase logDatabase;
  private final HeadMark mark;
  private final IndexDatabase index;
  private final TermSegments segments;
  private final Head head;

  private final BatchBytes indexBatch = new BatchBytes(2 * FIRST_CHUNK_BYTES);
  private final List<EventRun> runs = new ArrayList<>();
  private EventRunBuilder chunk = new EventRunBuilder(FIRST_CHUNK_BYTES);
  private final List<Tracked> tracking = new ArrayList<>();
  private boolean sealed;
  private int count;
  private long bytes;
  private @Nullable AssignedEvent last;
  private long highestStreamNumber;
  private long openFrom;

  /**
   * A consumer's progress.
   *
   * @param after the last position of what it belongs to; 0: of what was there before the commit
   */
  private record Tracked(Tracking progress, long after) {}

  RocksDbCommit(
      LogDatabase logDatabase,
      HeadMark mark,
      IndexDatabase index,
      TermSegments segments,
      Head head) {
    this.logDatabase = logDatabase;
    this.mark = mark;
    this.index = index;
    this.segments = segments;
    this.head = head;
  }

  @Override
  public void add(AssignedEvent event) {
    if (sealed) {
      throw new IllegalStateException("the commit is sealed");
    }
    check(event);
    byte[] header = EventCodec.encodeHeader(event.position(), event.version(), event.recordedAt());
    int size = header.length + event.body().length;
    if (chunk.count() > 0 && chunk.length() + size > Chunk.TARGET_BYTES) {
      runs.add(chunk.build());
      chunk = new EventRunBuilder(Math.max(size + 8, Chunk.TARGET_BYTES));
    }
    chunk.add(header, event.body(), event.position());
    index.addTo(
        indexBatch,
        event.stream(),
        event.streamNumber(),
        event.recordedAt(),
        event.version(),
        event.position(),
        event.id(),
        header,
        event.body());
    TermSegment full =
        segments.add(
            new IndexedEvent(event.position(), event.stream(), event.type(), event.tags()));
    if (full != null) {
      index.terms().addTo(indexBatch, full);
    }
    openFrom = segments.openFrom();
    if (event.stream().equals(StreamChange.STREAM)) {
      index.putState(indexBatch, changeIn(header, event));
    }
    highestStreamNumber = Math.max(highestStreamNumber, event.streamNumber());
    last = event;
    count++;
    bytes += size;
  }

  /** What an event of the system stream records. */
  private static StreamChange changeIn(byte[] header, AssignedEvent event) {
    EventRunBuilder run = new EventRunBuilder(header.length + event.body().length + 8);
    run.add(header, event.body(), event.position());
    return StreamChange.fromJson(
        event.position(), event.type(), run.build().events().getFirst().decode().data());
  }

  @Override
  public void track(Tracking progress) {
    AssignedEvent before = last;
    tracking.add(new Tracked(progress, before == null ? 0 : before.position()));
  }

  private void check(AssignedEvent event) {
    if (event.position() != segments.nextPosition()) {
      throw new IllegalStateException(
          "position " + event.position() + " does not follow " + (segments.nextPosition() - 1));
    }
    AssignedEvent before = last;
    if (before != null && event.recordedAt().isBefore(before.recordedAt())) {
      throw new IllegalStateException("recorded_at falls at position " + event.position());
    }
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public List<EventRun> runs() {
    seal();
    return Collections.unmodifiableList(runs);
  }

  private void seal() {
    if (!sealed) {
      sealed = true;
      if (chunk.count() > 0) {
        runs.add(chunk.build());
      }
    }
  }

  @Override
  public void write() {
    seal();
    if (last == null && tracking.isEmpty()) {
      return;
    }
    BatchBytes logBatch =
        new BatchBytes(Math.toIntExact(bytes + 16L * count + 64L * runs.size() + 64));
    for (EventRun run : runs) {
      logDatabase.addTo(logBatch, run);
    }
    for (Tracked tracked : tracking) { // in their order: the last one of a source counts
      Tracking progress = tracked.progress();
      logDatabase.addTracking(
          logBatch,
          progress.source(),
          progress.position(),
          tracked.after() == 0 ? head.position() : tracked.after());
    }
    if (last != null) {
      checkFollowsHead();
    }
    logDatabase.write(logBatch);
    if (last != null) {
      mark.raiseTo(last.position());
      index.addProgressTo(indexBatch, last.position(), highestStreamNumber, openFrom);
      index.write(indexBatch);
      head.advance(last.position());
      // Not before: what is above the head is in memory, and whoever counts on that must find it.
      segments.writtenUpTo(openFrom);
    }
  }

  private void checkFollowsHead() {
    long first = runs.getFirst().firstPosition();
    if (first != head.position() + 1) {
      throw new IllegalStateException(
          "a commit from position " + first + " does not follow the head at " + head.position());
    }
  }
}
