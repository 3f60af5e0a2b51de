package io.varve.bank.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.bank.FaultyStore;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountLoader;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.TransferLoader;
import io.varve.bank.application.TransferReport;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.Transfer.Status;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.EventContext;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.Streams;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.testkit.InMemoryEventStore;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * A transfer is stopped at every call it makes to the store, before the store has done it and
 * after, and run again; and at every call another run overtakes it and finishes the work. Whatever
 * happens, the money is where it belongs and every step took effect once.
 */
class TransferDriverTest {

  private static final Money AMOUNT = Money.of("30");
  private static final String TRANSFER = "tr-1";

  /** How a transfer should end, in the face of anything. */
  private record Ending(Status status, String source, String destination) {}

  /** A bank with a source of 100.00, a destination of 5.00 and a transfer that has been started. */
  private static final class World {
    final InMemoryEventStore store = new InMemoryEventStore();
    final EventCodec codec = new EventCodec();

    World() {
      command("a", new OpenAccount("Ada", Money.of("100")));
      command("b", new OpenAccount("Bob", Money.of("5")));
      EventContext context = new EventContext("conversation", "command", Map.of());
      UUID id = EventIds.named("transfer", TRANSFER, "started");
      store.append(
          Streams.transfer(TRANSFER),
          ExpectedVersion.noStream(),
          codec.encode(id, new TransferStarted("a", "b", AMOUNT), context));
    }

    void command(String accountId, AccountCommand command) {
      new AccountCommands(store, codec, new AccountLoader(store, codec))
          .handle(accountId, command, CommandId.of(null, "test", accountId), "conversation");
    }

    World emptyAndCloseDestination() {
      command("b", new WithdrawMoney(Money.of("5"), null));
      command("b", new CloseAccount());
      return this;
    }

    World emptySource() {
      command("a", new WithdrawMoney(Money.of("100"), null));
      return this;
    }

    TransferReport run() {
      return run(store);
    }

    TransferReport run(EventStore through) {
      AccountLoader accounts = new AccountLoader(through, codec);
      TransferLoader transfers = new TransferLoader(through, codec);
      return new TransferDriver(through, codec, accounts, transfers)
          .run(TRANSFER, () -> false)
          .orElseThrow();
    }

    Account account(String id) {
      return new AccountLoader(store, codec).load(id).account();
    }

    List<String> types(String stream) {
      return store.readStream(ReadStream.of(stream)).stream().map(RecordedEvent::type).toList();
    }
  }

  private static void assertEnding(World world, TransferReport report, Ending expected) {
    assertThat(
            new Ending(
                report.transfer().status(),
                world.account("a").balance().toString(),
                world.account("b").balance().toString()))
        .isEqualTo(expected);
    assertThat(world.account("a").pendingTransfers()).isEmpty();
    assertThat(report.transfer().held()).isEqualTo(Money.ZERO);
  }

  private static final Ending COMPLETED = new Ending(Status.COMPLETED, "70.00", "35.00");
  private static final Ending COMPENSATED = new Ending(Status.COMPENSATED, "100.00", "0.00");
  private static final Ending FAILED = new Ending(Status.FAILED, "0.00", "5.00");

  @Test
  void a_transfer_completes_and_both_accounts_know() {
    World world = new World();
    assertEnding(world, world.run(), COMPLETED);
    assertThat(world.types("account-a"))
        .containsExactly(
            "AccountOpened", "TransferInitiated", "MoneyWithdrawn", "TransferCompleted");
    assertThat(world.types("account-b"))
        .containsExactly("AccountOpened", "MoneyDeposited", "TransferCompleted");
    assertThat(world.types("transfer-" + TRANSFER))
        .containsExactly(
            "TransferStarted",
            "SourceDebited",
            "DestinationCredited",
            "DestinationConfirmed",
            "TransferSettled");
  }

  @Test
  void every_event_names_what_caused_it_and_the_conversation() {
    World world = new World();
    world.run();
    RecordedEvent debited = world.store.readStream(ReadStream.of("account-a")).toList().get(1);
    UUID started = EventIds.named("transfer", TRANSFER, "started");
    assertThat(debited.metadata())
        .containsEntry("correlation-id", "conversation")
        .containsEntry("causation-id", started.toString())
        .containsEntry("transfer-id", TRANSFER)
        .containsEntry("transfer-step", "DEBIT_SOURCE");
  }

