package io.varve.bank.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.bank.FaultyStore;
import io.varve.bank.application.CommandOutcome.Conflicted;
import io.varve.bank.application.CommandOutcome.Done;
import io.varve.bank.application.CommandOutcome.KeyReused;
import io.varve.bank.application.CommandOutcome.Refused;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Money;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.aggregate.Loaded;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AccountCommandsTest {

  private static final AccountCommand DEPOSIT = new DepositMoney(Money.of("1"), null);
  private static final int SNAPSHOT_EVERY = 5;
  private static final AccountCommand WITHDRAW = new WithdrawMoney(Money.of("80"), null);

  private final InMemoryEventStore store = new InMemoryEventStore();

  @BeforeEach
  void open() {
    handle(store, new OpenAccount("Ada", Money.of("100")), null);
  }

  private CommandOutcome handle(
      EventStore through, AccountCommand command, @Nullable String idempotencyKey) {
    CommandId id = CommandId.of(idempotencyKey, command.getClass().getSimpleName(), "a");
    return new AccountCommands(through, accounts(through)).handle("a", command, id, "c");
  }

  private static Repository<AccountCommand, Account, AccountEvent> accounts(EventStore through) {
    return Accounts.in(through, SNAPSHOT_EVERY, ToolkitObserver.NONE);
  }

  private String balance() {
    return accounts(store).load("a").state().balance().toString();
  }

  /** Lets others change the account right before each of the first appends. */
  private FaultyStore interrupted(int times) {
    FaultyStore faulty = new FaultyStore(store);
    faulty.hook(
        new FaultyStore.Hook() {
          private int left = times;

          @Override
          public void beforeAppend(String stream, List<NewEvent> events) {
            if (left-- > 0) {
              handle(store, DEPOSIT, null);
            }
          }
        });
    return faulty;
  }

  @Test
  void on_a_conflict_it_decides_again_on_what_is_there_now() {
    FaultyStore faulty = interrupted(3);
    assertThat(handle(faulty, WITHDRAW, null))
        .isInstanceOfSatisfying(
            Done.class, done -> assertThat(done.balance()).hasToString("23.00"));
    assertThat(balance()).isEqualTo("23.00");
  }

  @Test
  void it_gives_up_after_some_conflicts_with_nothing_written() {
    FaultyStore faulty = interrupted(Accounts.MAX_ATTEMPTS);
    assertThat(handle(faulty, WITHDRAW, null)).isEqualTo(new Conflicted(Accounts.MAX_ATTEMPTS));
    assertThat(balance()).isEqualTo("110.00");
  }

  @Test
  void a_withdrawal_is_not_refused_because_of_itself() {
    Done first = (Done) handle(store, WITHDRAW, "key");
    assertThat(handle(store, WITHDRAW, "key")).isEqualTo(first);
    assertThat(balance()).isEqualTo("20.00");
  }

  @Test
  void repeated_while_the_first_is_on_its_way_it_takes_effect_once() {
    for (int call = 1; call <= 4; call++) {
      int overtakeAt = call;
      String key = "key-" + call;
      AccountCommand command = new WithdrawMoney(Money.of("1"), key);
      FaultyStore slow =
          new FaultyStore(store)
              .hook(
                  new FaultyStore.Hook() {
                    @Override
                    public void before(int number) {
                      if (number == overtakeAt) {
                        handle(store, command, key);
                      }
                    }
                  });
      CommandOutcome outcome = handle(slow, command, key);
      assertThat(outcome).isInstanceOf(Done.class).isEqualTo(handle(store, command, key));
    }
    assertThat(balance()).isEqualTo("96.00");
  }

  @Test
  void a_command_whose_answer_was_lost_is_safe_to_repeat() {
    FaultyStore deaf =
        new FaultyStore(store)
            .hook(
                new FaultyStore.Hook() {
                  @Override
                  public void after(int call) {
                    if (call == 2) { // the append, after the load
                      throw FaultyStore.unavailable();
                    }
                  }
                });
    assertThatThrownBy(() -> handle(deaf, WITHDRAW, "key"))
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(balance()).isEqualTo("20.00");
    assertThat(handle(store, WITHDRAW, "key")).isInstanceOf(Done.class);
    assertThat(balance()).isEqualTo("20.00");
  }

  @Test
  void a_key_belongs_to_one_command() {
    handle(store, WITHDRAW, "key");
    assertThat(handle(store, new WithdrawMoney(Money.of("1"), null), "key"))
        .isEqualTo(new KeyReused());
    assertThat(balance()).isEqualTo("20.00");
  }

  @Test
  void a_refused_command_is_decided_afresh_when_repeated() {
    AccountCommand tooMuch = new WithdrawMoney(Money.of("101"), null);
    assertThat(handle(store, tooMuch, "key")).isInstanceOf(Refused.class);
    handle(store, DEPOSIT, null);
    assertThat(handle(store, tooMuch, "key")).isInstanceOf(Done.class);
  }

  @Test
  void events_of_unknown_types_are_passed_over() {
    store.append("account-a", ExpectedVersion.any(), NewEvent.json("AccountPainted", "{}"));
    assertThat(handle(store, DEPOSIT, null))
        .isInstanceOfSatisfying(
            Done.class,
            done -> {
              assertThat(done.balance()).hasToString("101.00");
              assertThat(done.event().version()).isEqualTo(3);
            });
  }

  @Test
  void a_withdrawal_that_was_written_under_the_first_schema_counts() {
    store.append(
        "account-a", ExpectedVersion.any(), NewEvent.json("MoneyWithdrawn", "{\"amount\":12.50}"));
    assertThat(balance()).isEqualTo("87.50");
    assertThat(new AccountHistory(store, accounts(store)).timeline("a").orElseThrow())
        .last()
        .extracting(AccountHistory.Line::text)
        .isEqualTo("Withdrew 12.50 (Legacy withdrawal)");
  }

  @Test
  void a_long_account_is_loaded_from_a_snapshot_and_the_events_after_it() {
    deposit(SNAPSHOT_EVERY);
    awaitSnapshot(SNAPSHOT_EVERY); // one that is due while another is written is left out
    deposit(SNAPSHOT_EVERY);
    Loaded<Account> loaded = awaitSnapshot(2 * SNAPSHOT_EVERY);
    assertThat(loaded.state().balance()).hasToString("110.00");
    assertThat(loaded.version()).isEqualTo(11);
  }

  private void deposit(int times) {
    for (int i = 0; i < times; i++) {
      handle(store, DEPOSIT, null);
    }
  }

  private Loaded<Account> awaitSnapshot(int version) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> accounts(store).load("a"), l -> l.snapshotVersion() >= version);
  }
}
