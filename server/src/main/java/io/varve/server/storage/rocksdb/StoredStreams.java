package io.varve.server.storage.rocksdb;

import io.varve.server.storage.Positions;
import java.util.Arrays;

/**
 * The positions of the events of some streams, merged: searched for by version, since in a stream
 * positions rise with versions. Some versions may be missing.
 */
final class StoredStreams implements Positions {
  private final IndexDatabase index;
  private final long[] numbers;
  private final long until;

  /*
   * For each stream the last answer, and to what: between the two there is no other position of that stream, so the
   * answer stands for every question in between.
   */
  private final long[] asked;
  private final long[] answers;
  private final long[] versions; // of the answers; 0 where there is none
  private boolean upwards = true;

  /**
   * @param numbers the streams
   * @param until the first position that is not looked for here
   */
  StoredStreams(IndexDatabase index, long[] numbers, long until) {
    this.index = index;
    this.numbers = numbers;
    this.until = until;
    this.asked = new long[numbers.length];
    this.answers = new long[numbers.length];
    this.versions = new long[numbers.length];
    forget();
  }

  private void forget() {
    Arrays.fill(asked, 0);
    Arrays.fill(answers, upwards ? -1 : Long.MAX_VALUE);
    Arrays.fill(versions, 0);
  }

  private void turn(boolean nowUpwards) {
    if (upwards != nowUpwards) {
      upwards = nowUpwards;
      forget();
    }
  }

  @Override
  public long atOrAfter(long position) {
    if (position >= until || numbers.length == 0) {
      return END;
    }
    turn(true);
    long lowest = END;
    boolean stale = false;
    for (int i = 0; i < numbers.length; i++) {
      if (asked[i] <= position && position <= answers[i]) {
        lowest = Math.min(lowest, answers[i]);
      } else {
        stale = true;
      }
    }
    if (stale) {
      lowest = index.seekStreams(seeker -> renewUpwards(seeker, position));
    }
    return lowest < until ? lowest : END;
  }

  private long renewUpwards(Database.Seeker seeker, long position) {
    long lowest = END;
    for (int i = 0; i < numbers.length; i++) {
      if (asked[i] > position || position > answers[i]) {
        searchUpwards(seeker, i, position);
      }
      lowest = Math.min(lowest, answers[i]);
    }
    return lowest;
  }

  private void searchUpwards(Database.Seeker seeker, int i, long position) {
    // In ever longer steps from a version that is known to be too low, then by halving.
    long tooLow = versions[i] > 0 && answers[i] < position ? versions[i] : 0;
    long step = 1;
    long foundVersion = 0;
    long foundPosition = END;
    long high;
    while (true) {
      high = tooLow + step;
      if (!standsOn(seeker, i, seeker.atOrAfter(Keys.ofStreamVersion(numbers[i], high)))) {
        break;
      }
      long version = Keys.toLong(seeker.key(), Long.BYTES);
      long at = IndexDatabase.positionAt(seeker);
      if (at >= position) {
        foundVersion = version;
        foundPosition = at;
        break;
      }
      tooLow = version;
      step *= 2;
    }
    while (high - tooLow > 1) {
      long middle = tooLow + (high - tooLow) / 2;
      boolean there =
          standsOn(seeker, i, seeker.atOrAfter(Keys.ofStreamVersion(numbers[i], middle)));
      long at = there ? IndexDatabase.positionAt(seeker) : END;
      if (at >= position) {
        high = middle;
        foundVersion = there ? Keys.toLong(seeker.key(), Long.BYTES) : 0;
        foundPosition = at;
      } else {
        tooLow = Keys.toLong(seeker.key(), Long.BYTES);
      }
    }
    asked[i] = position;
    answers[i] = foundPosition;
    versions[i] = foundVersion;
  }

  @Override
  public long atOrBefore(long position) {
    long from = Math.min(position, until - 1);
    if (from < 1 || numbers.length == 0) {
      return START;
    }
    turn(false);
    long highest = START;
    boolean stale = false;
    for (int i = 0; i < numbers.length; i++) {
      if (answers[i] <= from && from <= asked[i]) {
        highest = Math.max(highest, answers[i]);
      } else {
        stale = true;
      }
    }
    return stale ? index.seekStreams(seeker -> renewDownwards(seeker, from)) : highest;
  }

  private long renewDownwards(Database.Seeker seeker, long position) {
    long highest = START;
    for (int i = 0; i < numbers.length; i++) {
      if (answers[i] > position || position > asked[i]) {
        searchDownwards(seeker, i, position);
      }
      highest = Math.max(highest, answers[i]);
    }
    return highest;
  }

  private void searchDownwards(Database.Seeker seeker, int i, long position) {
    long tooHigh = versions[i] > 0 && answers[i] > position ? versions[i] : 0;
    if (tooHigh == 0) {
      byte[] last = Keys.ofStreamVersion(numbers[i], Long.MAX_VALUE);
      boolean there = standsOn(seeker, i, seeker.atOrBefore(last));
      tooHigh = there ? Keys.toLong(seeker.key(), Long.BYTES) + 1 : 1;
    }
    long step = 1;
    long foundVersion = 0;
    long foundPosition = START;
    long low;
    while (true) {
      low = Math.max(0, tooHigh - step);
      if (low == 0
          || !standsOn(seeker, i, seeker.atOrBefore(Keys.ofStreamVersion(numbers[i], low)))) {
        break;
      }
      long version = Keys.toLong(seeker.key(), Long.BYTES);
      long at = IndexDatabase.positionAt(seeker);
      if (at <= position) {
        foundVersion = version;
        foundPosition = at;
        break;
      }
      tooHigh = version;
      step *= 2;
    }
    while (tooHigh - low > 1) {
      long middle = low + (tooHigh - low) / 2;
      boolean there =
          standsOn(seeker, i, seeker.atOrBefore(Keys.ofStreamVersion(numbers[i], middle)));
      long at = there ? IndexDatabase.positionAt(seeker) : START;
      if (at <= position) {
        low = middle;
        foundVersion = there ? Keys.toLong(seeker.key(), Long.BYTES) : 0;
        foundPosition = at;
      } else {
        tooHigh = Keys.toLong(seeker.key(), Long.BYTES);
      }
    }
    asked[i] = position;
    answers[i] = foundPosition;
    versions[i] = foundVersion;
  }

  private boolean standsOn(Database.Seeker seeker, int i, boolean onKey) {
    return onKey && Keys.toLong(seeker.key(), 0) == numbers[i];
  }
}
