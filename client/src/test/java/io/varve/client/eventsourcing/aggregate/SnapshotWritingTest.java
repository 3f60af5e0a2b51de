package io.varve.client.eventsourcing.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.aggregate.Account.AccountRoot;
import io.varve.client.eventsourcing.aggregate.Account.Command;
import io.varve.client.eventsourcing.aggregate.Account.Deposit;
import io.varve.client.eventsourcing.aggregate.Account.DepositEach;
import io.varve.client.eventsourcing.aggregate.Account.Event;
import io.varve.client.eventsourcing.aggregate.Account.Open;
import io.varve.client.eventsourcing.aggregate.Account.Withdraw;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.SnapshotInfo;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When and how snapshots are written, and what observers hear. */
class SnapshotWritingTest {

  private static final PayloadCodec<Account> CODEC = JsonEvents.codecs().of(Account.class);
  private static final String STREAM = "account-42";

  private final InMemoryEventStore store = new InMemoryEventStore();

  /** Snapshots that wait to be written. */
  private final Deque<Runnable> waiting = new ArrayDeque<>();

  private final List<String> heard = new ArrayList<>();

  @AfterEach
  void close() {
    store.close();
  }

  /** Writes down what it hears, and fails. */
  private final class Listening implements ToolkitObserver {

    @Override
    public void commandExecuted(
        String category, String command, int events, int conflicts, Duration took) {
      hear("executed " + category + " " + command + " " + events + " " + conflicts);
    }

    @Override
    public void commandRefused(String category, String command, Refusal refusal, Duration took) {
      hear("refused " + category + " " + command + " " + refusal.code());
    }

    @Override
    public void commandFailed(
        String category, String command, RuntimeException failure, Duration took) {
      hear("failed " + category + " " + command + " " + failure.getMessage());
    }

    @Override
    public void loaded(String category, long eventsRead, boolean fromSnapshot, Duration took) {
      hear("loaded " + category + " " + eventsRead + " " + fromSnapshot);
    }

    @Override
    public void snapshotSaved(String category, String stream, long version) {
      hear("saved " + stream + " " + version);
    }

    @Override
    public void snapshotFailed(String category, String stream, RuntimeException failure) {
      hear("not saved " + stream + " " + failure.getMessage());
    }

    private void hear(String what) {
      heard.add(what);
      throw new UnsupportedOperationException("a bug of the observer's");
    }
  }

  private Repository.Builder<Command, Account, Event> builder(SnapshotPolicy<Account> policy) {
    return Repository.builder(store, Account.type().snapshots(CODEC, 1, policy))
        .snapshotExecutor(waiting::add);
  }

  private void writeSnapshots() {
    while (!waiting.isEmpty()) {
      waiting.remove().run();
    }
  }

  private List<Long> snapshots() {
    return store.snapshots().list(STREAM).map(SnapshotInfo::version).toList();
  }

  @Test
  void a_snapshot_is_written_after_the_command_has_been_answered() {
    Repository<Command, Account, Event> accounts = builder(SnapshotPolicy.every(1)).build();

    accounts.execute("42", new Open("Ada")).orElseThrow();

    assertThat(snapshots()).isEmpty();
    writeSnapshots();
    assertThat(snapshots()).containsExactly(1L);
  }

