package io.varve.client.eventsourcing.projection;

import java.time.Duration;

/**
 * How often a checkpoint is saved that is not part of the handlers' transaction: what came after
 * the last save comes again after a crash. It is saved at a clean end, too.
 *
 * @param events after so many events at the latest; from 1
 * @param interval after so long at the latest, once there is something to save
 */
public record SavePolicy(int events, Duration interval) {

  /** After 100 events, or a second. */
  public static final SavePolicy DEFAULT = new SavePolicy(100, Duration.ofSeconds(1));

  public SavePolicy {
    if (events < 1) {
      throw new IllegalArgumentException("events must be >= 1, was " + events);
    }
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException("the interval must be positive, was " + interval);
    }
  }

  /** After so many events, or a second. */
  public static SavePolicy every(int events) {
    return new SavePolicy(events, DEFAULT.interval());
  }
}
