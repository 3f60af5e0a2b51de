package io.varve.client.guide;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.EventStore;
import java.math.BigDecimal;
import java.time.Instant;

/** The first aggregate of README.md. */
final class FirstAggregate {

  private FirstAggregate() {}

  sealed interface AccountEvent {
    record AccountOpened(String owner) implements AccountEvent {}

    record MoneyDeposited(BigDecimal amount) implements AccountEvent {}

    record MoneyWithdrawn(BigDecimal amount) implements AccountEvent {}
  }

  sealed interface AccountCommand {
    record Open(String owner) implements AccountCommand {}

    record Deposit(BigDecimal amount) implements AccountCommand {}

    record Withdraw(BigDecimal amount) implements AccountCommand {}
  }

  enum Accounts implements Decider<AccountCommand, BigDecimal, AccountEvent> {
    RULES;

    @Override
    public BigDecimal initial() {
      return BigDecimal.ZERO;
    }

    @Override
    public Decision<AccountEvent> decide(AccountCommand command, BigDecimal balance) {
      return switch (command) {
        case AccountCommand.Open c -> Decision.of(new AccountEvent.AccountOpened(c.owner()));
        case AccountCommand.Deposit c -> Decision.of(new AccountEvent.MoneyDeposited(c.amount()));
        case AccountCommand.Withdraw c when c.amount().compareTo(balance) > 0 ->
            Decision.refused("INSUFFICIENT_FUNDS", "the account holds " + balance);
        case AccountCommand.Withdraw c -> Decision.of(new AccountEvent.MoneyWithdrawn(c.amount()));
      };
    }

    @Override
    public BigDecimal evolve(BigDecimal balance, AccountEvent event) {
      return switch (event) {
        case AccountEvent.AccountOpened e -> balance;
        case AccountEvent.MoneyDeposited e -> balance.add(e.amount());
        case AccountEvent.MoneyWithdrawn e -> balance.subtract(e.amount());
      };
    }
  }

  static CommandResult<BigDecimal, AccountEvent> run(EventStore store) {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Accounts.RULES));

    accounts.execute("42", new AccountCommand.Open("Ada"));
    accounts.execute("42", new AccountCommand.Deposit(new BigDecimal("25.00")));
    var result = accounts.execute("42", new AccountCommand.Withdraw(new BigDecimal("99.00")));
    System.out.println(result); // Refused[… INSUFFICIENT_FUNDS: the account holds 25.00]

    var then = accounts.loadAt("42", Instant.parse("2026-01-15T00:00:00Z")).state();
    System.out.println("in January it held " + then);
    return result;
  }
}
