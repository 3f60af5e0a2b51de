package io.varve.server.subscription;

import java.time.Duration;

/**
 * The bounds of subscriptions.
 *
 * @param recentBytes about how much memory the newest events may take, kept for all live
 *     subscribers together
 * @param pageBytes about how much one message carries
 * @param checkpointAfterEvents after so many events passed over a subscriber is told the position;
 *     what one step passes over is told after it, be it one page in memory or, by the index, a
 *     million events
 * @param idleCheckpoint after so long without a message it is told as well
 */
public record SubscriptionSettings(
    long recentBytes, int pageBytes, int checkpointAfterEvents, Duration idleCheckpoint) {

  public static SubscriptionSettings defaults() {
    return new SubscriptionSettings(16L * 1024 * 1024, 64 * 1024, 8_000, Duration.ofSeconds(5));
  }

  /** The same with another bound for how much is passed over without a word. */
  SubscriptionSettings checkpointingAfter(int events) {
    return new SubscriptionSettings(recentBytes, pageBytes, events, idleCheckpoint);
  }
}
