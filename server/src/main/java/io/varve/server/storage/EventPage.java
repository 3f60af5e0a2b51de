package io.varve.server.storage;

import java.util.List;

/**
 * A bounded piece of a read: runs of events in the order of the reading. In a page read backwards
 * each run holds one event.
 *
 * @param runs the events; empty when the range holds none
 */
public record EventPage(List<EventRun> runs) {
  private static final EventPage EMPTY = new EventPage(List.of());

  /** The page of an empty range. */
  public static EventPage empty() {
    return EMPTY;
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
