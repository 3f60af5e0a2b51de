package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * How often a command is decided again when somebody else was faster, and how long it waits before
 * each time: a random part of a span that doubles, so that those who lost together do not come back
 * together. Immutable.
 *
 * <pre>{@code
 * ConflictRetry.standard().times(20);
 * ConflictRetry.standard().backOff(Duration.ofMillis(1), Duration.ofMillis(50));
 * }</pre>
 */
public final class ConflictRetry {

  private static final ConflictRetry STANDARD =
      new ConflictRetry(5, Duration.ofMillis(2), Duration.ofMillis(250), new Random());

  private final int times;
  private final Duration first;
  private final Duration longest;
  private final RandomGenerator random;

  private ConflictRetry(int times, Duration first, Duration longest, RandomGenerator random) {
    if (times < 0) {
      throw new IllegalArgumentException("a number of times is never negative, was " + times);
    }
    if (first.isNegative() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "a back-off goes from a first span to one no shorter, was " + first + " to " + longest);
    }
    this.times = times;
    this.first = first;
    this.longest = longest;
    this.random = requireNonNull(random);
  }

  /** Up to 5 times, after up to 2 ms, 4 ms, 8 ms … */
  public static ConflictRetry standard() {
    return STANDARD;
  }

  /** The first conflict is the caller's. */
  public static ConflictRetry never() {
    return STANDARD.times(0);
  }

  /** Up to this many times, after the first decision; 0: never. */
  public ConflictRetry times(int times) {
    return new ConflictRetry(times, first, longest, random);
  }

  /** Waits up to {@code first} before the first time, and then up to double, never longer. */
  public ConflictRetry backOff(Duration first, Duration longest) {
    return new ConflictRetry(times, first, longest, random);
  }

  /** Takes its randomness from here; many threads use it at once, as {@link Random} allows. */
  public ConflictRetry random(RandomGenerator random) {
    return new ConflictRetry(times, first, longest, random);
  }

  /** How often a command is decided again at most. */
  public int times() {
    return times;
  }

  /** How long to wait after so many conflicts, from 1. */
  public Duration waitAfter(int conflicts) {
    long doubled = first.toNanos() << Math.min(20, Math.max(0, conflicts - 1));
    long most = Math.min(longest.toNanos(), Math.max(first.toNanos(), doubled));
    return Duration.ofNanos(most == 0 ? 0 : random.nextLong(most));
  }

  /**
   * Waits after a conflict, unless that was one too many.
   *
   * @param conflicts how many there have been, from 1
   * @return whether to decide again; false also if the thread is interrupted, which it stays
   */
  public boolean pause(int conflicts) {
    if (conflicts > times) {
      return false;
    }
    try {
      Thread.sleep(waitAfter(conflicts));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
