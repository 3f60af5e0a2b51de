package io.varve.client.streams;

import java.time.Instant;

/**
 * What the constructors of this package check, so that what they hold always fits on the wire
 * unchanged.
 */
final class Arguments {

  /** The first and last times that the wire can carry. */
  private static final Instant FIRST_TIME = Instant.parse("0001-01-01T00:00:00Z");

  private static final Instant LAST_TIME = Instant.parse("9999-12-31T23:59:59.999999999Z");

  private Arguments() {}

  /**
   * Refuses half a surrogate pair: it has no UTF-8 form, and would silently become another
   * character on its way.
   */
  static String wellFormed(String what, String text) {
    int bits = 0;
    for (int i = 0; i < text.length(); i++) {
      bits |= text.charAt(i);
    }
    // Nearly every text lies below all surrogates, and a loop without a branch tells in no time.
    return bits < Character.MIN_SURROGATE ? text : examined(what, text);
  }

  private static String examined(String what, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw new IllegalArgumentException(what + " holds half a surrogate pair at index " + i);
      }
    }
    return text;
  }

  static Instant time(String what, Instant time) {
    if (time.isBefore(FIRST_TIME) || time.isAfter(LAST_TIME)) {
      throw new IllegalArgumentException(what + " must be from year 1 to year 9999, was " + time);
    }
    return time;
  }

  static long notNegative(String what, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(what + " must be >= 0, was " + value);
    }
    return value;
  }

  static int atLeastOne(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be >= 1, was " + value);
    }
    return value;
  }
}
