package io.varve.server.group;

import java.time.Duration;

/**
 * How a group behaves.
 *
 * @param strategy how events are shared out
 * @param ackTimeout an event that is not answered within this time counts as failed
 * @param maxRetries an event that has failed so often and fails once more is parked
 * @param bufferSize how many events the server holds for the group, in whatever state
 * @param maxInFlight how many events one consumer may hold unanswered
 * @param checkpointAfterEvents progress is stored at least after so many answered events
 * @param checkpointAfter progress is stored at least this often while events are answered
 */
public record GroupSettings(
    GroupStrategy strategy,
    Duration ackTimeout,
    int maxRetries,
    int bufferSize,
    int maxInFlight,
    int checkpointAfterEvents,
    Duration checkpointAfter) {
  public static final Duration MIN_ACK_TIMEOUT = Duration.ofMillis(100);
  public static final Duration MAX_ACK_TIMEOUT = Duration.ofDays(1);
  public static final int MAX_MAX_RETRIES = 1_000_000;
  public static final int MAX_BUFFER_SIZE = 10_000;
  public static final int MAX_MAX_IN_FLIGHT = 10_000;
  public static final int MAX_CHECKPOINT_AFTER_EVENTS = 1_000_000;
  public static final Duration MIN_CHECKPOINT_AFTER = Duration.ofMillis(10);
  public static final Duration MAX_CHECKPOINT_AFTER = Duration.ofHours(1);

  public GroupSettings {
    within("ackTimeout", ackTimeout, MIN_ACK_TIMEOUT, MAX_ACK_TIMEOUT);
    within("maxRetries", maxRetries, 0, MAX_MAX_RETRIES);
    within("bufferSize", bufferSize, 1, MAX_BUFFER_SIZE);
    within("maxInFlight", maxInFlight, 1, MAX_MAX_IN_FLIGHT);
    within("checkpointAfterEvents", checkpointAfterEvents, 1, MAX_CHECKPOINT_AFTER_EVENTS);
    within("checkpointAfter", checkpointAfter, MIN_CHECKPOINT_AFTER, MAX_CHECKPOINT_AFTER);
  }

  /** The settings of the contract. */
  public static GroupSettings defaults() {
    return new GroupSettings(
        GroupStrategy.ROUND_ROBIN,
        Duration.ofSeconds(30),
        10,
        500,
        100,
        1_000,
        Duration.ofSeconds(2));
  }

  private static <T extends Comparable<T>> void within(String name, T value, T low, T high) {
    if (value.compareTo(low) < 0 || value.compareTo(high) > 0) {
      throw new IllegalArgumentException(
          name + " must be from " + low + " to " + high + ", was " + value);
    }
  }
}
