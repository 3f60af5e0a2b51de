package io.varve.client.connection;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next try: twice as long each time up to a bound, and of that a random
 * part between half and all, so that many clients do not come back in step. Any thread may ask, if
 * the random source allows it.
 *
 * @param first after the first failure
 * @param longest however many failures there were
 */
public record Backoff(Duration first, Duration longest, RandomGenerator random) {

  private static final int MAX_DOUBLINGS = 30;

  /**
   * The next wait.
   *
   * @param failures how many tries in a row have failed before this wait, less one: 0 for the first
   */
  Duration after(int failures) {
    double doubled = first.toNanos() * (double) (1L << Math.min(failures, MAX_DOUBLINGS));
    double bounded = Math.min(doubled, (double) longest.toNanos());
    return Duration.ofNanos((long) (bounded * (0.5 + random.nextDouble() / 2)));
  }
}
