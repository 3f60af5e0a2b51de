package io.varve.client.eventsourcing.bank;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.bank.AccountCommand.Close;
import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Open;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.AccountEvent.AccountClosed;
import io.varve.client.eventsourcing.bank.AccountEvent.AccountOpened;
import io.varve.client.eventsourcing.bank.AccountEvent.MoneyDeposited;
import io.varve.client.eventsourcing.bank.AccountEvent.MoneyWithdrawn;
import java.math.BigDecimal;

/** An account: open or not, and how much it holds, to the cent. */
public record Account(boolean open, BigDecimal balance) {

  /** Decides over accounts. */
  public enum Rules implements Decider<AccountCommand, Account, AccountEvent> {
    INSTANCE;

    @Override
    public Account initial() {
      return new Account(false, BigDecimal.ZERO);
    }

    @Override
    public Decision<AccountEvent> decide(AccountCommand command, Account account) {
      return switch (command) {
        case Open _ when account.open -> Decision.refused("OPEN", "the account is open");
        case Open open -> Decision.of(new AccountOpened(open.owner()));
        case AccountCommand _ when !account.open ->
            Decision.refused("NO_ACCOUNT", "there is no such account, or it is closed");
        case Deposit d -> Decision.of(new MoneyDeposited(d.amount(), d.reference()));
        case Withdraw w when account.balance.compareTo(w.amount()) < 0 ->
            Decision.refused("INSUFFICIENT_FUNDS", "the account holds " + account.balance);
        case Withdraw w -> Decision.of(new MoneyWithdrawn(w.amount(), w.reference()));
        case Close _ when account.balance.signum() != 0 ->
            Decision.refused("NOT_EMPTY", "the account holds " + account.balance);
        case Close _ -> Decision.of(new AccountClosed());
      };
    }

    @Override
    public Account evolve(Account account, AccountEvent event) {
      return switch (event) {
        case AccountOpened _ -> new Account(true, account.balance);
        case MoneyDeposited d -> new Account(true, account.balance.add(d.amount()));
        case MoneyWithdrawn w -> new Account(true, account.balance.subtract(w.amount()));
        case AccountClosed _ -> new Account(false, account.balance);
      };
    }
  }
}
