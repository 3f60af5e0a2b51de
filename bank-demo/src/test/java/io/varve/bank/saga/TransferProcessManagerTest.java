package io.varve.bank.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.FaultyStore;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountLoader;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.Transfers.Start;
import io.varve.bank.application.Transfers.Start.Started;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer.Status;
import io.varve.bank.store.EventCodec;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TransferProcessManagerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Money TEN = Money.of("10");

  private final InMemoryEventStore memory = new InMemoryEventStore();
  private final FaultyStore store = new FaultyStore(memory);
  private final EventCodec codec = new EventCodec();
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);

  @AfterEach
  void close() {
    timer.shutdownNow();
    memory.close();
  }

  private TransferProcessManager manager() {
    TransferProcessManager manager =
        new TransferProcessManager(
            store, codec, Executors.newFixedThreadPool(4), timer, InstantSource.system());
    manager.start();
    return manager;
  }

  private void open(String accountId, String balance) {
    new AccountCommands(memory, codec, new AccountLoader(memory, codec))
        .handle(
            accountId,
            new OpenAccount("Owner", Money.of(balance)),
            CommandId.of(null, "test", accountId),
            "c");
  }

  private Money balance(String accountId) {
    return new AccountLoader(memory, codec).load(accountId).account().balance();
  }

  private static CommandId id(String key) {
    return CommandId.of(key, "Transfer", "");
  }

  private static Status end(Start start) throws Exception {
    return ((Started) start)
        .end()
        .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .transfer()
        .status();
  }

  @Test
  void a_transfer_needs_both_accounts() throws Exception {
    open("a", "100");
    try (TransferProcessManager manager = manager()) {
      assertThat(manager.start("a", "b", TEN, id("k"), "c"))
          .isEqualTo(new Start.AccountUnknown("b"));
      assertThat(manager.start("x", "a", TEN, id("k"), "c"))
          .isEqualTo(new Start.AccountUnknown("x"));
    }
  }

  @Test
  void a_key_names_one_transfer() throws Exception {
    open("a", "100");
    open("b", "0");
    try (TransferProcessManager manager = manager()) {
      assertThat(end(manager.start("a", "b", TEN, id("k"), "c"))).isEqualTo(Status.COMPLETED);
      assertThat(end(manager.start("a", "b", TEN, id("k"), "c"))).isEqualTo(Status.COMPLETED);
      assertThat(manager.start("b", "a", TEN, id("k"), "c")).isEqualTo(new Start.KeyReused());
    }
    assertThat(balance("a")).hasToString("90.00");
  }

  @Test
  void a_store_that_comes_back_finds_the_transfer_going_on() throws Exception {
    open("a", "100");
    open("b", "0");
    try (TransferProcessManager manager = manager()) {
      awayAfterAppend(2); // the start, and the debit
      Start start = manager.start("a", "b", TEN, id("k"), "c");
      await().atMost(PATIENCE).until(() -> balance("a").toString().equals("90.00"));
      assertThat(((Started) start).end()).isNotDone();
      assertThat(balance("b")).isEqualTo(Money.ZERO);
      store.hook(new FaultyStore.Hook() {}).away(false);
      assertThat(end(start)).isEqualTo(Status.COMPLETED);
    }
    assertThat(balance("b")).hasToString("10.00");
  }

  @Test
  void what_a_stopped_process_left_is_finished_by_the_next_one() throws Exception {
    open("a", "100");
    open("b", "0");
    for (int appends = 1; appends <= 8; appends++) {
      try (TransferProcessManager doomed = manager()) {
        awayAfterAppend(appends);
        Start start = doomed.start("a", "b", Money.of("1"), id("k" + appends), "c");
        assertThat(start).isInstanceOf(Started.class);
        int stopAfter = appends;
        await()
            .atMost(PATIENCE)
            .until(() -> appended.get() >= stopAfter || ((Started) start).end().isDone());
      }
      store.hook(new FaultyStore.Hook() {}).away(false);
      try (TransferProcessManager next = manager()) {
        String expected = new Money(100L * appends).toString();
        await()
            .atMost(PATIENCE)
            .until(() -> next.unfinished() == 0 && balance("b").toString().equals(expected));
      }
      assertThat(balance("a").plus(balance("b"))).hasToString("100.00");
      assertThat(new AccountLoader(memory, codec).load("a").account().pendingTransfers()).isEmpty();
    }
  }

  private final AtomicInteger appended = new AtomicInteger();

  /** The store does this many appends and is then away, before it can answer the last. */
  private void awayAfterAppend(int appends) {
    appended.set(0);
    store.hook(
        new FaultyStore.Hook() {
          @Override
          public void beforeAppend(String stream, List<NewEvent> events) {
            appended.incrementAndGet();
          }

          @Override
          public void after(int call) {
            if (appended.get() >= appends) {
              store.away(appends > 1);
            }
          }
        });
  }

  @Test
  void under_a_load_of_transfers_and_a_flickering_store_no_cent_is_lost() throws Exception {
    List<String> accounts = List.of("a", "b", "c", "d");
    for (String account : accounts) {
      open(account, "100");
    }
    Random random = new Random(7);
    Random faults = new Random(8);
    store.hook(
        new FaultyStore.Hook() {
          @Override
          public void before(int call) {
            flicker();
          }

          @Override
          public void after(int call) {
            flicker();
          }

          private void flicker() {
            synchronized (faults) {
              if (faults.nextInt(40) == 0) {
                throw FaultyStore.unavailable();
              }
            }
          }
        });
    List<Start> starts = new ArrayList<>();
    try (TransferProcessManager manager = manager()) {
      for (int i = 0; i < 60; i++) {
        String from = accounts.get(random.nextInt(4));
        String to = accounts.get((accounts.indexOf(from) + 1 + random.nextInt(3)) % 4);
        Money amount = new Money(1 + random.nextInt(8000));
        starts.add(startInSpiteOfAll(manager, from, to, amount, "k" + i));
      }
      int completed = 0;
      for (Start start : starts) {
        Status status = end(start);
        assertThat(status).isIn(Status.COMPLETED, Status.FAILED);
        completed += status == Status.COMPLETED ? 1 : 0;
      }
      assertThat(completed).isPositive();
    }
    Money all = Money.ZERO;
    for (String account : accounts) {
      all = all.plus(balance(account));
    }
    assertThat(all).hasToString("400.00");
  }

  private static Start startInSpiteOfAll(
      TransferProcessManager manager, String from, String to, Money amount, String key) {
    while (true) {
      try {
        return manager.start(from, to, amount, id(key), "c");
      } catch (StoreUnavailableException e) {
        // The key makes it safe to ask again.
      }
    }
  }
}
