package io.varve.bank.application;

import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.store.BankEvents;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.aggregate.SnapshotPolicy;
import io.varve.client.streams.EventStore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How accounts are kept: in streams {@code account-<id>}, with a snapshot every so many events. */
public final class Accounts {

  /** Enough for a busy account; an account that is busier still answers with a conflict. */
  public static final int MAX_ATTEMPTS = 10;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(2);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);

  /** Raised whenever {@link Account} changes its shape, or folds its events in another way. */
  private static final int SNAPSHOT_SCHEMA = 1;

  private Accounts() {}

  /**
   * The accounts in a store.
   *
   * @param snapshotEvery events of an account between two snapshots; 0: none are taken
   */
  public static Repository<AccountCommand, Account, AccountEvent> in(
      EventStore store, int snapshotEvery, ToolkitObserver observer) {
    SnapshotPolicy<Account> policy =
        snapshotEvery == 0 ? SnapshotPolicy.never() : SnapshotPolicy.every(snapshotEvery);
    AggregateType<AccountCommand, Account, AccountEvent> type =
        AggregateType.of("account", BankEvents.ACCOUNTS, Account.DECIDER)
            .snapshots(BankEvents.codec(Account.class), SNAPSHOT_SCHEMA, policy)
            .described(Accounts::sentence);
    return Repository.builder(store, type)
        .retry(ConflictRetry.standard().times(MAX_ATTEMPTS - 1).backOff(FIRST_PAUSE, LONGEST_PAUSE))
        .observer(observer)
        .build();
  }

  /** An event as a line to read. */
  static String sentence(AccountEvent event) {
    return switch (event) {
      case AccountEvent.AccountOpened e ->
          "Account opened for " + e.owner() + " with " + e.initialBalance();
      case AccountEvent.MoneyDeposited e -> "Deposited " + e.amount() + described(e.description());
      case AccountEvent.MoneyWithdrawn e -> "Withdrew " + e.amount() + described(e.description());
      case AccountEvent.InterestAdded e ->
          "Interest of " + e.amount() + " added at rate " + e.rate().toPlainString();
      case AccountEvent.AccountClosed e -> "Account closed";
      case AccountEvent.TransferInitiated e -> "Transfer " + e.transferId() + " initiated";
      case AccountEvent.TransferCompleted e -> "Transfer " + e.transferId() + " completed";
      case AccountEvent.TransferFailed e -> "Transfer " + e.transferId() + " failed: " + e.error();
    };
  }

  private static String described(@Nullable String description) {
    return description == null ? "" : " (" + description + ")";
  }
}
