package io.varve.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How a kind of value is written, what it may be, and how it is shown.
 *
 * @param placeholder what stands for the value in a synopsis: {@code N}, {@code SIZE}
 * @param range what it may be, in words; empty when any text of its kind will do
 * @param reader makes a value of a text; throws an {@link IllegalArgumentException} with a sentence
 *     without its subject ("must be ...") when it cannot
 * @param writer the text that the reader makes this value of
 */
public record SettingKind<T>(
    String placeholder, String range, Function<String, T> reader, Function<T, String> writer) {

  /** A whole number from min to max. */
  public static SettingKind<Integer> whole(int min, int max) {
    String range = max == Integer.MAX_VALUE ? min + " or more" : min + " to " + max;
    return new SettingKind<>(
        "N",
        range,
        text -> (int) within(min, max, range, wholeNumber(text), text),
        String::valueOf);
  }

  private static long wholeNumber(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("must be a whole number, was " + text, e);
    }
  }

  /** A size in bytes from min to max. */
  public static SettingKind<Long> bytes(long min, long max) {
    String range = ByteSizes.format(min) + " to " + ByteSizes.format(max);
    return new SettingKind<>(
        "SIZE",
        range,
        text -> within(min, max, range, ByteSizes.parse(text), text),
        ByteSizes::format);
  }

  private static long within(long min, long max, String range, long value, String text) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "must be " + (range.contains(" to ") ? "from " : "") + range + ", was " + text);
    }
    return value;
  }

  /** A length of time from min to max. */
  public static SettingKind<Duration> duration(Duration min, Duration max) {
    String range = Durations.format(min) + " to " + Durations.format(max);
    return new SettingKind<>(
        "TIME",
        range,
        text -> {
          Duration value = Durations.parse(text);
          if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(
                "must be " + (range.contains(" to ") ? "from " : "") + range + ", was " + text);
          }
          return value;
        },
        Durations::format);
  }

  /** Yes or no. On the command line {@code --name} and {@code --no-name}. */
  public static SettingKind<Boolean> toggle() {
    return new SettingKind<>(
        "",
        "true or false",
        text ->
            switch (text.toLowerCase(Locale.ROOT)) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("must be true or false, was " + text);
            },
        String::valueOf);
  }

  /** One of an enum's constants, written small and with dashes. */
  public static <E extends Enum<E>> SettingKind<E> choice(Class<E> type) {
    String range =
        Arrays.stream(type.getEnumConstants())
            .map(SettingKind::written)
            .collect(Collectors.joining(", "));
    return new SettingKind<>(
        "WORD",
        range,
        text ->
            Arrays.stream(type.getEnumConstants())
                .filter(constant -> written(constant).equals(text.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                    () ->
                        new IllegalArgumentException("must be one of " + range + ", was " + text)),
        SettingKind::written);
  }

  private static String written(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Any text but none. */
  public static SettingKind<String> text(String placeholder) {
    return new SettingKind<>(placeholder, "", SettingKind::some, Function.identity());
  }

  /** A file or folder; relative to the folder that the process was started in. */
  public static SettingKind<Path> path(String placeholder) {
    return new SettingKind<>(
        placeholder,
        "",
        text -> {
          try {
            return Path.of(some(text));
          } catch (InvalidPathException e) {
            throw new IllegalArgumentException("must be a path, was " + text, e);
          }
        },
        Path::toString);
  }

  private static String some(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty");
    }
    return text;
  }
}