  @Test
  void a_refused_credit_brings_the_money_back_to_the_source() {
    World world = new World().emptyAndCloseDestination();
    TransferReport report = world.run();
    assertEnding(world, report, COMPENSATED);
    assertThat(report.transfer().error()).isEqualTo("the account is closed");
    assertThat(world.types("account-a"))
        .containsExactly(
            "AccountOpened",
            "TransferInitiated",
            "MoneyWithdrawn",
            "MoneyDeposited",
            "TransferFailed");
  }

  @Test
  void a_refused_debit_fails_the_transfer_and_shows_on_the_source() {
    World world = new World().emptySource();
    TransferReport report = world.run();
    assertEnding(world, report, FAILED);
    assertThat(report.transfer().error()).contains("insufficient funds");
    assertThat(world.types("account-a")).endsWith("TransferFailed");
  }

  private static World closedDestination() {
    return new World().emptyAndCloseDestination();
  }

  private static World poorSource() {
    return new World().emptySource();
  }

  @Test
  void stopped_before_any_call_it_goes_on_as_if_nothing_had_happened() {
    assertThat(stopEverywhere(World::new, COMPLETED, true)).isGreaterThan(15);
    assertThat(stopEverywhere(TransferDriverTest::closedDestination, COMPENSATED, true))
        .isGreaterThan(10);
    assertThat(stopEverywhere(TransferDriverTest::poorSource, FAILED, true)).isGreaterThan(4);
  }

  @Test
  void stopped_after_any_call_without_hearing_of_it_it_goes_on_as_well() {
    assertThat(stopEverywhere(World::new, COMPLETED, false)).isGreaterThan(15);
    assertThat(stopEverywhere(TransferDriverTest::closedDestination, COMPENSATED, false))
        .isGreaterThan(10);
    assertThat(stopEverywhere(TransferDriverTest::poorSource, FAILED, false)).isGreaterThan(4);
  }

  /**
   * Stops a run at each call in turn and finishes with a new one; returns how many calls there are.
   */
  private static int stopEverywhere(Supplier<World> worlds, Ending expected, boolean before) {
    List<String> undisturbed = eventsAfterRun(worlds.get());
    for (int stop = 1; ; stop++) {
      World world = worlds.get();
      int stopAt = stop;
      FaultyStore faulty =
          new FaultyStore(world.store)
              .hook(
                  new FaultyStore.Hook() {
                    @Override
                    public void before(int call) {
                      if (before && call == stopAt) {
                        throw FaultyStore.unavailable();
                      }
                    }

                    @Override
                    public void after(int call) {
                      if (!before && call == stopAt) {
                        throw FaultyStore.unavailable();
                      }
                    }
                  });
      boolean stopped = false;
      try {
        world.run(faulty);
      } catch (StoreUnavailableException e) {
        stopped = true;
      }
      TransferReport report = world.run();
      assertEnding(world, report, expected);
      assertThat(events(world)).as("events after a stop at call %s", stop).isEqualTo(undisturbed);
      if (!stopped) {
        return stop - 1;
      }
    }
  }

  @Test
  void overtaken_at_any_call_by_another_run_it_adds_nothing() {
    overtakeEverywhere(World::new, COMPLETED);
    overtakeEverywhere(TransferDriverTest::closedDestination, COMPENSATED);
    overtakeEverywhere(TransferDriverTest::poorSource, FAILED);
  }

  private static void overtakeEverywhere(Supplier<World> worlds, Ending expected) {
    List<String> undisturbed = eventsAfterRun(worlds.get());
    boolean overtaken = true;
    for (int call = 1; overtaken; call++) {
      World world = worlds.get();
      int overtakeAt = call;
      FaultyStore slow =
          new FaultyStore(world.store)
              .hook(
                  new FaultyStore.Hook() {
                    @Override
                    public void before(int number) {
                      if (number == overtakeAt) {
                        world.run();
                      }
                    }
                  });
      TransferReport report = world.run(slow);
      assertEnding(world, report, expected);
      assertThat(events(world)).as("events, overtaken at call %s", call).isEqualTo(undisturbed);
      overtaken = slow.calls() >= overtakeAt;
    }
  }

