package io.varve.server.storage.rocksdb;

import io.varve.server.storage.IndexedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The newest segments of the log, in memory: the open one that events are added to, full ones that
 * have not been written yet, and the newest that has been.
 */
final class TermSegments {
  /*
   *   positions   1 ........................... | ......... | ......... | ......
   *               in the database               | kept      | full      | open
   *                                             |<----------- held ------------>
   *
   * The thread that builds commits adds; a segment that it fills goes into that commit. The thread that writes lets
   * go of what is in the database, and only after the head has moved. So at every moment each position is in the
   * database or in a segment that is held; what is held below the head's position may be in both.
   *
   * Readers take the list of what is held first, in one volatile read, and use the database for the positions below:
   * what has left the list by then is in the database. A list that has grown old stays true.
   *
   * The newest written segment is kept because conditions are mostly about the last few events: they are answered
   * from memory, and when a segment has just been filled as fast as ever.
   */
  private final AtomicReference<List<TermSegment>> held = new AtomicReference<>(List.of());

  private final long firstPosition;
  private final IndexBounds bounds;

  /** Terms of the positions below are in the database; set by the writing thread. */
  private volatile long writtenFrom;

  // The adding thread's.
  private @Nullable TermSegment open;
  private long nextPosition;

  /**
   * @param firstPosition the first position whose terms are not in the database
   */
  TermSegments(long firstPosition, IndexBounds bounds) {
    this.firstPosition = firstPosition;
    this.bounds = bounds;
    this.nextPosition = firstPosition;
    this.writtenFrom = firstPosition;
  }

  /** The first position that this has ever had or will have; those below are in the database. */
  long firstPosition() {
    return firstPosition;
  }

  /**
   * Adds the next event. Returns the segment if it is full with it: its postings belong into the
   * same batch as the event.
   */
  @Nullable TermSegment add(IndexedEvent event) {
    if (event.position() < nextPosition) {
      throw new IllegalStateException(
          "position " + event.position() + " comes after position " + (nextPosition - 1));
    }
    TermSegment segment = open;
    if (segment == null) {
      segment = new TermSegment(event.position(), bounds);
      segment.add(event);
      open = segment;
      grow(segment);
    } else {
      segment.add(event);
    }
    nextPosition = event.position() + 1;
    if (!segment.isFull()) {
      return null;
    }
    open = null;
    return segment;
  }

  private void grow(TermSegment segment) {
    held.updateAndGet(
        before -> {
          List<TermSegment> after = new ArrayList<>(before);
          after.add(segment);
          return List.copyOf(after);
        });
  }

  /** The position after the newest. For the adding thread. */
  long nextPosition() {
    return nextPosition;
  }

  /**
   * From which position on terms are in no segment that is full: the open segment's first. For the
   * adding thread.
   */
  long openFrom() {
    TermSegment segment = open;
    return segment == null ? nextPosition : segment.firstPosition();
  }

  /**
   * Lets go of segments that are in the database and below the head, all but the newest.
   *
   * @param position the first position whose terms are not in the database
   */
  void writtenUpTo(long position) {
    writtenFrom = Math.max(writtenFrom, position); // no other thread sets it
    List<TermSegment> now = held.get();
    if (now.size() > 2 && now.get(1).lastPosition() < position) {
      held.updateAndGet(before -> withoutWritten(before, position));
    }
  }

  private static List<TermSegment> withoutWritten(List<TermSegment> segments, long position) {
    int first = 0;
    while (first + 2 < segments.size() && segments.get(first + 1).lastPosition() < position) {
      first++;
    }
    return List.copyOf(segments.subList(first, segments.size()));
  }

  /** Where the postings of an event are. */
  enum Place {
    /** In the database. */
    WRITTEN,
    /** Nowhere, nor will they ever be. */
    NOWHERE,
    /** On their way into the database. */
    BEING_WRITTEN
  }

  /**
   * Forgets an event that has been reclaimed, and says where there is more to be done about it.
   * From any thread.
   */
  Place forget(long position) {
    long written = writtenFrom;
    for (TermSegment segment : held.get().reversed()) {
      if (position >= segment.firstPosition()) {
        if (segment.forget(position)) {
          return Place.NOWHERE;
        }
        return position < written ? Place.WRITTEN : Place.BEING_WRITTEN;
      }
    }
    return Place.WRITTEN;
  }

  IndexBounds bounds() {
    return bounds;
  }

  /** The segments in memory, oldest first. */
  List<TermSegment> held() {
    return held.get();
  }
}
