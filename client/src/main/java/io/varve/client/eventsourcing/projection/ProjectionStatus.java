package io.varve.client.eventsourcing.projection;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a projection is doing.
 *
 * @param name its name
 * @param state what it does
 * @param generation the generation that is served; 0: none yet
 * @param position up to here everything has taken effect
 * @param head the newest position of the log that the runner has heard of
 * @param lag how old the oldest thing is that it has not taken, as far as the runner can tell; zero
 *     if it is at the head
 * @param eventsPerSecond how many events took effect a second, lately
 * @param parked how many events it has put aside
 * @param failure what went wrong last; null: nothing since it last made progress
 * @param rebuild the generation that is being built beside the one that is served; null: none
 */
public record ProjectionStatus(
    String name,
    State state,
    int generation,
    long position,
    long head,
    Duration lag,
    double eventsPerSecond,
    int parked,
    @Nullable String failure,
    @Nullable Rebuild rebuild) {

  /** What a projection does. */
  public enum State {
    /** It has not been started, or looks for its place. */
    STARTING,
    /** It takes what happened before. */
    CATCHING_UP,
    /** It takes what happens. */
    LIVE,
    /** Somebody paused it; it keeps its place and its lease. */
    PAUSED,
    /** Something went wrong, and it tries again after a pause. */
    FAILING,
    /** Somebody else feeds it; this one takes over when that one is gone. */
    STANDBY,
    /** It has stopped before an event that it cannot take, until somebody resumes it. */
    STOPPED,
    /** The runner is closed. */
    CLOSED
  }

  /**
   * A generation on its way to replace the one that is served.
   *
   * @param generation its number
   * @param state what it does
   * @param position up to here it has come
   * @param head the newest position of the log that the runner has heard of
   * @param failure what went wrong last; null: nothing
   */
  public record Rebuild(
      int generation, State state, long position, long head, @Nullable String failure) {

    /** How much of the log it has behind it, from 0 to 1. */
    public double fraction() {
      return head == 0 ? 1 : Math.min(1, (double) position / head);
    }
  }

  /** How many positions of the log it has not come to yet. Some of them may not concern it. */
  public long lagInPositions() {
    return Math.max(0, head - position);
  }
}
