package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How a consumer group behaves. Immutable; the limits named here are the server's, and a store
 * refuses what lies outside with an {@link InvalidRequestException}.
 *
 * <pre>{@code
 * ConsumerGroupSettings.defaults().strategy(ConsumerStrategy.PINNED).ackTimeout(Duration.ofMinutes(5));
 * }</pre>
 *
 * @param strategy how events are shared out; round robin by default
 * @param ackTimeout an event that is not answered within this time counts as failed and is
 *     delivered again: 100 ms to 1 day, by default 30 seconds
 * @param maxRetries an event that has failed so often and fails once more is parked; 0: the first
 *     failure parks it; at most 1,000,000, by default 10
 * @param bufferSize how many events the server holds for the group, read ahead, in flight, or
 *     waiting to be delivered again: 1 to 10,000, by default 500
 * @param maxInFlight how many events one consumer may hold unanswered, whatever credit it gives: 1
 *     to 10,000, by default 100
 * @param checkpointAfterEvents progress is stored at least after so many answered events: 1 to
 *     1,000,000, by default 1,000. What was answered since is delivered again after a crash
 * @param checkpointAfter progress is stored at least this often while events are answered: 10 ms to
 *     1 hour, by default 2 seconds
 */
public record ConsumerGroupSettings(
    ConsumerStrategy strategy,
    Duration ackTimeout,
    int maxRetries,
    int bufferSize,
    int maxInFlight,
    int checkpointAfterEvents,
    Duration checkpointAfter) {

  private static final ConsumerGroupSettings DEFAULTS =
      new ConsumerGroupSettings(
          ConsumerStrategy.ROUND_ROBIN,
          Duration.ofSeconds(30),
          10,
          500,
          100,
          1_000,
          Duration.ofSeconds(2));

  /**
   * Checks what the wire could not carry.
   *
   * @throws IllegalArgumentException a number is below its least value, or a time is negative or
   *     beyond 10,000 years
   */
  public ConsumerGroupSettings {
    requireNonNull(strategy);
    wireTime("ackTimeout", ackTimeout);
    Arguments.notNegative("maxRetries", maxRetries);
    Arguments.atLeastOne("bufferSize", bufferSize);
    Arguments.atLeastOne("maxInFlight", maxInFlight);
    Arguments.atLeastOne("checkpointAfterEvents", checkpointAfterEvents);
    wireTime("checkpointAfter", checkpointAfter);
  }

  private static void wireTime(String what, Duration time) {
    if (time.isNegative() || time.compareTo(Duration.ofDays(3_652_500)) > 0) {
      throw new IllegalArgumentException(
          what + " must not be negative or beyond 10,000 years, was " + time);
    }
  }

  /** What a group has unless it is told otherwise. */
  public static ConsumerGroupSettings defaults() {
    return DEFAULTS;
  }

  /** The same with another strategy. */
  public ConsumerGroupSettings strategy(ConsumerStrategy strategy) {
    return new ConsumerGroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        maxInFlight,
        checkpointAfterEvents,
        checkpointAfter);
  }

  /** The same with another time to answer in. */
  public ConsumerGroupSettings ackTimeout(Duration ackTimeout) {
    return new ConsumerGroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        maxInFlight,
        checkpointAfterEvents,
        checkpointAfter);
  }

  /** The same with another bound of retries. */
  public ConsumerGroupSettings maxRetries(int maxRetries) {
    return new ConsumerGroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        maxInFlight,
        checkpointAfterEvents,
        checkpointAfter);
  }

  /** The same with another bound of events held for the group. */
  public ConsumerGroupSettings bufferSize(int bufferSize) {
    return new ConsumerGroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        maxInFlight,
        checkpointAfterEvents,
        checkpointAfter);
  }

  /** The same with another bound of events unanswered by one consumer. */
  public ConsumerGroupSettings maxInFlight(int maxInFlight) {
    return new ConsumerGroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        maxInFlight,
        checkpointAfterEvents,
        checkpointAfter);
  }

  /** The same with progress stored at least after so many events and so often. */
  public ConsumerGroupSettings checkpointAfter(int events, Duration time) {
    return new ConsumerGroupSettings(
        strategy, ackTimeout, maxRetries, bufferSize, maxInFlight, events, time);
  }
}
