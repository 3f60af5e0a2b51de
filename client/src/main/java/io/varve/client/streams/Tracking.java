package io.varve.client.streams;

/**
 * How far a consumer has come in some source of its own, stored in the same atomic step as the
 * events that it produced: progress and product are one fact, so a consumer that starts again after
 * a crash neither loses nor repeats anything.
 *
 * <pre>{@code
 * long done = store.tracking("payments").orElse(0);
 * store.append("order-7", ExpectedVersion.any(), List.of(paid), new Tracking("payments", done + 1));
 * }</pre>
 *
 * @param source the consumer's name for the source: 1 to 512 bytes of UTF-8 without control
 *     characters
 * @param position the position in that source, 1 or higher; it must be higher than the one stored
 *     before, or the write is refused with {@link TrackingNotRisingException}
 */
public record Tracking(String source, long position) {

  /**
   * Checks what the store could not tell on the wire.
   *
   * @throws IllegalArgumentException the position is negative, or the source holds half a surrogate
   *     pair
   */
  public Tracking {
    Arguments.wellFormed("source", source);
    Arguments.notNegative("position", position);
  }
}
