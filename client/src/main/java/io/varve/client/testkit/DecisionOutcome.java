package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.Refusal;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * What a decision under test came to, and what it is compared with. Every mismatch is an {@link
 * AssertionError} that shows both, one event a line.
 *
 * @param <S> the state
 * @param <E> events
 */
public final class DecisionOutcome<S, E> {

  private final Decision<E> decision;
  private final S after;

  DecisionOutcome(Decision<E> decision, S after) {
    this.decision = requireNonNull(decision);
    this.after = after;
  }

  /** Exactly these events follow, in this order; at least one. */
  @SafeVarargs
  @SuppressWarnings("varargs") // List.of copies them
  public final DecisionOutcome<S, E> then(E... events) {
    return then(List.of(events));
  }

  /** Exactly these events follow, in this order. */
  public DecisionOutcome<S, E> then(List<? extends E> events) {
    switch (decision) {
      case Decision.Accepted<E> accepted -> {
        if (!accepted.events().equals(events)) {
          throw new AssertionError(Differences.between(events, accepted.events()));
        }
      }
      case Decision.Refused<E> refused ->
          throw new AssertionError(
              "expected events, but it was refused\nexpected:\n"
                  + Differences.lines(events)
                  + "refused:\n  "
                  + refused.refusal()
                  + "\n");
    }
    return this;
  }

  /** It is accepted, and nothing is left to do. */
  public DecisionOutcome<S, E> thenNothing() {
    switch (decision) {
      case Decision.Accepted<E> accepted -> {
        if (!accepted.events().isEmpty()) {
          throw new AssertionError(
              "expected that nothing is left to do, but there are events\nactual:\n"
                  + Differences.lines(accepted.events()));
        }
      }
      case Decision.Refused<E> refused ->
          throw new AssertionError(
              "expected that nothing is left to do, but it was refused\nrefused:\n  "
                  + refused.refusal()
                  + "\n");
    }
    return this;
  }

  /** It is refused with this code. */
  public DecisionOutcome<S, E> thenRefused(String code) {
    Refusal refusal = refusal(code);
    if (!refusal.code().equals(code)) {
      throw new AssertionError(
          "expected another refusal\nexpected:\n  " + code + "\nactual:\n  " + refusal + "\n");
    }
    return this;
  }

  /** It is refused with this code, and this message for people. */
  public DecisionOutcome<S, E> thenRefused(String code, String message) {
    Refusal expected = new Refusal(code, message);
    Refusal refusal = refusal(expected.toString());
    if (!refusal.equals(expected)) {
      throw new AssertionError(
          "expected another refusal\nexpected:\n  " + expected + "\nactual:\n  " + refusal + "\n");
    }
    return this;
  }

  private Refusal refusal(String expected) {
    return switch (decision) {
      case Decision.Refused<E> refused -> refused.refusal();
      case Decision.Accepted<E> accepted ->
          throw new AssertionError(
              "expected a refusal, but it was accepted\nexpected:\n  "
                  + expected
                  + "\nactual:\n"
                  + Differences.lines(accepted.events()));
    };
  }

  /** The state, with what was decided in it, is this one. */
  public DecisionOutcome<S, E> andState(S expected) {
    if (!Objects.equals(after, expected)) {
      throw new AssertionError(
          "expected another state\nexpected:\n  " + expected + "\nactual:\n  " + after + "\n");
    }
    return this;
  }

  /** The state, with what was decided in it, is as it should be. */
  public DecisionOutcome<S, E> andState(Predicate<? super S> holds) {
    if (!holds.test(after)) {
      throw new AssertionError("the state is not as expected\nactual:\n  " + after + "\n");
    }
    return this;
  }

  /** What was decided, for checks of another kind. */
  public Decision<E> decision() {
    return decision;
  }

  /** The state, with what was decided in it. */
  public S state() {
    return after;
  }
}
