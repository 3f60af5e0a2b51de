package io.varve.bank.domain;

import io.varve.bank.domain.AccountCommand.ConfirmTransfer;
import io.varve.bank.domain.AccountCommand.CreditTransfer;
import io.varve.bank.domain.AccountCommand.DebitTransfer;
import io.varve.bank.domain.AccountCommand.RefundTransfer;
import io.varve.bank.domain.AccountCommand.ReverseTransfer;
import io.varve.bank.domain.TransferEvent.CompensationRefused;
import io.varve.bank.domain.TransferEvent.ConfirmationRefused;
import io.varve.bank.domain.TransferEvent.CreditRefused;
import io.varve.bank.domain.TransferEvent.CreditReversed;
import io.varve.bank.domain.TransferEvent.DebitRefused;
import io.varve.bank.domain.TransferEvent.DestinationConfirmed;
import io.varve.bank.domain.TransferEvent.DestinationCredited;
import io.varve.bank.domain.TransferEvent.SourceDebited;
import io.varve.bank.domain.TransferEvent.SourceRefunded;
import io.varve.bank.domain.TransferEvent.TransferSettled;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A transfer of money between two accounts: the fold of its events, and the state machine that says
 * which step is next. Each step is one command to one account; what became of it is one event here.
 *
 * <pre>
 * STARTED -debit-> SOURCE_DEBITED -credit-> DESTINATION_CREDITED -confirm-> DESTINATION_CONFIRMED -confirm-> COMPLETED
 *    | refused          | refused                 | refused                        | refused
 *  FAILED           REFUNDING &lt;--- reversed --- REVERSING &lt;------------------------+
 *                       | refunded                | refused
 *                   COMPENSATED             NEEDS_ATTENTION   (and so when a refund is refused)
 * </pre>
 *
 * @param error why the transfer did not go through; null while nothing stands against it
 * @param held the money that left one account and has reached none: in sight, whatever happens
 */
public record Transfer(
    String id,
    Status status,
    String fromAccount,
    String toAccount,
    Money amount,
    @Nullable String error,
    Money held) {

  /** Where a transfer stands. */
  public enum Status {
    NONE,
    STARTED,
    SOURCE_DEBITED,
    DESTINATION_CREDITED,
    DESTINATION_CONFIRMED,
    COMPLETED,
    FAILED,
    REVERSING,
    REFUNDING,
    COMPENSATED,
    NEEDS_ATTENTION;

    /** Whether nothing more happens by itself. */
    public boolean isFinal() {
      return this == COMPLETED || this == FAILED || this == COMPENSATED || this == NEEDS_ATTENTION;
    }

    /** What people are told: the two ways back are one word to them. */
    public String label() {
      return switch (this) {
        case NONE -> "none";
        case STARTED -> "started";
        case SOURCE_DEBITED -> "source_debited";
        case DESTINATION_CREDITED, DESTINATION_CONFIRMED -> "destination_credited";
        case COMPLETED -> "completed";
        case FAILED -> "failed";
        case REVERSING, REFUNDING -> "compensating";
        case COMPENSATED -> "compensated";
        case NEEDS_ATTENTION -> "needs_attention";
      };
    }
  }

  /** A transfer before its first event. */
  public static Transfer none(String id) {
    return new Transfer(id, Status.NONE, "", "", Money.ZERO, null, Money.ZERO);
  }

  /** The step to take now; empty when the transfer is over or has not started. */
  public Optional<TransferStep> nextStep() {
    return switch (status) {
      case STARTED -> Optional.of(TransferStep.DEBIT_SOURCE);
      case SOURCE_DEBITED -> Optional.of(TransferStep.CREDIT_DESTINATION);
      case DESTINATION_CREDITED -> Optional.of(TransferStep.CONFIRM_DESTINATION);
      case DESTINATION_CONFIRMED -> Optional.of(TransferStep.CONFIRM_SOURCE);
      case REVERSING -> Optional.of(TransferStep.REVERSE_CREDIT);
      case REFUNDING -> Optional.of(TransferStep.REFUND_SOURCE);
      case NONE, COMPLETED, FAILED, COMPENSATED, NEEDS_ATTENTION -> Optional.empty();
    };
  }

  /** The account that a step concerns. */
  public String accountOf(TransferStep step) {
    return switch (step) {
      case DEBIT_SOURCE, CONFIRM_SOURCE, REFUND_SOURCE -> fromAccount;
      case CREDIT_DESTINATION, CONFIRM_DESTINATION, REVERSE_CREDIT -> toAccount;
    };
  }

  /** The command that a step gives to its account. */
  public AccountCommand commandOf(TransferStep step) {
    String reason = error == null ? "" : error;
    return switch (step) {
      case DEBIT_SOURCE -> new DebitTransfer(id, toAccount, amount);
      case CREDIT_DESTINATION -> new CreditTransfer(id, fromAccount, amount);
      case CONFIRM_DESTINATION, CONFIRM_SOURCE -> new ConfirmTransfer(id);
      case REVERSE_CREDIT -> new ReverseTransfer(id, amount, reason);
      case REFUND_SOURCE -> new RefundTransfer(id, amount, reason);
    };
  }

  /** The event that records a step which its account took. */
  public static TransferEvent taken(TransferStep step) {
    return switch (step) {
      case DEBIT_SOURCE -> new SourceDebited();
      case CREDIT_DESTINATION -> new DestinationCredited();
      case CONFIRM_DESTINATION -> new DestinationConfirmed();
      case CONFIRM_SOURCE -> new TransferSettled();
      case REVERSE_CREDIT -> new CreditReversed();
      case REFUND_SOURCE -> new SourceRefunded();
    };
  }

  /** The event that records a step which its account refused for good. */
  public static TransferEvent refused(TransferStep step, String reason) {
    return switch (step) {
      case DEBIT_SOURCE -> new DebitRefused(reason);
      case CREDIT_DESTINATION -> new CreditRefused(reason);
      case CONFIRM_DESTINATION, CONFIRM_SOURCE -> new ConfirmationRefused(reason);
      case REVERSE_CREDIT, REFUND_SOURCE -> new CompensationRefused(step, reason);
    };
  }

  public Transfer evolve(TransferEvent event) {
    return switch (event) {
      case TransferStarted e ->
          new Transfer(
              id, Status.STARTED, e.fromAccount(), e.toAccount(), e.amount(), null, Money.ZERO);
      case SourceDebited e -> to(Status.SOURCE_DEBITED, error, amount);
      case DebitRefused e -> to(Status.FAILED, e.reason(), Money.ZERO);
      case DestinationCredited e -> to(Status.DESTINATION_CREDITED, error, Money.ZERO);
      case CreditRefused e -> to(Status.REFUNDING, e.reason(), amount);
      case DestinationConfirmed e -> to(Status.DESTINATION_CONFIRMED, error, Money.ZERO);
      case ConfirmationRefused e -> to(Status.REVERSING, e.reason(), Money.ZERO);
      case TransferSettled e -> to(Status.COMPLETED, error, Money.ZERO);
      case CreditReversed e -> to(Status.REFUNDING, error, amount);
      case SourceRefunded e -> to(Status.COMPENSATED, error, Money.ZERO);
      case CompensationRefused e ->
          to(Status.NEEDS_ATTENTION, error + "; compensation refused: " + e.reason(), held);
    };
  }

  private Transfer to(Status next, @Nullable String why, Money nowHeld) {
    return new Transfer(id, next, fromAccount, toAccount, amount, why, nowHeld);
  }
}
