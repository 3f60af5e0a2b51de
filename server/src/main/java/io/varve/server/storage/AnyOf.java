package io.varve.server.storage;

import java.util.Arrays;
import java.util.List;

/** The union of several lists of positions. */
final class AnyOf implements Positions {
  private final Positions[] parts;

  /*
   * For each part the last answer, and to what: it stands for every question in between, so that of many parts only
   * those are asked that have fallen behind.
   */
  private final long[] asked;
  private final long[] answers;
  private boolean upwards = true;

  AnyOf(List<Positions> parts) {
    this.parts = parts.toArray(Positions[]::new);
    this.asked = new long[this.parts.length];
    this.answers = new long[this.parts.length];
    turn(true);
  }

  private void turn(boolean nowUpwards) {
    upwards = nowUpwards;
    // A question that nothing lies between, so that every part is asked.
    Arrays.fill(asked, upwards ? Long.MAX_VALUE : Long.MIN_VALUE);
    Arrays.fill(answers, upwards ? Long.MIN_VALUE : Long.MAX_VALUE);
  }

  @Override
  public long atOrAfter(long position) {
    if (!upwards) {
      turn(true);
    }
    long lowest = END;
    for (int i = 0; i < parts.length; i++) {
      if (position < asked[i] || position > answers[i]) {
        asked[i] = position;
        answers[i] = parts[i].atOrAfter(position);
      }
      lowest = Math.min(lowest, answers[i]);
    }
    return lowest;
  }

  @Override
  public long atOrBefore(long position) {
    if (upwards) {
      turn(false);
    }
    long highest = START;
    for (int i = 0; i < parts.length; i++) {
      if (position > asked[i] || position < answers[i]) {
        asked[i] = position;
        answers[i] = parts[i].atOrBefore(position);
      }
      highest = Math.max(highest, answers[i]);
    }
    return highest;
  }
}
