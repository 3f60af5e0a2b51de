package io.varve.server.storage;

import java.util.List;

/**
 * A bounded piece of a read: runs of events in the order of the reading. In a page read backwards
 * each run holds one event.
 *
 * <p>What has been looked at and what was found are two things: a page may be empty though the read
 * goes on. A read is at its end when {@code reached} is the end of its range.
 *
 * @param runs the events; may be empty
 * @param reached the last place that was looked at, in reading order: a position in the log, a
 *     version in a stream. The read goes on behind it. In a page of an empty range it is the
 *     range's end.
 */
public record EventPage(List<EventRun> runs, long reached) {

  /** A page without events. */
  public static EventPage empty(long reached) {
    return new EventPage(List.of(), reached);
  }

  /** A page of one run of the log, and nothing looked at behind it. */
  public static EventPage of(EventRun run) {
    return new EventPage(List.of(run), run.lastPosition());
  }

  public boolean isEmpty() {
    return runs.isEmpty();
  }

  /** How many events the page holds. */
  public int count() {
    int count = 0;
    for (EventRun run : runs) {
      count += run.count();
    }
    return count;
  }

  /** How many bytes the frames take. */
  public int length() {
    int length = 0;
    for (EventRun run : runs) {
      length += run.length();
    }
    return length;
  }

  /** The position of the last event in reading order. Not for an empty page. */
  public long lastPosition() {
    return runs.getLast().lastPosition();
  }
}
