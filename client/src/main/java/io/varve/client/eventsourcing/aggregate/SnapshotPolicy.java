package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.function.Predicate;

/**
 * When an aggregate is worth a snapshot. It is asked after each command whose events have been
 * appended.
 *
 * <pre>{@code
 * SnapshotPolicy.every(200)
 * SnapshotPolicy.whenLoadTakes(Duration.ofMillis(20)).and(SnapshotPolicy.every(10))
 * SnapshotPolicy.every(200).or(SnapshotPolicy.when(Order::isDelivered))
 * }</pre>
 *
 * @param <S> the aggregate's state
 */
@FunctionalInterface
public interface SnapshotPolicy<S> {

  /**
   * An aggregate after a command.
   *
   * @param state its state
   * @param version the version of its last event
   * @param sinceSnapshot how many events there are that no usable snapshot has; all of them if
   *     there is none
   * @param loadTook how long it took to load it for the command
   */
  record Moment<S>(S state, long version, long sinceSnapshot, Duration loadTook) {}

  /** Whether a snapshot is to be taken now. */
  boolean isDue(Moment<? extends S> moment);

  /** Never; what is there is still used. */
  static <S> SnapshotPolicy<S> never() {
    return moment -> false;
  }

  /**
   * As soon as this many events are in no snapshot.
   *
   * @param events 1 or more
   */
  static <S> SnapshotPolicy<S> every(long events) {
    if (events < 1) {
      throw new IllegalArgumentException("events must be >= 1, was " + events);
    }
    return moment -> moment.sinceSnapshot() >= events;
  }

  /** When loading took this long or longer. */
  static <S> SnapshotPolicy<S> whenLoadTakes(Duration atLeast) {
    requireNonNull(atLeast);
    return moment -> moment.loadTook().compareTo(atLeast) >= 0;
  }

  /**
   * After every command that leaves such a state; on its own it suits states that see few commands
   * more, such as an order that is delivered.
   */
  static <S> SnapshotPolicy<S> when(Predicate<? super S> state) {
    requireNonNull(state);
    return moment -> state.test(moment.state());
  }

  /** When either says so. */
  default <T extends S> SnapshotPolicy<T> or(SnapshotPolicy<? super T> other) {
    requireNonNull(other);
    return moment -> isDue(moment) || other.isDue(moment);
  }

  /** When both say so. */
  default <T extends S> SnapshotPolicy<T> and(SnapshotPolicy<? super T> other) {
    requireNonNull(other);
    return moment -> isDue(moment) && other.isDue(moment);
  }
}
