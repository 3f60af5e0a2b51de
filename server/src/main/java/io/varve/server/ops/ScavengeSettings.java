package io.varve.server.ops;

import java.time.Duration;

/**
 * How scavenging is paced.
 *
 * @param interval how long after a pass the next one begins by itself, and the first after the
 *     start; zero: only when asked
 * @param bytesPerSecond about how much is read and written a second
 */
public record ScavengeSettings(Duration interval, long bytesPerSecond) {
  private static final long STANDARD_BYTES_PER_SECOND = 16L * 1024 * 1024;

  public ScavengeSettings {
    if (interval.isNegative()) {
      throw new IllegalArgumentException("interval must not be negative, was " + interval);
    }
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException("bytesPerSecond must be >= 1, was " + bytesPerSecond);
    }
  }

  /** The standard pace, begun so often. */
  public static ScavengeSettings every(Duration interval) {
    return new ScavengeSettings(interval, STANDARD_BYTES_PER_SECOND);
  }
}
