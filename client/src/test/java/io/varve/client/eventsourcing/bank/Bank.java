package io.varve.client.eventsourcing.bank;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Open;
import io.varve.client.eventsourcing.bank.AccountEvent.MoneyDeposited;
import io.varve.client.eventsourcing.bank.AccountEvent.MoneyWithdrawn;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.CommandHandler;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** A small bank in a store: accounts that hold money, and requests for transfers. */
public final class Bank {

  public static final EventTypes<AccountEvent> ACCOUNT_EVENTS = JsonEvents.of(AccountEvent.class);
  public static final EventTypes<TransferEvent> TRANSFER_EVENTS =
      JsonEvents.of(TransferEvent.class);

  private static final UUID REQUESTS = UUID.fromString("3ad6a1b4-7d7e-4b55-8d52-0d9ad1a3b0c9");

  private final EventStore store;
  private final Repository<AccountCommand, Account, AccountEvent> accounts;

  public Bank(EventStore store) {
    this.store = store;
    this.accounts =
        Repository.builder(
                store, AggregateType.of("account", ACCOUNT_EVENTS, Account.Rules.INSTANCE))
            .retry(ConflictRetry.standard().times(50))
            .build();
  }

  public Repository<AccountCommand, Account, AccountEvent> accounts() {
    return accounts;
  }

  /** Carries out the commands of processes. */
  public CommandHandler<AccountCommand> handler() {
    return CommandHandler.of(accounts);
  }

  /** Opens an account with this much money in it; opening the same again changes nothing. */
  public Bank open(String account, String money) {
    accounts.execute(account, new Open("owner of " + account), CommandOptions.withId("open"));
    accounts
        .execute(
            account, new Deposit(new BigDecimal(money), "start"), CommandOptions.withId("start"))
        .orElseThrow();
    return this;
  }

  /** Asks for a transfer; asking for the same again changes nothing. */
  public long request(String transferId, String from, String to, String amount) {
    return append(
        new TransferRequested(transferId, from, to, new BigDecimal(amount)), EventContext.begin());
  }

  /** Records an event of a transfer in the transfer's own stream; returns its position. */
  public long append(TransferEvent event, EventContext context) {
    return store
        .append(
            "request-" + event.transferId(),
            ExpectedVersion.any(),
            TRANSFER_EVENTS.encode(EventIds.named(REQUESTS, event.toString()), event, context))
        .position();
  }

  public BigDecimal balance(String account) {
    return accounts.load(account).state().balance();
  }

  /** The money in all accounts. */
  public BigDecimal total() {
    BigDecimal total = BigDecimal.ZERO;
    try (EventReader events = store.readLog(ReadLog.all().query(Query.categories("account")))) {
      for (RecordedEvent event : events) {
        total = total.add(effect(event));
      }
    }
    return total;
  }

  /** What each transfer has moved, by reference and account; all that is not there is zero. */
  public Map<String, Integer> movements() {
    Map<String, Integer> movements = new HashMap<>();
    try (EventReader events = store.readLog(ReadLog.all().query(Query.categories("account")))) {
      for (RecordedEvent event : events) {
        switch (ACCOUNT_EVENTS.decode(event).getFirst().event()) {
          case MoneyDeposited d ->
              movements.merge("+" + d.reference() + "@" + event.stream(), 1, Integer::sum);
          case MoneyWithdrawn w ->
              movements.merge("-" + w.reference() + "@" + event.stream(), 1, Integer::sum);
          default -> {}
        }
      }
    }
    return movements;
  }

  private static BigDecimal effect(RecordedEvent recorded) {
    return switch (ACCOUNT_EVENTS.decode(recorded).getFirst().event()) {
      case MoneyDeposited d -> d.amount();
      case MoneyWithdrawn w -> w.amount().negate();
      default -> BigDecimal.ZERO;
    };
  }
}
