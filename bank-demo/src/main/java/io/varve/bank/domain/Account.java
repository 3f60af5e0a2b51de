package io.varve.bank.domain;

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
import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import java.util.LinkedHashSet;
import java.util.List;
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

  /** How accounts decide, and what becomes of them. */
  public static final Decider<AccountCommand, Account, AccountEvent> DECIDER = new Rules();

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

  /** What follows from a command. */
  public Decision<AccountEvent> decide(AccountCommand command) {
    return switch (command) {
      case OpenAccount c ->
          unless(refusalToOpen(c), new AccountOpened(c.owner(), c.initialBalance()));
      case DepositMoney c ->
          unless(refusalToCredit(c.amount()), new MoneyDeposited(c.amount(), c.description()));
      case WithdrawMoney c ->
          unless(refusalToDebit(c.amount()), new MoneyWithdrawn(c.amount(), c.description()));
      case AddInterest c -> {
        Money interest = balance.times(c.rate());
        yield unless(refusalOfInterest(c, interest), new InterestAdded(interest, c.rate()));
      }
      case CloseAccount c -> unless(refusalToClose(), new AccountClosed());
      case DebitTransfer c ->
          unless(
              refusalToDebit(c.amount()),
              new TransferInitiated(c.transferId()),
              new MoneyWithdrawn(
                  c.amount(), "Transfer " + c.transferId() + " to " + c.toAccount()));
      case CreditTransfer c ->
          unless(
              refusalToCredit(c.amount()),
              new MoneyDeposited(
                  c.amount(), "Transfer " + c.transferId() + " from " + c.fromAccount()));
      case ConfirmTransfer c ->
          unless(status == Status.NONE ? unknown() : null, new TransferCompleted(c.transferId()));
      case ReverseTransfer c ->
          unless(
              refusalToDebit(c.amount()),
              new MoneyWithdrawn(c.amount(), "Compensation for " + c.transferId()),
              new TransferFailed(c.transferId(), c.reason()));
      case RefundTransfer c -> // whatever the balance limit says: the money was here all along
          unless(
              refusalUnlessActive(),
              new MoneyDeposited(c.amount(), "Compensation for " + c.transferId()),
              new TransferFailed(c.transferId(), c.reason()));
    };
  }

  private static Decision<AccountEvent> unless(
      Decision.@Nullable Refused<AccountEvent> refusal, AccountEvent... events) {
    return refusal != null ? refusal : Decision.of(List.of(events));
  }

  private Decision.@Nullable Refused<AccountEvent> refusalToOpen(OpenAccount command) {
    Money initial = command.initialBalance();
    if (status != Status.NONE) {
      return Rule.ACCOUNT_EXISTS.refuses("the account is open already");
    }
    if (initial.isNegative()) {
      return Rule.AMOUNT_NOT_POSITIVE.refuses(
          "the initial balance must not be negative, was " + initial);
    }
    return initial.exceeds(Money.MAX_AMOUNT) ? tooLarge(initial) : null;
  }

  private Decision.@Nullable Refused<AccountEvent> refusalOfInterest(
      AddInterest command, Money interest) {
    if (status == Status.ACTIVE && !interest.isPositive()) {
      return Rule.INTEREST_BELOW_A_CENT.refuses(
          "interest at rate "
              + command.rate().toPlainString()
              + " on "
              + balance
              + " is less than a cent");
    }
    Decision.Refused<AccountEvent> inactive = refusalUnlessActive();
    return inactive != null ? inactive : refusalOverLimit(interest);
  }

  private Decision.@Nullable Refused<AccountEvent> refusalToClose() {
    if (status == Status.ACTIVE && !pendingTransfers.isEmpty()) {
      return Rule.TRANSFER_PENDING.refuses(
          pendingTransfers.size() + " transfer(s) pending on the account");
    }
    if (status == Status.ACTIVE && !balance.isZero()) {
      return Rule.BALANCE_NOT_ZERO.refuses("the balance must be zero to close, is " + balance);
    }
    return refusalUnlessActive();
  }

  private Decision.@Nullable Refused<AccountEvent> refusalToCredit(Money amount) {
    Decision.Refused<AccountEvent> refusal = refusalToMove(amount);
    return refusal != null ? refusal : refusalOverLimit(amount);
  }

  private Decision.@Nullable Refused<AccountEvent> refusalToDebit(Money amount) {
    Decision.Refused<AccountEvent> refusal = refusalToMove(amount);
    if (refusal == null && amount.exceeds(balance)) {
      return Rule.INSUFFICIENT_FUNDS.refuses(
          "insufficient funds: balance is " + balance + ", " + amount + " asked for");
    }
    return refusal;
  }

  private Decision.@Nullable Refused<AccountEvent> refusalToMove(Money amount) {
    if (!amount.isPositive()) {
      return Rule.AMOUNT_NOT_POSITIVE.refuses(
          "the amount must be greater than zero, was " + amount);
    }
    return amount.exceeds(Money.MAX_AMOUNT) ? tooLarge(amount) : refusalUnlessActive();
  }

  private Decision.@Nullable Refused<AccountEvent> refusalUnlessActive() {
    return switch (status) {
      case NONE -> unknown();
      case ACTIVE -> null;
      case CLOSED -> Rule.ACCOUNT_CLOSED.refuses("the account is closed");
    };
  }

  private Decision.@Nullable Refused<AccountEvent> refusalOverLimit(Money amount) {
    return balance.plus(amount).exceeds(Money.MAX_BALANCE)
        ? Rule.BALANCE_LIMIT.refuses("an account holds at most " + Money.MAX_BALANCE + " in all")
        : null;
  }

  private static Decision.Refused<AccountEvent> unknown() {
    return Rule.ACCOUNT_UNKNOWN.refuses("there is no such account");
  }

  private static Decision.Refused<AccountEvent> tooLarge(Money amount) {
    return Rule.AMOUNT_TOO_LARGE.refuses(
        "an amount must be at most " + Money.MAX_AMOUNT + ", was " + amount);
  }

  /** The account after an event. */
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

  private static final class Rules implements Decider<AccountCommand, Account, AccountEvent> {

    @Override
    public Account initial() {
      return NONE;
    }

    @Override
    public Decision<AccountEvent> decide(AccountCommand command, Account account) {
      return account.decide(command);
    }

    @Override
    public Account evolve(Account account, AccountEvent event) {
      return account.evolve(event);
    }
  }
}
