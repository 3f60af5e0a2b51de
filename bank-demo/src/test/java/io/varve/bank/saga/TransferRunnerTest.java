package io.varve.bank.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.FaultyStore;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.Accounts;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.CommandOutcome;
import io.varve.bank.application.Transfers.Report;
import io.varve.bank.application.Transfers.Start;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.Transfer.Status;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * Transfers over a store, whole and with the program stopped at every call that it makes to the
 * store: whatever happens, the money is where it belongs and every step took effect once.
 */
class TransferRunnerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final CommandId ID = CommandId.of("key", "Transfer", "");
  private static final Money THIRTY = Money.of("30");

  private final InMemoryEventStore store = new InMemoryEventStore();

  private static Repository<AccountCommand, Account, AccountEvent> accounts(EventStore store) {
    return Accounts.in(store, 50, ToolkitObserver.NONE);
  }

  private static TransferRunner runner(EventStore store) {
    return TransferRunner.start(store, accounts(store), ToolkitObserver.NONE);
  }

  private static void command(EventStore store, String accountId, AccountCommand command) {
    CommandOutcome outcome =
        new AccountCommands(store, accounts(store))
            .handle(accountId, command, CommandId.of(null, "test", accountId), "conversation");
    assertThat(outcome).isInstanceOf(CommandOutcome.Done.class);
  }

  private static void openBoth(EventStore store) {
    command(store, "a", new OpenAccount("Ada", Money.of("100")));
    command(store, "b", new OpenAccount("Bob", Money.of("5")));
  }

  private static void closeDestination(EventStore store) {
    command(store, "b", new WithdrawMoney(Money.of("5"), null));
    command(store, "b", new CloseAccount());
  }

  private static String start(TransferRunner runner) {
    return ((Start.Started) runner.start("a", "b", THIRTY, ID, "conversation")).transferId();
  }

  private static Transfer end(TransferRunner runner, String transferId) throws Exception {
    return runner.await(transferId, PATIENCE).map(Report::transfer).orElseThrow();
  }

  private static void assertBalances(EventStore store, String source, String destination) {
    Account a = accounts(store).load("a").state();
    assertThat(a.balance()).hasToString(source);
    assertThat(a.pendingTransfers()).isEmpty();
    assertThat(accounts(store).load("b").state().balance()).hasToString(destination);
  }

  private List<RecordedEvent> events(String stream) {
    return store.readStream(ReadStream.of(stream)).toList();
  }

  private List<String> types(String stream) {
    return events(stream).stream().map(RecordedEvent::type).toList();
  }

  @Test
  void a_transfer_completes_and_both_accounts_know() throws Exception {
    openBoth(store);
    try (TransferRunner runner = runner(store)) {
      Transfer transfer = end(runner, start(runner));
      assertThat(transfer.status()).isEqualTo(Status.COMPLETED);
      assertThat(transfer.steps())
          .extracting(step -> step.action() + " " + step.accountId() + " " + step.state())
          .containsExactly(
              "DEBIT_SOURCE a DONE",
              "CREDIT_DESTINATION b DONE",
              "CONFIRM_DESTINATION b DONE",
              "CONFIRM_SOURCE a DONE");
      assertThat(transfer.held()).isEqualTo(Money.ZERO);
      await().untilAsserted(() -> assertThat(runner.unfinished()).isZero());
    }
    assertBalances(store, "70.00", "35.00");
    assertThat(types("account-a"))
        .containsExactly(
            "AccountOpened", "TransferInitiated", "MoneyWithdrawn", "TransferCompleted");
    assertThat(types("account-b"))
        .containsExactly("AccountOpened", "MoneyDeposited", "TransferCompleted");
  }

  @Test
  void every_event_names_the_conversation_the_transfer_and_the_step() throws Exception {
    openBoth(store);
    String id;
    try (TransferRunner runner = runner(store)) {
      id = start(runner);
      end(runner, id);
    }
    RecordedEvent withdrawn = events("account-a").get(2);
    assertThat(withdrawn.metadata())
        .containsEntry("correlation-id", "conversation")
        .containsEntry("transfer-id", id)
        .containsEntry("transfer-step", "debit_source");
    assertThat(events("account-b").get(1).metadata())
        .containsEntry("transfer-step", "credit_destination");
    assertThat(events("transfer-" + id))
        .allSatisfy(
            event -> assertThat(event.metadata()).containsEntry("correlation-id", "conversation"));
  }

  @Test
  void a_transfer_to_a_closed_account_comes_back() throws Exception {
    openBoth(store);
    closeDestination(store);
    try (TransferRunner runner = runner(store)) {
      Transfer transfer = end(runner, start(runner));
      assertThat(transfer.status()).isEqualTo(Status.COMPENSATED);
      assertThat(transfer.error()).isEqualTo("the account is closed");
    }
    assertBalances(store, "100.00", "0.00");
    RecordedEvent back = events("account-a").get(3);
    assertThat(back.dataAsString()).contains("Compensation for");
    assertThat(back.metadata()).containsEntry("transfer-step", "debit_source/undo");
    assertThat(events("account-a").get(4).dataAsString()).contains("the account is closed");
  }

  @Test
  void a_transfer_of_more_than_there_is_fails() throws Exception {
    openBoth(store);
    command(store, "a", new WithdrawMoney(Money.of("80"), null));
    try (TransferRunner runner = runner(store)) {
      Transfer transfer = end(runner, start(runner));
      assertThat(transfer.status()).isEqualTo(Status.FAILED);
      assertThat(transfer.error()).contains("insufficient funds");
    }
    assertBalances(store, "20.00", "5.00");
  }

  @Test
  void between_accounts_that_are_not_there_nothing_begins() {
    openBoth(store);
    try (TransferRunner runner = runner(store)) {
      assertThat(runner.start("a", "x", THIRTY, ID, "c")).isEqualTo(new Start.AccountUnknown("x"));
      assertThat(runner.start("x", "b", THIRTY, ID, "c")).isEqualTo(new Start.AccountUnknown("x"));
    }
  }

  @Test
  void asked_for_twice_under_one_key_it_happens_once() throws Exception {
    openBoth(store);
    try (TransferRunner runner = runner(store)) {
      String id = start(runner);
      assertThat(start(runner)).isEqualTo(id);
      end(runner, id);
      assertThat(start(runner)).isEqualTo(id);
      assertThat(runner.start("a", "b", Money.of("31"), ID, "c")).isEqualTo(new Start.KeyReused());
      assertThat(runner.start("b", "a", THIRTY, ID, "c")).isEqualTo(new Start.KeyReused());
    }
    assertBalances(store, "70.00", "35.00");
  }

  @Test
  void money_that_was_spent_needs_attention_and_is_brought_back_by_another_try() throws Exception {
    openBoth(store);
    FaultyStore interrupting = new FaultyStore(store);
    // Once the credit is there, the destination spends it; then the source cannot be told.
    interrupting.hook(
        new FaultyStore.Hook() {
          @Override
          public void beforeAppend(String stream, List<NewEvent> events) {
            boolean confirmsSource =
                stream.equals("account-a") && events.getFirst().type().equals("TransferCompleted");
            if (confirmsSource && types("account-b").size() == 3) {
              command(store, "b", new WithdrawMoney(Money.of("35"), "spent"));
              store.streams().tombstone("account-a");
            }
          }
        });
    try (TransferRunner runner = runner(interrupting)) {
      String id = start(runner);
      Transfer stuck = end(runner, id);
      assertThat(stuck.status()).isEqualTo(Status.NEEDS_ATTENTION);
      assertThat(runner.status().needHelp()).hasSize(1);
      command(store, "b", new DepositMoney(THIRTY, "paid in again"));

      assertThat(runner.retry(id)).isTrue();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(end(runner, id).steps()).hasSizeGreaterThan(stuck.steps().size()));
      assertThat(types("account-b")).contains("TransferFailed");
    }
  }

  /** What becomes of the transfer, whatever it is stopped at. */
  private record Ending(Status status, String source, String destination) {}

  private static void assertEndsWhereverItIsStopped(boolean closed, Ending expected)
      throws Exception {
    int calls = Integer.MAX_VALUE;
    for (int last = 1; last <= calls; last++) {
      InMemoryEventStore store = new InMemoryEventStore();
      openBoth(store);
      if (closed) {
        closeDestination(store);
      }
      int stopAt = last;
      FaultyStore dying = new FaultyStore(store);
      CountDownLatch dead = new CountDownLatch(1);
      dying.hook(
          new FaultyStore.Hook() {
            @Override
            public void after(int call) {
              if (call >= stopAt) { // the store has done it, and nobody ever hears of it
                dying.away(true);
                dead.countDown();
                throw FaultyStore.unavailable();
              }
            }
          });
      boolean ended;
      try (TransferRunner stopped = runner(dying)) {
        ended = endsBeforeItIsStopped(stopped, dead);
      }
      try (TransferRunner next = runner(store)) {
        Transfer transfer = end(next, start(next)); // as a caller asks who has had no answer
        assertThat(new Ending(transfer.status(), balance(store, "a"), balance(store, "b")))
            .as("stopped after call %d", stopAt)
            .isEqualTo(expected);
        assertThat(accounts(store).load("a").state().pendingTransfers()).isEmpty();
      }
      if (ended) {
        calls = last;
      }
    }
    assertThat(calls).isGreaterThan(10);
  }

  private static boolean endsBeforeItIsStopped(TransferRunner runner, CountDownLatch dead)
      throws Exception {
    try {
      String id = start(runner);
      while (dead.getCount() > 0) {
        Transfer transfer = runner.await(id, LOOK_AGAIN).orElseThrow().transfer();
        if (transfer.status().isFinal()) {
          return true;
        }
      }
      return false;
    } catch (StoreUnavailableException e) {
      return false;
    }
  }

  private static String balance(EventStore store, String accountId) {
    return accounts(store).load(accountId).state().balance().toString();
  }

  @Test
  void stopped_at_any_call_a_transfer_completes_all_the_same() throws Exception {
    assertEndsWhereverItIsStopped(false, new Ending(Status.COMPLETED, "70.00", "35.00"));
  }

  @Test
  void stopped_at_any_call_a_refused_transfer_comes_back_all_the_same() throws Exception {
    assertEndsWhereverItIsStopped(true, new Ending(Status.COMPENSATED, "100.00", "0.00"));
  }
}
