package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * Where a saga stands.
 *
 * @param data the event that started it; null: it has not started
 * @param phase what it is about
 * @param step the step that it is at, from 0: to be taken, or to be undone
 * @param tries how often the step's command has been refused and sent again
 * @param late whether the step has taken longer than it should
 * @param reason why it did not simply complete; empty: it has, so far
 * @param refusal why the step was refused that turned it back; null: none has
 * @param next what the last input calls for
 */
public record SagaState<D>(
    @Nullable D data,
    Phase phase,
    int step,
    int tries,
    boolean late,
    String reason,
    @Nullable Refusal refusal,
    Next next) {

  public SagaState {
    requireNonNull(phase);
    requireNonNull(reason);
    requireNonNull(next);
  }

  /** What a saga is about. */
  public enum Phase {
    /** It has not started. */
    NEW,
    /** It takes its steps. */
    RUNNING,
    /** A step was refused; those before it are undone. */
    COMPENSATING,
    /** A step could not be undone. Nothing happens until somebody asks for another try. */
    NEEDS_HELP,
    /** All steps are taken. */
    COMPLETED,
    /** A step was refused, and all those before it are undone. */
    COMPENSATED,
    /** A step was refused, and there was nothing to undo. */
    FAILED
  }

  /** What the last input calls for. */
  public enum Next {
    /** To wait. */
    NOTHING,
    /** What the phase and the step say. */
    GO_ON,
    /** To wait a while, and then send the step's command again. */
    PAUSE
  }

  SagaState<D> with(Phase phase, int step, String reason, Next next) {
    return new SagaState<>(data, phase, step, 0, false, reason, refusal, next);
  }

  SagaState<D> with(int tries, boolean late, Next next) {
    return new SagaState<>(data, phase, step, tries, late, reason, refusal, next);
  }

  SagaState<D> turnedBackBy(Refusal why) {
    return new SagaState<>(data, phase, step, tries, late, reason, why, next);
  }
}
