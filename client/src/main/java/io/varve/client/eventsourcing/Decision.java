package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What a decider answers to a command: the events that follow from it, none if nothing is left to
 * do, or a refusal.
 *
 * <pre>{@code
 * Decision.of(new MoneyWithdrawn(amount));
 * Decision.nothing();
 * Decision.refused("INSUFFICIENT_FUNDS", "the account holds only " + balance);
 * }</pre>
 *
 * @param <E> the events
 */
public sealed interface Decision<E> {

  /**
   * The command holds, and this follows.
   *
   * @param events in the order in which they are appended; empty: nothing is left to do
   */
  record Accepted<E>(List<E> events) implements Decision<E> {
    public Accepted {
      events = List.copyOf(events);
    }
  }

  /** The command does not hold, and nothing is written. */
  record Refused<E>(Refusal refusal) implements Decision<E> {
    public Refused {
      requireNonNull(refusal);
    }
  }

  /** These events follow. */
  @SafeVarargs
  @SuppressWarnings("varargs") // List.of copies them
  static <E> Decision<E> of(E... events) {
    return new Accepted<>(List.of(events));
  }

  /** These events follow; none: nothing is left to do. */
  static <E> Decision<E> of(List<? extends E> events) {
    return new Accepted<>(List.copyOf(events));
  }

  /** All is as the command wants it already. */
  static <E> Decision<E> nothing() {
    return new Accepted<>(List.of());
  }

  /** The command does not hold. */
  static <E> Decision<E> refused(String code, String message) {
    return new Refused<>(new Refusal(code, message));
  }
}
