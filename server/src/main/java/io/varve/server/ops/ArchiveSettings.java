package io.varve.server.ops;

import java.time.Duration;

/**
 * How archiving is paced.
 *
 * @param after events are moved once they are this old; zero: only when asked
 * @param interval how often is looked for some that are old enough
 * @param minEvents by itself, nothing is moved before so many events are old enough: each run makes
 *     at least one file
 * @param bytesPerSecond about how much is read and written a second
 */
public record ArchiveSettings(
    Duration after, Duration interval, long minEvents, long bytesPerSecond) {
  private static final Duration STANDARD_INTERVAL = Duration.ofHours(1);
  private static final long STANDARD_MIN_EVENTS = 10_000;

  public ArchiveSettings {
    if (after.isNegative()) {
      throw new IllegalArgumentException("after must not be negative, was " + after);
    }
    if (!interval.isPositive()) {
      throw new IllegalArgumentException("interval must be positive, was " + interval);
    }
    if (minEvents < 1) {
      throw new IllegalArgumentException("minEvents must be >= 1, was " + minEvents);
    }
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException("bytesPerSecond must be >= 1, was " + bytesPerSecond);
    }
  }

  /** Events moved at this age, looked for as often as is standard. */
  public static ArchiveSettings after(Duration after, long bytesPerSecond) {
    return new ArchiveSettings(after, STANDARD_INTERVAL, STANDARD_MIN_EVENTS, bytesPerSecond);
  }
}
