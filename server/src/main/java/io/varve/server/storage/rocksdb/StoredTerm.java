package io.varve.server.storage.rocksdb;

import io.varve.server.storage.Positions;
import io.varve.server.storage.TermKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The positions of one term that are in the database, taken from it a few segments at a time: one
 * to begin with, more the longer they are gone through one after the other.
 */
final class StoredTerm implements Positions {
  private static final int MAX_SEGMENTS_AT_ONCE = 32;
  private static final int ENOUGH_POSITIONS = 1_024;
  private static final long[] NONE = {};

  private final IndexedTerms terms;
  private final TermKind kind;
  private final byte[] term;
  private final long until;

  /** All positions of the term from {@code low} to {@code high}, both inclusive. */
  private long[] window = NONE;

  private long low = 1;
  private long high;
  private int segmentsAtOnce = 1;

  /**
   * @param until the first position that is not looked for here
   */
  StoredTerm(IndexedTerms terms, TermKind kind, String text, long until) {
    this.terms = terms;
    this.kind = kind;
    this.term = Postings.bytes(text);
    this.until = until;
  }

  @Override
  public long atOrAfter(long position) {
    long from = Math.max(1, position);
    while (from < until) {
      if (from < low || from > high) {
        takeUpwards(from);
      }
      int found = place(from);
      if (found < window.length) {
        return window[found];
      }
      from = high + 1;
    }
    return END;
  }

  @Override
  public long atOrBefore(long position) {
    long from = Math.min(position, until - 1);
    while (from >= 1) {
      if (from < low || from > high) {
        takeDownwards(from);
      }
      int found = place(from + 1) - 1;
      if (found >= 0) {
        return window[found];
      }
      from = low - 1;
    }
    return START;
  }

  /** Where the first position of the window that is not below another stands. */
  private int place(long position) {
    int found = Arrays.binarySearch(window, position);
    return found < 0 ? -found - 1 : found;
  }

  private void takeUpwards(long from) {
    segmentsAtOnce = from == high + 1 ? Math.min(2 * segmentsAtOnce, MAX_SEGMENTS_AT_ONCE) : 1;
    List<long[]> taken = new ArrayList<>();
    long reached =
        terms.seek(
            kind,
            Postings.key(term, until),
            seeker -> {
              int count = 0;
              boolean onKey = toFloor(seeker, from);
              // The floor's segment may end before, so it does not count.
              for (int segments = 0; onKey; onKey = toNext(seeker)) {
                long[] positions =
                    Postings.positions(Postings.segmentOf(seeker.key()), seeker.value());
                long last = positions[positions.length - 1];
                if (last < from) {
                  continue;
                }
                taken.add(positions);
                count += positions.length;
                if (++segments >= segmentsAtOnce || count >= ENOUGH_POSITIONS) {
                  return last;
                }
              }
              return until - 1;
            });
    low = from;
    high = Math.max(from, Math.min(reached, until - 1));
    window = within(taken);
  }

  private void takeDownwards(long from) {
    segmentsAtOnce = from == low - 1 ? Math.min(2 * segmentsAtOnce, MAX_SEGMENTS_AT_ONCE) : 1;
    List<long[]> taken = new ArrayList<>();
    long reached =
        terms.seek(
            kind,
            Postings.key(term, until),
            seeker -> {
              int count = 0;
              boolean onKey = seeker.atOrBefore(Postings.key(term, from)) && toTermDown(seeker);
              for (int segments = 0; onKey; onKey = seeker.previous() && toTermDown(seeker)) {
                long[] positions =
                    Postings.positions(Postings.segmentOf(seeker.key()), seeker.value());
                if (positions[0] > from) {
                  continue;
                }
                taken.addFirst(positions);
                count += positions.length;
                if (++segments >= segmentsAtOnce || count >= ENOUGH_POSITIONS) {
                  return positions[0];
                }
              }
              return 1L;
            });
    low = Math.min(from, reached);
    high = from;
    window = within(taken);
  }

  /** What is within the bounds of what has been taken. */
  private long[] within(List<long[]> taken) {
    int total = 0;
    for (long[] positions : taken) {
      total += positions.length;
    }
    long[] all = new long[total];
    int count = 0;
    for (long[] positions : taken) {
      for (long position : positions) {
        if (position >= low && position <= high) {
          all[count++] = position;
        }
      }
    }
    return count == total ? all : Arrays.copyOf(all, count);
  }

  /** To the term's last segment that begins at or before a position, or else its first. */
  private boolean toFloor(Database.Seeker seeker, long position) {
    if (seeker.atOrBefore(Postings.key(term, position)) && toTermDown(seeker)) {
      return true;
    }
    return seeker.atOrAfter(Postings.key(term, position)) && toTermUp(seeker);
  }

  private boolean toNext(Database.Seeker seeker) {
    return seeker.next() && toTermUp(seeker);
  }

  // A term that holds a NUL could have its keys between this one's: they are longer.

  private boolean toTermUp(Database.Seeker seeker) {
    do {
      byte[] key = seeker.key();
      if (!startsWithTerm(key)) {
        return false;
      }
      if (Postings.isOfTerm(key, term)) {
        return true;
      }
    } while (seeker.next());
    return false;
  }

  private boolean toTermDown(Database.Seeker seeker) {
    do {
      byte[] key = seeker.key();
      if (!startsWithTerm(key)) {
        return false;
      }
      if (Postings.isOfTerm(key, term)) {
        return true;
      }
    } while (seeker.previous());
    return false;
  }

  private boolean startsWithTerm(byte[] key) {
    return key.length > term.length
        && key[term.length] == 0
        && Arrays.equals(key, 0, term.length, term, 0, term.length);
  }
}
