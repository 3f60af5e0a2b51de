package io.varve.server.read;

/**
 * Places still to be read, as versions or positions.
 *
 * @param from the next place, inclusive
 * @param to the last place, inclusive; lower than {@code from} when backwards
 * @param backwards the direction
 * @param limit at most this many events; 0 for no limit
 */
record Range(long from, long to, boolean backwards, long limit) {

  boolean isEmpty() {
    return backwards ? from < to || from < 1 : from > to;
  }

  /** As many of this range's places as there may be events: all of them without a limit. */
  Range withinLimit() {
    if (limit == 0) {
      return this;
    }
    if (backwards) {
      return new Range(from, Math.max(to, from - limit + 1), true, limit);
    }
    long end = limit > to - from ? to : from + limit - 1;
    return new Range(from, end, false, limit);
  }

  /** The rest, once everything up to and including a place has been read. */
  Range after(long place) {
    return new Range(backwards ? place - 1 : place + 1, to, backwards, limit);
  }

  Range withLimit(long newLimit) {
    return new Range(from, to, backwards, newLimit);
  }
}