  @Test
  void snapshots_are_written_by_themselves_on_threads_of_their_own() {
    Repository<Command, Account, Event> accounts =
        Repository.of(store, Account.type().snapshots(CODEC, 1, SnapshotPolicy.every(1)));

    accounts.execute("42", new Open("Ada")).orElseThrow();

    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !snapshots().isEmpty());
  }

  @Test
  void one_snapshot_of_a_stream_is_written_at_a_time() {
    Repository<Command, Account, Event> accounts = builder(SnapshotPolicy.every(1)).build();

    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(1));
    accounts.execute("7", new Open("Bob"));
    assertThat(waiting).hasSize(2);
    writeSnapshots();
    assertThat(snapshots()).containsExactly(1L);

    accounts.execute("42", new Deposit(1));
    writeSnapshots();
    assertThat(snapshots()).containsExactly(3L, 1L);
  }

  @Test
  void what_goes_wrong_with_a_snapshot_is_told_and_does_not_fail_the_command() {
    PayloadCodec<Account> broken =
        new PayloadCodec<>() {
          @Override
          public String contentType() {
            return "";
          }

          @Override
          public byte[] encode(Account account) {
            throw new IllegalArgumentException("no such luck");
          }

          @Override
          public Account decode(byte[] data) {
            throw new IllegalArgumentException("no such luck");
          }
        };
    Repository<Command, Account, Event> accounts =
        Repository.builder(store, Account.type().snapshots(broken, 1, SnapshotPolicy.every(1)))
            .snapshotExecutor(waiting::add)
            .observer(new Listening())
            .build();

    accounts.execute("42", new Open("Ada")).orElseThrow();
    writeSnapshots();
    accounts.execute("42", new Deposit(1)).orElseThrow();
    writeSnapshots();

    assertThat(heard).filteredOn(what -> what.startsWith("not saved")).hasSize(2);
    assertThat(heard).contains("not saved account-42 no such luck");
    assertThat(snapshots()).isEmpty();
  }

  @Test
  void an_executor_that_takes_no_work_or_a_policy_that_fails_does_not_fail_the_command() {
    Repository<Command, Account, Event> rejected =
        Repository.builder(store, Account.type().snapshots(CODEC, 1, SnapshotPolicy.every(1)))
            .snapshotExecutor(
                _ -> {
                  throw new RejectedExecutionException("full");
                })
            .observer(new Listening())
            .build();
    rejected.execute("42", new Open("Ada")).orElseThrow();
    rejected.execute("42", new Deposit(1)).orElseThrow();
    assertThat(heard).filteredOn("not saved account-42 full"::equals).hasSize(2);

    Repository<Command, Account, Event> undecided =
        builder(
                SnapshotPolicy.when(
                    _ -> {
                      throw new IllegalStateException("who knows");
                    }))
            .observer(new Listening())
            .build();
    undecided.execute("42", new Deposit(1)).orElseThrow();
    assertThat(heard).contains("not saved account-42 who knows");
  }

  @Test
  void what_a_caller_does_to_a_root_afterwards_is_not_in_its_snapshot() {
    PayloadCodec<AccountRoot> codec =
        new PayloadCodec<>() {
          @Override
          public String contentType() {
            return CODEC.contentType();
          }

          @Override
          public byte[] encode(AccountRoot root) {
            return CODEC.encode(root.account());
          }

          @Override
          public AccountRoot decode(byte[] data) {
            return new AccountRoot(CODEC.decode(data));
          }
        };
    var roots =
        Repository.builder(store, AccountRoot.type().snapshots(codec, 1, SnapshotPolicy.every(1)))
            .snapshotExecutor(waiting::add)
            .build();

    roots.execute("42", account -> account.open("Ada")).state().deposit(1_000);
    writeSnapshots();

    assertThat(roots.load("42").snapshotVersion()).isEqualTo(1);
    assertThat(roots.load("42").state().account().balance()).isZero();
  }

  @Test
  void a_policy_decides_by_events_by_time_and_by_state() {
    SnapshotPolicy.Moment<Account> moment =
        new SnapshotPolicy.Moment<>(new Account(true, 7, 1), 30, 10, Duration.ofMillis(20));

    assertThat(SnapshotPolicy.<Account>never().isDue(moment)).isFalse();
    assertThat(SnapshotPolicy.<Account>every(10).isDue(moment)).isTrue();
    assertThat(SnapshotPolicy.<Account>every(11).isDue(moment)).isFalse();
    assertThat(SnapshotPolicy.<Account>whenLoadTakes(Duration.ofMillis(20)).isDue(moment)).isTrue();
    assertThat(SnapshotPolicy.<Account>whenLoadTakes(Duration.ofMillis(21)).isDue(moment))
        .isFalse();
    assertThat(SnapshotPolicy.<Account>when(Account::open).isDue(moment)).isTrue();
    SnapshotPolicy<Account> either =
        SnapshotPolicy.every(11).or(SnapshotPolicy.when(Account::open));
    SnapshotPolicy<Account> both = SnapshotPolicy.every(11).and(SnapshotPolicy.when(Account::open));
    assertThat(either.isDue(moment)).isTrue();
    assertThat(both.isDue(moment)).isFalse();
    assertThatThrownBy(() -> SnapshotPolicy.every(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_policy_counts_the_events_since_the_last_usable_snapshot() {
    Repository<Command, Account, Event> accounts = builder(SnapshotPolicy.every(5)).build();
    accounts.execute("42", new Open("Ada"));
    for (int i = 0; i < 10; i++) {
      accounts.execute("42", new Deposit(1));
      writeSnapshots();
    }

    assertThat(snapshots()).containsExactly(10L, 5L);
  }

  @Test
  void a_policy_knows_how_long_loading_took_by_the_clock_of_the_repository() {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    Repository<Command, Account, Event> accounts =
        builder(SnapshotPolicy.whenLoadTakes(Duration.ofSeconds(1)))
            .clock(() -> now.getAndUpdate(time -> time.plusMillis(400)))
            .build();
    accounts.execute("42", new Open("Ada"));
    assertThat(waiting).isEmpty();

    Repository<Command, Account, Event> slow =
        builder(SnapshotPolicy.whenLoadTakes(Duration.ofSeconds(1)))
            .clock(() -> now.getAndUpdate(time -> time.plusMillis(1_000)))
            .build();
    slow.execute("42", new Deposit(1));
    assertThat(waiting).hasSize(1);
  }

  @Test
  void an_observer_hears_of_everything_and_its_own_failures_go_no_further() {
    Repository<Command, Account, Event> accounts =
        builder(SnapshotPolicy.every(3)).observer(new Listening()).build();

    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new DepositEach(3, 1));
    writeSnapshots();
    accounts.execute("42", new Withdraw(9));
    accounts.execute("42", new Deposit(1), CommandOptions.none().named("pay in"));
    assertThatThrownBy(
            () ->
                accounts.execute(
                    "42",
                    new Deposit(1),
                    CommandOptions.none()
                        .expecting(io.varve.client.streams.ExpectedVersion.noStream())))
        .isInstanceOf(io.varve.client.streams.VersionConflictException.class);

    assertThat(heard)
        .containsExactly(
            "loaded account 0 false",
            "executed account Open 1 0",
            "loaded account 1 false",
            "executed account DepositEach 3 0",
            "saved account-42 4",
            "loaded account 0 true",
            "refused account Withdraw INSUFFICIENT_FUNDS",
            "loaded account 0 true",
            "executed account pay in 1 0",
            "loaded account 1 true",
            "failed account Deposit stream \"account-42\": expected no stream, but it is at"
                + " version 5; nothing was written");
  }

  @Test
  void an_observer_hears_of_the_commands_of_a_unit_of_work() {
    Repository<Command, Account, Event> accounts =
        builder(SnapshotPolicy.never()).observer(new Listening()).build();

    UnitOfWork.begin()
        .add(accounts, "1", new Open("Ada"))
        .add(accounts, "1", new DepositEach(2, 5))
        .add(accounts, "2", new Open("Bob"))
        .commit()
        .orElseThrow();
    UnitOfWork.begin()
        .add(accounts, "1", new Deposit(1))
        .add(accounts, "2", new Withdraw(1))
        .commit();

    assertThat(heard)
        .filteredOn(what -> !what.startsWith("loaded"))
        .containsExactly(
            "executed account Open 1 0",
            "executed account DepositEach 2 0",
            "executed account Open 1 0",
            "refused account Withdraw INSUFFICIENT_FUNDS");
  }

  @Test
  void a_unit_of_work_has_snapshots_taken() {
    Repository<Command, Account, Event> accounts = builder(SnapshotPolicy.every(2)).build();

    UnitOfWork.begin()
        .add(accounts, "42", new Open("Ada"))
        .add(accounts, "42", new Deposit(5))
        .commit();
    writeSnapshots();

    assertThat(accounts.load("42").snapshotVersion()).isEqualTo(2);
    assertThat(accounts.load("42").state()).isEqualTo(new Account(true, 5, 1));
  }
}
