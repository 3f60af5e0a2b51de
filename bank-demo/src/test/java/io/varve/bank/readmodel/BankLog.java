package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.AccountEvent.TransferCompleted;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.AccountEvent.TransferInitiated;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Facts;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.math.BigDecimal;
import java.util.Map;

/** Writes what a bank would have written, without one. */
final class BankLog {

  private final EventStore store;

  BankLog(EventStore store) {
    this.store = store;
  }

  long opened(String account, String owner, String initialBalance) {
    return account(account, new AccountOpened(owner, Money.of(initialBalance)), Map.of());
  }

  long deposited(String account, String amount) {
    return account(account, new MoneyDeposited(Money.of(amount), "pay"), Map.of());
  }

  long withdrawn(String account, String amount) {
    return account(account, new MoneyWithdrawn(Money.of(amount), null), Map.of());
  }

  long interest(String account, String amount) {
    return account(account, new InterestAdded(Money.of(amount), new BigDecimal("0.01")), Map.of());
  }

  long closed(String account) {
    return account(account, new AccountClosed(), Map.of());
  }

  /** A transfer that arrives. */
  long transferred(String id, String from, String to, String amount) {
    begin(id, from, to, amount);
    transfer(id, new TransferEvent.SourceDebited());
    account(to, new MoneyDeposited(Money.of(amount), "in"), step(id, "credit_destination"));
    transfer(id, new TransferEvent.DestinationCredited());
    account(to, new TransferCompleted(id), step(id, "confirm_destination"));
    transfer(id, new TransferEvent.DestinationConfirmed());
    account(from, new TransferCompleted(id), step(id, "confirm_source"));
    return transfer(id, new TransferEvent.TransferSettled());
  }

  /** A transfer whose money comes back. */
  long compensated(String id, String from, String to, String amount) {
    begin(id, from, to, amount);
    transfer(id, new TransferEvent.SourceDebited());
    transfer(id, new TransferEvent.CreditRefused("the account is closed"));
    account(from, new MoneyDeposited(Money.of(amount), "back"), step(id, "debit_source/undo"));
    account(from, new TransferFailed(id, "closed"), step(id, "debit_source/undo"));
    return transfer(id, new TransferEvent.SourceRefunded());
  }

  /** A transfer that is refused before money moves. */
  long refused(String id, String from, String to, String amount) {
    asked(id, from, to, amount);
    return transfer(id, new TransferEvent.DebitRefused("insufficient funds"));
  }

  /** A transfer that somebody has asked for. */
  long asked(String id, String from, String to, String amount) {
    return transfer(id, new TransferEvent.TransferStarted(from, to, Money.of(amount)));
  }

  /** A transfer whose money has left and has not arrived. */
  long begin(String id, String from, String to, String amount) {
    asked(id, from, to, amount);
    account(from, new TransferInitiated(id), step(id, "debit_source"));
    return account(from, new MoneyWithdrawn(Money.of(amount), "out"), step(id, "debit_source"));
  }

  private static Map<String, String> step(String transferId, String step) {
    return Map.of(Facts.TRANSFER_ID, transferId, Facts.TRANSFER_STEP, step);
  }

  private long account(String account, AccountEvent event, Map<String, String> facts) {
    return append("account-" + account, BankEvents.ACCOUNTS, event, facts);
  }

  private long transfer(String id, TransferEvent event) {
    return append("transfer-" + id, SagasProjection.TRANSFERS, event, Map.of());
  }

  private <E> long append(String stream, EventTypes<E> types, E event, Map<String, String> facts) {
    EventContext context = EventContext.begin();
    for (Map.Entry<String, String> fact : facts.entrySet()) {
      context = context.with(fact.getKey(), fact.getValue());
    }
    NewEvent encoded = types.encode(event, context);
    return store.append(stream, ExpectedVersion.any(), encoded).position();
  }
}