  @Test
  void whenever_the_destination_closes_the_money_is_in_one_place() {
    for (int call = 1; call < 25; call++) {
      World world = new World();
      int closeAt = call;
      FaultyStore slow =
          new FaultyStore(world.store)
              .hook(
                  new FaultyStore.Hook() {
                    @Override
                    public void before(int number) {
                      if (number == closeAt) {
                        world.command("b", new WithdrawMoney(Money.of("5"), null));
                        world.command("b", new CloseAccount());
                      }
                    }
                  });
      TransferReport report = world.run(slow);
      boolean completed = report.transfer().status() == Status.COMPLETED;
      assertThat(world.account("a").balance()).hasToString(completed ? "70.00" : "100.00");
      if (!completed) {
        assertThat(report.transfer().status()).isEqualTo(Status.COMPENSATED);
        assertThat(world.account("b").balance()).isEqualTo(Money.ZERO);
      }
    }
  }

  @Test
  void two_runs_that_decide_the_debit_differently_agree_on_one_outcome() {
    // The first run sees too little money and is about to record the refusal. Meanwhile money comes
    // in and a second run takes the debit. Both orders of the two appends must give one outcome.
    World world = new World().emptySource();
    FaultyStore slow = new FaultyStore(world.store);
    slow.hook(
        new FaultyStore.Hook() {
          @Override
          public void beforeAppend(String stream, List<NewEvent> events) {
            if (events.getFirst().type().equals("TransferFailed")) {
              slow.hook(new FaultyStore.Hook() {});
              world.command("a", new AccountCommand.DepositMoney(Money.of("100"), null));
              world.run();
            }
          }
        });
    assertEnding(world, world.run(slow), COMPLETED);
  }

  @Test
  void a_store_that_is_away_never_turns_a_transfer_back() {
    World world = new World();
    FaultyStore faulty = new FaultyStore(world.store);
    faulty.away(true);
    assertThatThrownBy(() -> world.run(faulty)).isInstanceOf(StoreUnavailableException.class);
    assertThat(world.types("transfer-" + TRANSFER)).containsExactly("TransferStarted");
    assertThat(world.types("account-a")).containsExactly("AccountOpened");

    faulty.away(false);
    assertEnding(world, world.run(faulty), COMPLETED);
  }

  /** Refuses for good to append an event of this type to this stream. */
  private static EventStore refusing(EventStore store, String type, String refusedStream) {
    return new FaultyStore(store)
        .hook(
            new FaultyStore.Hook() {
              @Override
              public void beforeAppend(String stream, List<NewEvent> events) {
                if (stream.equals(refusedStream) && events.getFirst().type().equals(type)) {
                  throw new StreamDeletedException("deleted, says the test", stream, null);
                }
              }
            });
  }

  @Test
  void a_failure_after_the_credit_takes_it_back_and_then_refunds() {
    for (String account : List.of("a", "b")) {
      World world = new World();
      EventStore refusing = refusing(world.store, "TransferCompleted", "account-" + account);
      TransferReport report = world.run(refusing);
      assertEnding(world, report, new Ending(Status.COMPENSATED, "100.00", "5.00"));
      assertThat(world.types("account-b")).endsWith("MoneyWithdrawn", "TransferFailed");
      assertThat(world.types("account-a")).endsWith("MoneyDeposited", "TransferFailed");
    }
  }

  @Test
  void a_refused_refund_keeps_the_money_in_sight() {
    World world = new World().emptyAndCloseDestination();
    // The rules forbid this event while a transfer is pending; somebody wrote it all the same.
    EventStore closing =
        new FaultyStore(world.store)
            .hook(
                new FaultyStore.Hook() {
                  @Override
                  public void beforeAppend(String stream, List<NewEvent> events) {
                    if (events.getFirst().type().equals("CreditRefused")) {
                      world.store.append(
                          "account-a",
                          ExpectedVersion.any(),
                          world.codec.encode(
                              UUID.randomUUID(),
                              new AccountClosed(),
                              new EventContext("c", "c", Map.of())));
                    }
                  }
                });
    Transfer end = world.run(closing).transfer();
    assertThat(end.status()).isEqualTo(Status.NEEDS_ATTENTION);
    assertThat(end.held()).isEqualTo(AMOUNT);
    assertThat(end.error()).contains("closed", "compensation refused");
    assertThat(world.account("a").balance()).hasToString("70.00");
    assertThat(world.run().transfer()).isEqualTo(end);
  }

  private static List<String> eventsAfterRun(World world) {
    world.run();
    return events(world);
  }

  /** Every event, each stream by itself, for the order between streams may differ. */
  private static List<String> events(World world) {
    return List.of(
        world.types("account-a").toString(),
        world.types("account-b").toString(),
        world.types("transfer-" + TRANSFER).toString());
  }
}
