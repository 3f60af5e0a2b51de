package io.varve.bank.domain;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A transfer as people see it: where its money is, and which steps brought it there. It is folded
 * from what the transfer's saga records, and decides nothing.
 *
 * @param error why it did not go through; null while nothing stands against it
 * @param held the money that has left one account and reached none: in sight, whatever happens
 * @param finishedAt when it ended; null: it has not
 */
public record Transfer(
    String id,
    String fromAccount,
    String toAccount,
    Money amount,
    Status status,
    @Nullable String error,
    Money held,
    Instant startedAt,
    Instant updatedAt,
    @Nullable Instant finishedAt,
    List<Step> steps) {

  /** Where a transfer stands. */
  public enum Status {
    STARTED,
    SOURCE_DEBITED,
    DESTINATION_CREDITED,
    COMPLETED,
    /** Refused before any money moved. */
    FAILED,
    /** A step was refused; those before it are undone. */
    COMPENSATING,
    /** The money is back where it came from. */
    COMPENSATED,
    /** A step could not be undone either; somebody has to look, and to ask for another try. */
    NEEDS_ATTENTION;

    /** Whether nothing more happens by itself. */
    public boolean isFinal() {
      return this == COMPLETED || this == FAILED || this == COMPENSATED || this == NEEDS_ATTENTION;
    }
  }

  /** What a step does. */
  public enum Action {
    DEBIT_SOURCE,
    CREDIT_DESTINATION,
    CONFIRM_DESTINATION,
    CONFIRM_SOURCE
  }

  /** What has become of a step. */
  public enum State {
    IN_PROGRESS,
    DONE,
    REFUSED
  }

  /**
   * One command to one account.
   *
   * @param command names it in the transfer
   * @param compensation whether it undoes the action, rather than takes it
   * @param error why the account refused; null: it has not
   * @param finishedAt when the account answered; null: it has not
   */
  public record Step(
      String command,
      Action action,
      boolean compensation,
      String accountId,
      State state,
      @Nullable String error,
      Instant startedAt,
      @Nullable Instant finishedAt) {}

  public Transfer {
    requireNonNull(id);
    steps = List.copyOf(steps);
  }

  /** A transfer of which no more is known than that somebody has asked for it. */
  public static Transfer requested(TransferRequested request, Instant at) {
    return new Transfer(
        request.transferId(),
        request.fromAccount(),
        request.toAccount(),
        request.amount(),
        Status.STARTED,
        null,
        Money.ZERO,
        at,
        at,
        null,
        List.of());
  }

  /** A command is on its way to an account. */
  public Transfer sent(String command, Action action, boolean compensation, Instant at) {
    boolean toSource = action == Action.DEBIT_SOURCE || action == Action.CONFIRM_SOURCE;
    List<Step> more = new ArrayList<>(steps);
    more.add(
        new Step(
            command,
            action,
            compensation,
            toSource ? fromAccount : toAccount,
            State.IN_PROGRESS,
            null,
            at,
            null));
    return with(compensation ? Status.COMPENSATING : status, error, held, at, more);
  }

  /** The account has taken the command. */
  public Transfer done(String command, Instant at) {
    Step step = step(command);
    List<Step> after = ended(step, State.DONE, null, at);
    if (step.compensation()) {
      // What a credit's undoing brings back is under way again, until the debit's has undone that.
      Money nowHeld = step.action() == Action.CREDIT_DESTINATION ? amount : Money.ZERO;
      return with(status, error, nowHeld, at, after);
    }
    return switch (step.action()) {
      case DEBIT_SOURCE -> with(Status.SOURCE_DEBITED, error, amount, at, after);
      case CREDIT_DESTINATION -> with(Status.DESTINATION_CREDITED, error, Money.ZERO, at, after);
      case CONFIRM_DESTINATION, CONFIRM_SOURCE -> with(status, error, held, at, after);
    };
  }

  /** The account has refused the command, for good. */
  public Transfer refused(String command, String why, Instant at) {
    Step step = step(command);
    String reason = step.compensation() && error != null ? error + "; not undone: " + why : why;
    return with(status, reason, held, at, ended(step, State.REFUSED, why, at));
  }

  /** It has come to a standstill, or goes on after one. */
  public Transfer to(Status next, Instant at) {
    return new Transfer(
        id,
        fromAccount,
        toAccount,
        amount,
        next,
        error,
        held,
        startedAt,
        at,
        next.isFinal() && next != Status.NEEDS_ATTENTION ? at : null,
        steps);
  }

  private Step step(String command) {
    return steps.stream()
        .filter(step -> step.command().equals(command))
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("transfer " + id + " has sent no command " + command));
  }

  private List<Step> ended(Step ended, State state, @Nullable String why, Instant at) {
    UnaryOperator<Step> end =
        step ->
            !step.command().equals(ended.command())
                ? step
                : new Step(
                    step.command(),
                    step.action(),
                    step.compensation(),
                    step.accountId(),
                    state,
                    why,
                    step.startedAt(),
                    at);
    return steps.stream().map(end).toList();
  }

  private Transfer with(
      Status next, @Nullable String why, Money nowHeld, Instant at, List<Step> newSteps) {
    return new Transfer(
        id,
        fromAccount,
        toAccount,
        amount,
        next,
        why,
        nowHeld,
        startedAt,
        at,
        finishedAt,
        newSteps);
  }
}
