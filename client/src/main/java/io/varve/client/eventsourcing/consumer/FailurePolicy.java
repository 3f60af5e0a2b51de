package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.UndecodableEventException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What a failure of a handler is for the group: the first rule whose class fits decides, and
 * otherwise the event is tried again. Immutable.
 *
 * <pre>{@code
 * FailurePolicy.retry()                                        // the default: an event that cannot be read is parked
 *     .park(IllegalArgumentException.class)
 *     .on(MailboxFull.class, full -> Outcome.stop("clear the mailbox " + full.mailbox()));
 * }</pre>
 */
public final class FailurePolicy {

  private record Rule(
      Class<? extends Throwable> type, Function<? super Throwable, Outcome> outcome) {}

  private static final FailurePolicy RETRY = new FailurePolicy(List.of());

  private final List<Rule> rules;

  private FailurePolicy(List<Rule> rules) {
    this.rules = List.copyOf(rules);
  }

  /**
   * Whatever fails is tried again, and parked after the group's bound of retries; only an event
   * that cannot be read is parked at once, unless a rule says otherwise.
   */
  public static FailurePolicy retry() {
    return RETRY;
  }

  /** Failures of this class are what the function makes of them. */
  public <X extends Throwable> FailurePolicy on(
      Class<X> type, Function<? super X, ? extends Outcome> outcome) {
    requireNonNull(outcome);
    List<Rule> more = new ArrayList<>(rules);
    more.add(new Rule(type, failure -> outcome.apply(type.cast(failure))));
    return new FailurePolicy(more);
  }

  /** Events whose handlers fail with this class are parked at once. */
  public FailurePolicy park(Class<? extends Throwable> type) {
    return on(type, failure -> Outcome.park(reasonOf(failure)));
  }

  /** The group goes on without events whose handlers fail with this class. */
  public FailurePolicy skip(Class<? extends Throwable> type) {
    return on(type, failure -> Outcome.skip(reasonOf(failure)));
  }

  /** A failure of this class stops the whole group. */
  public FailurePolicy stop(Class<? extends Throwable> type) {
    return on(type, failure -> Outcome.stop(reasonOf(failure)));
  }

  /** What a failure is for the group. */
  Outcome outcomeOf(Throwable failure) {
    for (Rule rule : rules) {
      if (rule.type().isInstance(failure)) {
        return rule.outcome().apply(failure);
      }
    }
    return failure instanceof UndecodableEventException
        ? Outcome.park(reasonOf(failure))
        : Outcome.retry(reasonOf(failure));
  }

  private static String reasonOf(Throwable failure) {
    return failure.toString();
  }
}
