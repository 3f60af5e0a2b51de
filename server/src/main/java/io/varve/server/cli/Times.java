package io.varve.server.cli;

import io.varve.server.config.Durations;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Moments as people write them. */
final class Times {
  private Times() {}

  /**
   * A moment such as 2026-11-27T12:00:00Z (any offset), the start of a day in UTC such as
   * 2026-11-27, or a length of time ago such as 15m or 7d.
   *
   * @throws IllegalArgumentException with a sentence without its subject, if it is none
   */
  static Instant parse(String text, Clock clock) {
    try {
      if (text.matches("\\d{4}-\\d{2}-\\d{2}")) {
        return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
      }
      if (text.contains("T") && Character.isDigit(text.charAt(0))) {
        return OffsetDateTime.parse(text).toInstant();
      }
    } catch (DateTimeException e) {
      throw notATime(text, e);
    }
    try {
      return clock.instant().minus(Durations.parse(text));
    } catch (IllegalArgumentException e) {
      throw notATime(text, e);
    }
  }

  private static IllegalArgumentException notATime(String text, Exception cause) {
    return new IllegalArgumentException(
        "must be a time such as 2026-11-27T12:00:00Z, a day such as 2026-11-27, or a length of time"
            + " ago such as 15m, was "
            + text,
        cause);
  }
}
