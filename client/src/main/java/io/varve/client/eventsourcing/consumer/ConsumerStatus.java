package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * How a runner is doing. Counts are since it was started.
 *
 * @param group the group that it consumes
 * @param consumer the name under which it joins
 * @param state what it does
 * @param why what keeps it from consuming, or has ended it; null: nothing
 * @param running events that handlers are at work on now
 * @param waiting events delivered that no handler has begun
 * @param handled events that are done
 * @param failed times that a handler failed, or asked for the event again
 * @param parked events put aside
 * @param skipped events that the group went on without
 * @param lastFailure what a handler failed with last; null: none has failed yet
 */
public record ConsumerStatus(
    String group,
    String consumer,
    State state,
    @Nullable String why,
    int running,
    int waiting,
    long handled,
    long failed,
    long parked,
    long skipped,
    @Nullable String lastFailure) {

  public ConsumerStatus {
    requireNonNull(group);
    requireNonNull(consumer);
    requireNonNull(state);
  }

  /** What a runner does. */
  public enum State {
    /** It has not joined its group yet. */
    STARTING,
    /** It is a member of its group. */
    RUNNING,
    /** The link to the store is lost; it tries to join again, for ever. */
    RECONNECTING,
    /** It has ended by itself, and does not come back: {@link ConsumerStatus#why} says why. */
    STOPPED,
    /** It is closed. */
    CLOSED
  }
}
