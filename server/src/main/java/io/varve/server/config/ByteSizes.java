package io.varve.server.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes as an operator writes them: 512, 64KiB, 16MiB, 2GiB. */
public final class ByteSizes {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(b|kib|mib|gib|tib)?");
  private static final String[] UNITS = {"", "KiB", "MiB", "GiB", "TiB"};
  private static final int STEP = 1024;

  private ByteSizes() {}

  /**
   * Bytes, by themselves or with one of the units KiB, MiB, GiB and TiB, whose letters may be
   * small. KB and MB are refused, since some mean thousands by them.
   *
   * @throws IllegalArgumentException with a sentence without its subject, if it is no size
   */
  public static long parse(String text) {
    Matcher matcher = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a size such as 4096, 64KiB, 16MiB or 2GiB, was " + text);
    }
    String unit = matcher.group(2);
    long bytes = Long.parseLong(matcher.group(1));
    for (int step = stepsOf(unit == null ? "" : unit); step > 0; step--) {
      if (bytes > Long.MAX_VALUE / STEP) {
        throw new IllegalArgumentException("must be at most 8388607TiB, was " + text);
      }
      bytes *= STEP;
    }
    return bytes;
  }

  private static int stepsOf(String unit) {
    return switch (unit) {
      case "kib" -> 1;
      case "mib" -> 2;
      case "gib" -> 3;
      case "tib" -> 4;
      default -> 0;
    };
  }

  /** The shortest text that {@link #parse} reads as so many bytes. */
  public static String format(long bytes) {
    int unit = 0;
    long count = bytes;
    while (count != 0 && count % STEP == 0 && unit + 1 < UNITS.length) {
      count /= STEP;
      unit++;
    }
    return count + UNITS[unit];
  }
}
