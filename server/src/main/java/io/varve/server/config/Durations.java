package io.varve.server.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lengths of time as an operator writes them. */
public final class Durations {
  private static final Pattern SHORT = Pattern.compile("(\\d{1,9})(ms|[smhd])");

  /** Far more than anybody waits, and well within what schedules can count. */
  static final Duration LONGEST = Duration.ofDays(36_500);

  private Durations() {}

  /**
   * A length of time such as 0, 200ms, 90s, 30m, 12h, 7d or ISO 8601's PT1H30M.
   *
   * @throws IllegalArgumentException with a sentence without its subject, if it is none
   */
  public static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Duration parsed;
    Matcher matcher = SHORT.matcher(text.toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      long count = Long.parseLong(matcher.group(1));
      parsed =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
          };
    } else {
      try {
        parsed = Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException(
            "must be a length of time such as 30m, 12h or PT1H, or 0, was " + text, e);
      }
    }
    if (parsed.isNegative() || parsed.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("must be from 0 to 36500d, was " + text);
    }
    return parsed;
  }

  /** The shortest text that {@link #parse} reads as this length of time. */
  public static String format(Duration duration) {
    if (duration.isZero()) {
      return "0";
    }
    long millis = duration.toMillis();
    if (!duration.equals(Duration.ofMillis(millis))) {
      return duration.toString();
    }
    if (millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3_600 == 0) {
      return seconds / 3_600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
