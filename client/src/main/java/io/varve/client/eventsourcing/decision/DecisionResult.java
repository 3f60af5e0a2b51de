package io.varve.client.eventsourcing.decision;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.Refusal;
import java.util.List;

/**
 * What a decision came to.
 *
 * @param <S> what the model's events come to
 * @param <E> events
 */
public sealed interface DecisionResult<S, E> {

  /** What the model's events come to now, those of this decision included. */
  S state();

  /**
   * A position in the log: a reader that has come that far has seen this decision's events, or, if
   * it has none, all that is in the state. What read models are asked to wait for.
   */
  long position();

  /** The result of a decision that was carried out. */
  Executed<S, E> orElseThrow();

  /**
   * The decision's events are durable.
   *
   * @param events what follows, in the order in which it stands in the log; empty: nothing was left
   *     to do
   * @param repeated it had been carried out before, under the same id, and nothing was written now:
   *     the events and the position are those of the first time, the state is that of now
   */
  record Executed<S, E>(S state, long position, List<E> events, boolean repeated)
      implements DecisionResult<S, E> {

    public Executed {
      events = List.copyOf(events);
    }

    @Override
    public Executed<S, E> orElseThrow() {
      return this;
    }
  }

  /**
   * A rule says no, and nothing was written.
   *
   * @param refusal which
   */
  record Refused<S, E>(S state, long position, Refusal refusal) implements DecisionResult<S, E> {

    public Refused {
      requireNonNull(refusal);
    }

    /**
     * Throws the refusal.
     *
     * @throws CommandRefusedException always
     */
    @Override
    public Executed<S, E> orElseThrow() {
      throw new CommandRefusedException(refusal);
    }
  }
}
