package io.varve.client.eventsourcing.projection;

import java.time.Duration;

/**
 * What a projection does about an event that it cannot take. It does not matter to the other
 * projections, nor is it about a database or a store that is away: those are waited for, for ever.
 *
 * <pre>{@code
 * ErrorPolicy.retry();                                  // for ever, with longer and longer pauses
 * ErrorPolicy.park(5);                                  // five attempts, then go on without it
 * ErrorPolicy.park(5).pausing(Duration.ofMillis(50), Duration.ofSeconds(1));
 * }</pre>
 *
 * @param action what happens in the end
 * @param attempts after how many attempts it happens; from 1, without meaning for {@code RETRY}
 * @param firstPause how long to wait before the second attempt; doubles each time
 * @param longestPause the longest wait
 */
public record ErrorPolicy(Action action, int attempts, Duration firstPause, Duration longestPause) {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  /** What happens in the end. */
  public enum Action {
    /** It tries again for ever. */
    RETRY,
    /** It stops, and stands before the event until somebody resumes it. */
    STOP,
    /** The event is put aside, for somebody to retry or discard, and it goes on. */
    PARK,
    /** The event is passed over; the log of the program tells. */
    SKIP
  }

  public ErrorPolicy {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be >= 1, was " + attempts);
    }
    if (firstPause.isNegative() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "pauses must not be negative or fall, were " + firstPause + " to " + longestPause);
    }
  }

  /** Tries again for ever: nothing is lost, and nothing moves until it is mended. The default. */
  public static ErrorPolicy retry() {
    return new ErrorPolicy(Action.RETRY, 1, FIRST_PAUSE, LONGEST_PAUSE);
  }

  /** Stops before the event. */
  public static ErrorPolicy stop() {
    return new ErrorPolicy(Action.STOP, 1, FIRST_PAUSE, LONGEST_PAUSE);
  }

  /** Puts the event aside after so many attempts, and goes on. */
  public static ErrorPolicy park(int attempts) {
    return new ErrorPolicy(Action.PARK, attempts, FIRST_PAUSE, LONGEST_PAUSE);
  }

  /** Goes on without the event at once. */
  public static ErrorPolicy skip() {
    return new ErrorPolicy(Action.SKIP, 1, FIRST_PAUSE, LONGEST_PAUSE);
  }

  /** The same with other pauses, which also hold for a database or a store that is away. */
  public ErrorPolicy pausing(Duration first, Duration longest) {
    return new ErrorPolicy(action, attempts, first, longest);
  }

  /** How long to wait after so many failures in a row, from 1. */
  Duration pauseAfter(int failures) {
    Duration pause = firstPause;
    for (int i = 1; i < failures && pause.compareTo(longestPause) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return pause.compareTo(longestPause) < 0 ? pause : longestPause;
  }
}
