package io.varve.server.query;

import io.varve.server.storage.EventStorage;
import io.varve.server.storage.Positions;
import java.util.function.Supplier;

/**
 * Candidates of a read that are known already, so that the index need not be asked anew for each
 * page: what is at or below a head stays what it is. They are plain numbers; nothing of the index
 * is held on to. Used by one thread at a time.
 */
final class Ahead {
  private static final int FIRST = 64;
  private static final int MOST = 1_024;

  private final boolean backwards;

  // Every candidate from low to high, both inclusive, in reading order.
  private long[] known = {};
  private int count;
  private long low = 1;
  private long high;
  private int next;

  private int most;

  /**
   * @param wanted so many candidates are enough to begin with; 0 for no idea
   */
  Ahead(boolean backwards, long wanted) {
    this.backwards = backwards;
    this.most = wanted == 0 ? FIRST : (int) Math.min(wanted, FIRST);
  }

  boolean isBackwards() {
    return backwards;
  }

  /**
   * The next candidate from a place on, in reading order; {@link Positions#END} or {@link
   * Positions#START} when there is none up to {@code to}.
   *
   * @param to at or below the head, see {@link EventStorage#head}
   * @param index opens what is asked if the candidate is not known
   */
  long seek(long from, long to, Supplier<Positions> index) {
    long at = from;
    while (backwards ? at >= to : at <= to) {
      if (at < low || at > high) {
        take(at, to, index.get());
      }
      while (next > 0 && !isBefore(known[next - 1], at)) {
        next--; // asked again for a place that was passed
      }
      while (next < count && isBefore(known[next], at)) {
        next++;
      }
      if (next < count) {
        return known[next];
      }
      at = backwards ? low - 1 : high + 1;
    }
    return backwards ? Positions.START : Positions.END;
  }

  private boolean isBefore(long candidate, long place) {
    return backwards ? candidate > place : candidate < place;
  }

  private void take(long from, long to, Positions candidates) {
    if (known.length < most) {
      known = new long[most];
    }
    count = 0;
    next = 0;
    long at = seek(candidates, from);
    while (count < most && (backwards ? at >= to : at <= to)) {
      known[count++] = at;
      at = seek(candidates, backwards ? at - 1 : at + 1);
    }
    long end = count < most ? to : known[count - 1];
    low = backwards ? end : from;
    high = backwards ? from : end;
    most = Math.min(MOST, 2 * most);
  }

  private long seek(Positions candidates, long from) {
    return backwards ? candidates.atOrBefore(from) : candidates.atOrAfter(from);
  }
}
