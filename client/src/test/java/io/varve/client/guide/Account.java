package io.varve.client.guide;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.guide.AccountCommand.Close;
import io.varve.client.guide.AccountCommand.Deposit;
import io.varve.client.guide.AccountCommand.Open;
import io.varve.client.guide.AccountCommand.Withdraw;
import io.varve.client.guide.AccountEvent.AccountClosed;
import io.varve.client.guide.AccountEvent.AccountOpened;
import io.varve.client.guide.AccountEvent.MoneyDeposited;
import io.varve.client.guide.AccountEvent.MoneyWithdrawn;
import java.math.BigDecimal;

record Account(boolean open, BigDecimal balance) {

  static final Decider<AccountCommand, Account, AccountEvent> DECIDER =
      new Decider<>() {
        @Override
        public Account initial() {
          return new Account(false, BigDecimal.ZERO);
        }

        @Override
        public Decision<AccountEvent> decide(AccountCommand command, Account account) {
          return switch (command) {
            case Open _ when account.open() -> Decision.refused("OPEN", "it is open already");
            case Open(var owner) -> Decision.of(new AccountOpened(owner));
            case AccountCommand _ when !account.open() ->
                Decision.refused("NOT_OPEN", "there is no open account");
            case Deposit(var amount) -> Decision.of(new MoneyDeposited(amount));
            case Withdraw(var amount) when amount.compareTo(account.balance()) > 0 ->
                Decision.refused("INSUFFICIENT_FUNDS", "it holds " + account.balance());
            case Withdraw(var amount) -> Decision.of(new MoneyWithdrawn(amount));
            case Close _ when account.balance().signum() != 0 ->
                Decision.refused("NOT_EMPTY", "it holds " + account.balance());
            case Close _ -> Decision.of(new AccountClosed());
          };
        }

        @Override
        public Account evolve(Account account, AccountEvent event) {
          return switch (event) {
            case AccountOpened _ -> new Account(true, account.balance());
            case MoneyDeposited(var amount) -> account.plus(amount);
            case MoneyWithdrawn(var amount) -> account.plus(amount.negate());
            case AccountClosed _ -> new Account(false, account.balance());
          };
        }
      };

  private Account plus(BigDecimal amount) {
    return new Account(open, balance.add(amount));
  }
}
