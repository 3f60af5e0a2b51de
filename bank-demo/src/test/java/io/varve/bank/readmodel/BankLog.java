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
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.Facts;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.math.BigDecimal;
import java.util.Map;
import java.util.UUID;

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
    accepted(id, "debit_source");
    issued(id, "credit_destination", to);
    account(to, new MoneyDeposited(Money.of(amount), "in"), step(id, "credit_destination"));
    accepted(id, "credit_destination");
    issued(id, "confirm_destination", to);
    account(to, new TransferCompleted(id), step(id, "confirm_destination"));
    accepted(id, "confirm_destination");
    issued(id, "confirm_source", from);
    account(from, new TransferCompleted(id), step(id, "confirm_source"));
    accepted(id, "confirm_source");
    return ended(id, "completed");
  }

  /** A transfer whose money comes back. */
  long compensated(String id, String from, String to, String amount) {
    begin(id, from, to, amount);
    accepted(id, "debit_source");
    issued(id, "credit_destination", to);
    refused(id, "credit_destination", "the account is closed");
    issued(id, "debit_source/undo", from);
    account(from, new MoneyDeposited(Money.of(amount), "back"), step(id, "debit_source/undo"));
    account(from, new TransferFailed(id, "closed"), step(id, "debit_source/undo"));
    accepted(id, "debit_source/undo");
    return ended(id, "compensated");
  }

  /** A transfer that is refused before money moves. */
  long refused(String id, String from, String to, String amount) {
    asked(id, from, to, amount);
    issued(id, "debit_source", from);
    refused(id, "debit_source", "insufficient funds");
    return ended(id, "failed");
  }

  /** A transfer that somebody has asked for. */
  long asked(String id, String from, String to, String amount) {
    return append(
        "request-" + id,
        BankEvents.REQUESTS,
        new TransferRequested(id, from, to, Money.of(amount)),
        Map.of());
  }

  /** A transfer whose money has left and has not arrived. */
  long begin(String id, String from, String to, String amount) {
    asked(id, from, to, amount);
    saga(id, NewEvent.builder("ProcessStarted").build());
    issued(id, "debit_source", from);
    account(from, new TransferInitiated(id), step(id, "debit_source"));
    return account(from, new MoneyWithdrawn(Money.of(amount), "out"), step(id, "debit_source"));
  }

  private void issued(String id, String step, String account) {
    saga(
        id,
        NewEvent.builder("ProcessCommandIssued")
            .id(commandId(id, step))
            .metadata("process-target", "account")
            .metadata("process-target-id", account)
            .metadata("process-command-type", "DebitTransfer")
            .metadata("process-command-key", step)
            .build());
  }

  private void accepted(String id, String step) {
    saga(
        id,
        NewEvent.builder("ProcessCommandAccepted")
            .metadata("process-command-id", commandId(id, step).toString())
            .build());
  }

  private void refused(String id, String step, String why) {
    saga(
        id,
        NewEvent.builder("ProcessCommandRefused")
            .metadata("process-command-id", commandId(id, step).toString())
            .metadata("process-refusal-code", "NO")
            .metadata("process-refusal-message", why)
            .build());
  }

  private long ended(String id, String outcome) {
    return saga(
        id, NewEvent.builder("ProcessCompleted").metadata("process-outcome", outcome).build());
  }

  private static UUID commandId(String id, String step) {
    return EventIds.named(id, step);
  }

  private long saga(String id, NewEvent event) {
    return store.append("transfer-" + id, ExpectedVersion.any(), event).position();
  }

  private static Map<String, String> step(String transferId, String step) {
    return Map.of(Facts.TRANSFER_ID, transferId, Facts.TRANSFER_STEP, step);
  }

  private long account(String account, AccountEvent event, Map<String, String> facts) {
    return append("account-" + account, BankEvents.ACCOUNTS, event, facts);
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
