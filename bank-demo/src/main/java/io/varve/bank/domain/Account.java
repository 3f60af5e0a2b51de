package io.varve.bank.domain;

import static io.varve.bank.domain.Decision.accepted;
import static io.varve.bank.domain.Decision.refused;

import io.varve.bank.domain.AccountCommand.AddInterest;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.ConfirmTransfer;
import io.varve.bank.domain.AccountCommand.CreditTransfer;
import io.varve.bank.domain.AccountCommand.DebitTransfer;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.RefundTransfer;
import io.varve.bank.domain.AccountCommand.ReverseTransfer;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.AccountEvent.TransferCompleted;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.AccountEvent.TransferInitiated;
import io.varve.bank.domain.Decision.Refused;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An account: the fold of its events, and the rules that its commands must pass. {@link #decide}
 * may refuse; {@link #evolve} never does, because what it is given has happened.
 *
 * <p>The rules: amounts are positive and bounded; only an active account moves money; there is no
 * overdraft; an account closes at balance zero with no transfer pending on it. A transfer is
 * pending on its source alone, from the debit to the end.
 *
 * @param pendingTransfers ids of the transfers that this account has paid for and that are not over
 */
public record Account(Status status, String owner, Money balance, Set<String> pendingTransfers) {

  /** An account before its first event. */
  public static final Account NONE = new Account(Status.NONE, "", Money.ZERO, Set.of());

  /** Whether there is an account, and whether it moves money. */
  public enum Status {
    NONE,
    ACTIVE,
    CLOSED
  }

  public Account {
    pendingTransfers = Set.copyOf(pendingTransfers);
  }

  public Decision decide(AccountCommand command) {
    return switch (command) {
      case OpenAccount c -> open(c);
      case DepositMoney c -> {
        Refused refusal = refusalToCredit(c.amount());
        yield refusal != null ? refusal : accepted(new MoneyDeposited(c.amount(), c.description()));
      }
      case WithdrawMoney c -> {
        Refused refusal = refusalToDebit(c.amount());
        yield refusal != null ? refusal : accepted(new MoneyWithdrawn(c.amount(), c.description()));
      }
      case AddInterest c -> addInterest(c);
      case CloseAccount c -> close();
      case DebitTransfer c -> {
        Refused refusal = refusalToDebit(c.amount());
        yield refusal != null
            ? refusal
            : accepted(
                new TransferInitiated(c.transferId()),
                new MoneyWithdrawn(
                    c.amount(), "Transfer " + c.transferId() + " to " + c.toAccount()));
      }
      case CreditTransfer c -> {
        Refused refusal = refusalToCredit(c.amount());
        yield refusal != null
            ? refusal
            : accepted(
                new MoneyDeposited(
                    c.amount(), "Transfer " + c.transferId() + " from " + c.fromAccount()));
      }
      case ConfirmTransfer c ->
          status == Status.NONE ? unknown() : accepted(new TransferCompleted(c.transferId()));
      case ReverseTransfer c -> {
        Refused refusal = refusalToDebit(c.amount());
        yield refusal != null
            ? refusal
            : accepted(
                new MoneyWithdrawn(c.amount(), "Compensation for " + c.transferId()),
                new TransferFailed(c.transferId(), c.reason()));
      }
      case RefundTransfer c -> refund(c);
    };
  }

  private Decision open(OpenAccount command) {
    if (status != Status.NONE) {
      return refused(Refusal.ACCOUNT_EXISTS, "the account is open already");
    }
    Money initial = command.initialBalance();
    if (initial.isNegative()) {
      return refused(
          Refusal.AMOUNT_NOT_POSITIVE, "the initial balance must not be negative, was " + initial);
    }
    if (initial.exceeds(Money.MAX_AMOUNT)) {
      return tooLarge(initial);
    }
    return accepted(new AccountOpened(command.owner(), initial));
  }

  private Decision addInterest(AddInterest command) {
    Refused inactive = refusalUnlessActive();
    if (inactive != null) {
      return inactive;
    }
    Money interest = balance.times(command.rate());
    if (!interest.isPositive()) {
      return refused(
          Refusal.INTEREST_BELOW_A_CENT,
          "interest at rate " + command.rate() + " on " + balance + " is less than a cent");
    }
    Refused overLimit = refusalOverLimit(interest);
    return overLimit != null ? overLimit : accepted(new InterestAdded(interest, command.rate()));
  }

  private Decision close() {
    Refused inactive = refusalUnlessActive();
    if (inactive != null) {
      return inactive;
    }
    if (!pendingTransfers.isEmpty()) {
      return refused(
          Refusal.TRANSFER_PENDING,
          pendingTransfers.size() + " transfer(s) pending on the account");
    }
    if (!balance.isZero()) {
      return refused(Refusal.BALANCE_NOT_ZERO, "the balance must be zero to close, is " + balance);
    }
    return accepted(new AccountClosed());
  }

  /** The balance limit does not stand against a refund: the money was the account's all along. */
  private Decision refund(RefundTransfer command) {
    Refused inactive = refusalUnlessActive();
    return inactive != null
        ? inactive
        : accepted(
            new MoneyDeposited(command.amount(), "Compensation for " + command.transferId()),
            new TransferFailed(command.transferId(), command.reason()));
  }

  private @Nullable Refused refusalToCredit(Money amount) {
    Refused refusal = refusalToMove(amount);
    return refusal != null ? refusal : refusalOverLimit(amount);
  }

  private @Nullable Refused refusalToDebit(Money amount) {
    Refused refusal = refusalToMove(amount);
    if (refusal == null && amount.exceeds(balance)) {
      return new Refused(
          Refusal.INSUFFICIENT_FUNDS,
          "insufficient funds: balance is " + balance + ", " + amount + " asked for");
    }
    return refusal;
  }

  private @Nullable Refused refusalToMove(Money amount) {
    if (!amount.isPositive()) {
      return new Refused(
          Refusal.AMOUNT_NOT_POSITIVE, "the amount must be greater than zero, was " + amount);
    }
    return amount.exceeds(Money.MAX_AMOUNT) ? tooLarge(amount) : refusalUnlessActive();
  }

  private @Nullable Refused refusalUnlessActive() {
    return switch (status) {
      case NONE -> unknown();
      case ACTIVE -> null;
      case CLOSED -> new Refused(Refusal.ACCOUNT_CLOSED, "the account is closed");
    };
  }

  private @Nullable Refused refusalOverLimit(Money amount) {
    return balance.plus(amount).exceeds(Money.MAX_BALANCE)
        ? new Refused(
            Refusal.BALANCE_LIMIT, "an account holds at most " + Money.MAX_BALANCE + " in all")
        : null;
  }

  private static Refused unknown() {
    return new Refused(Refusal.ACCOUNT_UNKNOWN, "there is no such account");
  }

  private static Refused tooLarge(Money amount) {
    return new Refused(
        Refusal.AMOUNT_TOO_LARGE,
        "an amount must be at most " + Money.MAX_AMOUNT + ", was " + amount);
  }

  public Account evolve(AccountEvent event) {
    return switch (event) {
      case AccountOpened e -> new Account(Status.ACTIVE, e.owner(), e.initialBalance(), Set.of());
      case MoneyDeposited e -> withBalance(balance.plus(e.amount()));
      case MoneyWithdrawn e -> withBalance(balance.minus(e.amount()));
      case InterestAdded e -> withBalance(balance.plus(e.amount()));
      case AccountClosed e -> new Account(Status.CLOSED, owner, balance, pendingTransfers);
      case TransferInitiated e -> pending(e.transferId(), true);
      case TransferCompleted e -> pending(e.transferId(), false);
      case TransferFailed e -> pending(e.transferId(), false);
    };
  }

  private Account withBalance(Money newBalance) {
    return new Account(status, owner, newBalance, pendingTransfers);
  }

  private Account pending(String transferId, boolean isPending) {
    if (pendingTransfers.contains(transferId) == isPending) {
      return this;
    }
    Set<String> changed = new LinkedHashSet<>(pendingTransfers);
    if (isPending) {
      changed.add(transferId);
    } else {
      changed.remove(transferId);
    }
    return new Account(status, owner, balance, changed);
  }
}
