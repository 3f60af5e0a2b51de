package io.varve.client.streams;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much of a stream is kept. Where both bounds are given, both must hold for an event to be
 * kept. What lies outside is hidden from reads of the stream at once, and from the log when the
 * store reclaims it; a wider retention later does not bring it back.
 *
 * <pre>{@code
 * store.streams().setRetention("sensor-7", Retention.newest(1_000));
 * store.streams().setRetention("session-42", Retention.within(Duration.ofDays(30)));
 * store.streams().setRetention("sensor-7", Retention.everything()); // from now on
 * }</pre>
 *
 * @param maxCount only the newest so many events; 0: no bound by count
 * @param maxAge only events recorded within this time, positive; null: no bound by age
 */
public record Retention(long maxCount, @Nullable Duration maxAge) {

  private static final Retention EVERYTHING = new Retention(0, null);

  /** The longest time that the wire can carry, about 10,000 years. */
  private static final Duration LONGEST = Duration.ofDays(3_652_500);

  /**
   * Checks what the wire could not carry.
   *
   * @throws IllegalArgumentException the count is negative, or the age is beyond 10,000 years
   */
  public Retention {
    Arguments.notNegative("maxCount", maxCount);
    if (maxAge != null && maxAge.abs().compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("maxAge must be within 10,000 years, was " + maxAge);
    }
  }

  /** Everything that is there now or comes later. */
  public static Retention everything() {
    return EVERYTHING;
  }

  /** Only the newest so many events. */
  public static Retention newest(long maxCount) {
    return new Retention(maxCount, null);
  }

  /** Only events recorded within this time; it must be positive. */
  public static Retention within(Duration maxAge) {
    return new Retention(0, maxAge);
  }
}
