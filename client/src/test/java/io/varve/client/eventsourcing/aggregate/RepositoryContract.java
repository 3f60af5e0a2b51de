package io.varve.client.eventsourcing.aggregate;

import static io.varve.client.eventsourcing.CommandOptions.withId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.eventsourcing.aggregate.Account.AccountRoot;
import io.varve.client.eventsourcing.aggregate.Account.Command;
import io.varve.client.eventsourcing.aggregate.Account.Deposit;
import io.varve.client.eventsourcing.aggregate.Account.DepositEach;
import io.varve.client.eventsourcing.aggregate.Account.Deposited;
import io.varve.client.eventsourcing.aggregate.Account.Event;
import io.varve.client.eventsourcing.aggregate.Account.Open;
import io.varve.client.eventsourcing.aggregate.Account.Opened;
import io.varve.client.eventsourcing.aggregate.Account.Withdraw;
import io.varve.client.eventsourcing.aggregate.Account.Withdrawn;
import io.varve.client.eventsourcing.aggregate.CommandResult.Executed;
import io.varve.client.eventsourcing.aggregate.CommandResult.Refused;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a repository promises, on every store alike. */
public abstract class RepositoryContract {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String STREAM = "account-42";

  private EventStore store;
  private WatchedStore watched;
  private Repository<Command, Account, Event> accounts;

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** Called after each test, once its store is closed. */
  protected void afterStore() throws Exception {}

  @BeforeEach
  final void open() throws Exception {
    store = openStore();
    watched = new WatchedStore(store);
    accounts = Repository.of(watched.asStore(), Account.type());
  }

  @AfterEach
  final void close() throws Exception {
    try {
      store.close();
    } finally {
      afterStore();
    }
  }

  private void given(int deposits) {
    accounts.execute("42", new Open("Ada")).orElseThrow();
    if (deposits > 0) {
      accounts.execute("42", new DepositEach(deposits, 1)).orElseThrow();
    }
    watched.forget();
  }

  private static <T> List<T> together(int threads, Callable<T> task) throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(executor.submit(task));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : running) {
        results.add(future.get(PATIENCE.toSeconds() * 2, TimeUnit.SECONDS));
      }
      return results;
    }
  }

  // ---- commands

  @Test
  void a_command_appends_what_follows_from_it_to_the_aggregates_stream() {
    accounts.execute("42", new Open("Ada"));

    CommandResult<Account, Event> result = accounts.execute("42", new Deposit(25));

    assertThat(result)
        .isEqualTo(
            new Executed<Account, Event>(
                STREAM, new Account(true, 25, 1), 2, 2, List.of(new Deposited(25)), false));
    assertThat(watched.events(STREAM))
        .extracting(RecordedEvent::type, RecordedEvent::dataAsString)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("Opened", "{\"owner\":\"Ada\"}"),
            org.assertj.core.groups.Tuple.tuple("Deposited", "{\"amount\":25}"));
    assertThat(accounts.streamOf("42")).isEqualTo(STREAM);
  }

  @Test
  void a_refused_command_writes_nothing_and_says_why() {
    given(10);

    CommandResult<Account, Event> result = accounts.execute("42", new Withdraw(11));

    Refusal refusal = new Refusal("INSUFFICIENT_FUNDS", "it holds 10");
    assertThat(result)
        .isEqualTo(new Refused<Account, Event>(STREAM, new Account(true, 10, 10), 11, 11, refusal));
    assertThatThrownBy(result::orElseThrow)
        .isInstanceOfSatisfying(
            CommandRefusedException.class, e -> assertThat(e.refusal()).isEqualTo(refusal))
        .hasMessage("INSUFFICIENT_FUNDS: it holds 10");
    assertThat(watched.events(STREAM)).hasSize(11);
  }

  @Test
  void a_command_that_leaves_nothing_to_do_writes_nothing() {
    given(0);

    Executed<Account, Event> result = accounts.execute("42", new Open("Ada")).orElseThrow();

    assertThat(result.events()).isEmpty();
    assertThat(result.repeated()).isFalse();
    assertThat(result.version()).isEqualTo(1);
    assertThat(watched.events(STREAM)).hasSize(1);
  }

  @Test
  void a_first_execution_takes_one_read_and_one_append_also_under_an_id() {
    given(3);

    accounts.execute("42", new Deposit(1), withId("c1"));

    assertThat(watched.calls).containsExactly("readStream", "append");
  }

  @Test
  void the_async_twin_gives_the_same_result_and_the_same_failures() {
    given(0);

    assertThat(accounts.executeAsync("42", new Deposit(5)).join().state().balance()).isEqualTo(5);
    assertThatThrownBy(
            () ->
                accounts
                    .executeAsync(
                        "42",
                        new Deposit(5),
                        CommandOptions.none().expecting(ExpectedVersion.noStream()))
                    .join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(VersionConflictException.class);
  }

  @Test
  void events_say_where_they_come_from() {
    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(1), withId("c1"));
    accounts.execute(
        "42",
        new Deposit(2),
        CommandOptions.in(EventContext.of("talk", "cause").with("user", "ada")).commandId("c2"));

    List<RecordedEvent> events = watched.events(STREAM);
    assertThat(events.get(0).metadata().get(EventContext.CORRELATION_ID))
        .isNotBlank()
        .isEqualTo(events.get(0).metadata().get(EventContext.CAUSATION_ID));
    assertThat(events.get(1).metadata())
        .containsEntry(EventContext.CAUSATION_ID, "c1")
        .containsKey(EventContext.CORRELATION_ID);
    assertThat(events.get(2).metadata())
        .containsEntry(EventContext.CAUSATION_ID, "cause")
        .containsEntry(EventContext.CORRELATION_ID, "talk")
        .containsEntry("user", "ada");
  }

  // ---- conflicts

  @Test
  void of_many_who_command_one_aggregate_at_once_no_one_is_lost() throws Exception {
    given(0);
    int writers = 16;
    int each = 10;

    together(
        writers,
        () -> {
          for (int i = 0; i < each; i++) {
            accounts
                .execute("42", new Deposit(1), CommandOptions.none().retries(1_000))
                .orElseThrow();
          }
          return true;
        });

    assertThat(accounts.load("42").state()).isEqualTo(new Account(true, 160, 160));
    assertThat(watched.events(STREAM)).hasSize(161);
  }

  @Test
  void what_there_is_to_withdraw_is_withdrawn_once_by_however_many() throws Exception {
    given(7);

    List<CommandResult<Account, Event>> results =
        together(
            30,
            () -> accounts.execute("42", new Withdraw(1), CommandOptions.none().retries(1_000)));

    assertThat(results).filteredOn(Executed.class::isInstance).hasSize(7);
    assertThat(accounts.load("42").state().balance()).isZero();
  }

  @Test
  void a_command_is_decided_again_on_what_the_faster_one_has_done() {
    given(10);
    AtomicInteger faster = new AtomicInteger();
    watched.before =
        call -> {
          if (call.equals("append") && faster.getAndIncrement() == 0) {
            accounts.execute("42", new Withdraw(8)).orElseThrow();
          }
        };

    CommandResult<Account, Event> result = accounts.execute("42", new Withdraw(8));

    assertThat(result).isInstanceOf(Refused.class);
    assertThat(result.state().balance()).isEqualTo(2);
  }

  @Test
  void a_command_is_decided_again_so_many_times_and_then_the_conflict_is_the_callers() {
    given(0);
    Repository<Command, Account, Event> other = Repository.of(store, Account.type());
    AtomicInteger appends = new AtomicInteger();
    watched.before =
        call -> {
          if (call.equals("append")) {
            appends.incrementAndGet();
            other.execute("42", new Deposit(1)).orElseThrow();
          }
        };
    Repository<Command, Account, Event> impatient =
        Repository.builder(watched.asStore(), Account.type())
            .retry(ConflictRetry.standard().times(2).backOff(Duration.ZERO, Duration.ZERO))
            .build();

    assertThatThrownBy(() -> impatient.execute("42", new Deposit(100)))
        .isInstanceOf(VersionConflictException.class);
    assertThat(appends).hasValue(3);
    assertThatThrownBy(
            () -> impatient.execute("42", new Deposit(100), CommandOptions.none().retries(0)))
        .isInstanceOf(VersionConflictException.class);
    assertThat(appends).hasValue(4);
    assertThat(accounts.load("42").state().balance()).isEqualTo(4);
  }

  @Test
  void what_the_caller_expects_of_the_aggregate_is_checked_before_it_decides() {
    CommandOptions isNew = CommandOptions.none().expecting(ExpectedVersion.noStream());
    CommandOptions exists = CommandOptions.none().expecting(ExpectedVersion.streamExists());
    assertThatThrownBy(() -> accounts.execute("42", new Open("Ada"), exists))
        .isInstanceOf(VersionConflictException.class);
    accounts.execute("42", new Open("Ada"), isNew).orElseThrow();
    assertThatThrownBy(() -> accounts.execute("42", new Open("Ada"), isNew))
        .isInstanceOf(VersionConflictException.class);
    accounts.execute("42", new Deposit(1), exists).orElseThrow();

    CommandOptions seen = CommandOptions.none().expecting(ExpectedVersion.exactly(2));
    accounts.execute("42", new Deposit(1), seen).orElseThrow();
    assertThatThrownBy(() -> accounts.execute("42", new Deposit(1), seen))
        .isInstanceOfSatisfying(
            VersionConflictException.class,
            e -> {
              assertThat(e.actualVersion()).isEqualTo(3);
              assertThat(e.expected()).isEqualTo(ExpectedVersion.exactly(2));
            });
  }

  // ---- repeats

  @Test
  void a_repeat_is_answered_with_the_events_of_the_first_time() {
    given(10);
    Executed<Account, Event> first =
        accounts.execute("42", new Withdraw(3), withId("c1")).orElseThrow();
    accounts.execute("42", new Deposit(100));

    Executed<Account, Event> again =
        accounts.execute("42", new Withdraw(3), withId("c1")).orElseThrow();

    assertThat(first.repeated()).isFalse();
    assertThat(again.repeated()).isTrue();
    assertThat(again.events()).isEqualTo(first.events());
    assertThat(again.position()).isEqualTo(first.position());
    assertThat(again.version()).isEqualTo(13);
    assertThat(again.state().balance()).isEqualTo(107);
    assertThat(watched.events(STREAM)).hasSize(13);
  }

  @Test
  void a_repeat_that_would_now_be_refused_is_answered_with_the_events_of_the_first_time() {
    given(10);
    accounts.execute("42", new Withdraw(10), withId("c1")).orElseThrow();

    Executed<Account, Event> again =
        accounts.execute("42", new Withdraw(10), withId("c1")).orElseThrow();

    assertThat(again.repeated()).isTrue();
    assertThat(again.events()).containsExactly(new Withdrawn(10));
    assertThat(again.state().balance()).isZero();
  }

  @Test
  void a_repeat_that_would_now_leave_nothing_to_do_is_answered_with_the_events_of_the_first_time() {
    accounts.execute("42", new Open("Ada"), withId("c1")).orElseThrow();

    Executed<Account, Event> again =
        accounts.execute("42", new Open("Ada"), withId("c1")).orElseThrow();

    assertThat(again.repeated()).isTrue();
    assertThat(again.events()).containsExactly(new Opened("Ada"));
  }

  @Test
  void a_repeat_that_would_now_decide_more_or_fewer_events_is_answered_with_those_of_the_first() {
    given(0);
    accounts.execute("42", new DepositEach(20, 1), withId("c1")).orElseThrow();

    for (int times : new int[] {1, 19, 20, 21, 40}) {
      Executed<Account, Event> again =
          accounts.execute("42", new DepositEach(times, 7), withId("c1")).orElseThrow();

      assertThat(again.repeated()).isTrue();
      assertThat(again.events()).hasSize(20).containsOnly(new Deposited(1));
      assertThat(again.version()).isEqualTo(21);
      assertThat(again.state().balance()).isEqualTo(20);
    }
    assertThat(watched.events(STREAM)).hasSize(21);
  }

  @Test
  void a_repeat_is_answered_also_where_the_expected_version_has_moved_because_of_the_first_time() {
    given(0);
    CommandOptions seen = withId("c1").expecting(ExpectedVersion.exactly(1));
    accounts.execute("42", new Deposit(5), seen).orElseThrow();

    assertThat(accounts.execute("42", new Deposit(5), seen).orElseThrow().repeated()).isTrue();
    assertThatThrownBy(() -> accounts.execute("42", new Deposit(5), seen.commandId("c2")))
        .isInstanceOf(VersionConflictException.class);
  }

  @Test
  void a_command_that_is_sent_many_times_at_once_takes_effect_once() throws Exception {
    given(10);

    List<Executed<Account, Event>> results =
        together(
            20,
            () ->
                accounts.execute("42", new Withdraw(1), withId("c1").retries(1_000)).orElseThrow());

    assertThat(results).filteredOn(result -> !result.repeated()).hasSize(1);
    assertThat(results).allSatisfy(r -> assertThat(r.events()).containsExactly(new Withdrawn(1)));
    assertThat(results).allSatisfy(r -> assertThat(r.state().balance()).isEqualTo(9));
    assertThat(accounts.load("42").state().balance()).isEqualTo(9);
  }

  @Test
  void an_id_belongs_to_one_aggregate() {
    accounts.execute("1", new Open("Ada"), withId("c1")).orElseThrow();

    assertThat(accounts.execute("2", new Open("Bob"), withId("c1")).orElseThrow().repeated())
        .isFalse();
  }

  @Test
  void a_refused_command_leaves_no_trace_and_its_repeat_is_decided_anew() {
    given(0);
    assertThat(accounts.execute("42", new Withdraw(5), withId("c1"))).isInstanceOf(Refused.class);
    accounts.execute("42", new Deposit(5));

    assertThat(accounts.execute("42", new Withdraw(5), withId("c1")).orElseThrow().repeated())
        .isFalse();
  }

  // ---- reading

  @Test
  void what_does_not_exist_is_as_before_its_first_event() {
    Loaded<Account> none = accounts.load("42");

    assertThat(none.exists()).isFalse();
    assertThat(none.version()).isZero();
    assertThat(none.state()).isEqualTo(Account.NONE);
    try (Stream<TypedEvent<Event>> history = accounts.history("42")) {
      assertThat(history).isEmpty();
    }
  }

  @Test
  void an_aggregate_is_loaded_as_it_was_at_a_version() {
    given(10);

    assertThat(accounts.loadAt("42", 0).state()).isEqualTo(Account.NONE);
    assertThat(accounts.loadAt("42", 1).state().balance()).isZero();
    assertThat(accounts.loadAt("42", 6).state().balance()).isEqualTo(5);
    assertThat(accounts.loadAt("42", 6).version()).isEqualTo(6);
    assertThat(accounts.loadAt("42", 99).version()).isEqualTo(11);
    assertThat(accounts.loadAt("no", 3).version()).isZero();
    assertThatThrownBy(() -> accounts.loadAt("42", -1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void an_aggregate_is_loaded_as_it_was_at_a_time() {
    given(3);
    Instant then = watched.events(STREAM).getLast().recordedAt();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              accounts.execute("42", new Deposit(1));
              return watched.events(STREAM).getLast().recordedAt().isAfter(then);
            });
    long at = watched.events(STREAM).stream().filter(e -> !e.recordedAt().isAfter(then)).count();

    assertThat(accounts.loadAt("42", then).version()).isEqualTo(at);
    assertThat(accounts.loadAt("42", then).state().balance()).isEqualTo(at - 1);
    assertThat(accounts.loadAt("42", Instant.parse("2001-01-01T00:00:00Z")).exists()).isFalse();
    assertThat(accounts.loadAt("42", Instant.parse("9001-01-01T00:00:00Z")).version())
        .isEqualTo(watched.events(STREAM).size());
  }

  @Test
  void the_history_is_typed_and_read_as_it_is_taken() {
    given(5_000);

    try (Stream<TypedEvent<Event>> history = accounts.history("42")) {
      assertThat(history.limit(2).map(TypedEvent::event))
          .containsExactly(new Opened("Ada"), new Deposited(1));
    }
    assertThat(watched.eventsRead.get()).isLessThan(10);
  }

  @Test
  void the_timeline_says_what_happened_and_keeps_quiet_about_nothing() {
    given(1);
    store.append(STREAM, ExpectedVersion.any(), NewEvent.json("Audited", "{}"));
    Repository<Command, Account, Event> described =
        Repository.of(
            store,
            Account.type()
                .described(e -> e instanceof Deposited d ? d.amount() + " came in" : "it began"));

    try (Stream<TimelineEntry> timeline = described.timeline("42")) {
      List<TimelineEntry> entries = timeline.toList();
      assertThat(entries).extracting(TimelineEntry::version).containsExactly(1L, 2L, 3L);
      assertThat(entries)
          .extracting(TimelineEntry::type)
          .containsExactly("Opened", "Deposited", "Audited");
      assertThat(entries.get(0).line()).isEqualTo("it began");
      assertThat(entries.get(1).line()).isEqualTo("1 came in");
      assertThat(entries.get(2).line()).contains("no class is registered");
    }
  }

  // ---- snapshots

  private AggregateType<Command, Account, Event> withSnapshots(int schema, int every) {
    return Account.type()
        .snapshots(JsonEvents.codecs().of(Account.class), schema, SnapshotPolicy.every(every));
  }

  /** Writes snapshots at once, on the thread of the command. */
  private Repository<Command, Account, Event> repository(
      AggregateType<Command, Account, Event> type) {
    return Repository.builder(watched.asStore(), type).snapshotExecutor(Runnable::run).build();
  }

  @Test
  void a_snapshot_stands_for_the_events_before_it_and_only_the_rest_is_read_in_one_call() {
    Repository<Command, Account, Event> quick = repository(withSnapshots(1, 100));
    quick.execute("42", new Open("Ada"));
    quick.execute("42", new DepositEach(500, 1));
    quick.execute("42", new Deposit(1));
    quick.execute("42", new Deposit(1));
    watched.forget();

    Loaded<Account> loaded = quick.load("42");

    assertThat(loaded.state()).isEqualTo(new Account(true, 502, 502));
    assertThat(loaded.version()).isEqualTo(503);
    assertThat(loaded.snapshotVersion()).isEqualTo(501);
    assertThat(watched.eventsRead).hasValue(2);
    assertThat(watched.calls).containsExactly("readStream");
  }

  @Test
  void a_snapshot_is_also_used_for_the_past() {
    Repository<Command, Account, Event> quick = repository(withSnapshots(1, 100));
    quick.execute("42", new Open("Ada"));
    for (int i = 0; i < 4; i++) {
      quick.execute("42", new DepositEach(100, 1));
    }
    watched.forget();

    assertThat(quick.loadAt("42", 205).state().balance()).isEqualTo(204);
    assertThat(watched.eventsRead.get()).isBetween(4L, 5L);
    assertThat(quick.loadAt("42", 201).state().balance()).isEqualTo(200);
    assertThat(quick.loadAt("42", 50).state().balance()).isEqualTo(49);
    Instant lastTime = watched.events(STREAM).getLast().recordedAt();
    assertThat(quick.loadAt("42", lastTime).state().balance()).isEqualTo(400);
  }

  @Test
  void a_snapshot_of_another_schema_is_ignored_and_the_stream_is_read_in_full() {
    repository(withSnapshots(1, 1)).execute("42", new Open("Ada"));
    store
        .snapshots()
        .save(Snapshot.json(STREAM, 1, "{\"open\":true,\"balance\":9,\"deposits\":9}"));
    Repository<Command, Account, Event> newer = repository(withSnapshots(2, 1));

    assertThat(newer.load("42").state()).isEqualTo(new Account(true, 0, 0));
    assertThat(newer.loadAt("42", 1).state()).isEqualTo(new Account(true, 0, 0));

    newer.execute("42", new Deposit(1));
    assertThat(newer.load("42").snapshotVersion()).isEqualTo(2);
  }

  @Test
  void a_snapshot_that_cannot_be_read_is_ignored() {
    given(3);
    store
        .snapshots()
        .save(Snapshot.builder(STREAM, 4).schemaVersion(1).json("{\"balance\":\"lots\"").build());

    Loaded<Account> loaded = repository(withSnapshots(1, 100)).load("42");

    assertThat(loaded.state()).isEqualTo(new Account(true, 3, 3));
    assertThat(loaded.snapshotVersion()).isZero();
  }

  @Test
  void a_root_is_loaded_from_its_snapshot() {
    var codec = JsonEvents.codecs().of(Account.class);
    var type =
        AccountRoot.type()
            .snapshots(
                new io.varve.client.eventsourcing.PayloadCodec<AccountRoot>() {
                  @Override
                  public String contentType() {
                    return codec.contentType();
                  }

                  @Override
                  public byte[] encode(AccountRoot root) {
                    return codec.encode(root.account());
                  }

                  @Override
                  public AccountRoot decode(byte[] data) {
                    return new AccountRoot(codec.decode(data));
                  }
                },
                1,
                SnapshotPolicy.every(3));
    var roots = Repository.builder(watched.asStore(), type).snapshotExecutor(Runnable::run).build();
    roots.execute("42", account -> account.open("Ada"));
    for (int i = 0; i < 4; i++) {
      roots.execute("42", account -> account.deposit(1));
    }

    var loaded = roots.load("42");

    assertThat(loaded.snapshotVersion()).isEqualTo(3);
    assertThat(loaded.state().account()).isEqualTo(new Account(true, 4, 4));
  }

  // ---- events of the past, and of others

  @Test
  void old_events_are_lifted_before_they_are_folded() {
    store.append(
        STREAM,
        ExpectedVersion.noStream(),
        NewEvent.json("Opened", "{\"owner\":\"Ada\"}"),
        NewEvent.json("AccountCredited", "{\"cents\":700}"));
    var types =
        JsonEvents.builder(Event.class)
            .schemaVersion(Deposited.class, 2)
            .upcast(io.varve.client.eventsourcing.Upcaster.rename("AccountCredited", "Deposited"))
            .upcast(
                JsonEvents.upcast(
                    "Deposited",
                    1,
                    2,
                    old -> old.put("amount", old.remove("cents").asLong() / 100)))
            .build();
    var newer =
        Repository.of(store, AggregateType.of("account", types, Account.AccountDecider.INSTANCE));

    newer.execute("42", new Deposit(1)).orElseThrow();

    assertThat(newer.load("42").state()).isEqualTo(new Account(true, 8, 2));
  }

  @Test
  void unknown_events_fail_or_are_passed_over_as_was_chosen() {
    given(1);
    store.append(STREAM, ExpectedVersion.any(), NewEvent.json("Audited", "{}"));
    var skipping =
        Repository.of(
            store,
            AggregateType.of(
                "account",
                JsonEvents.builder(Event.class).skipUnknown().build(),
                Account.AccountDecider.INSTANCE));

    assertThatThrownBy(() -> accounts.load("42")).isInstanceOf(UndecodableEventException.class);
    assertThatThrownBy(() -> accounts.execute("42", new Deposit(1)))
        .isInstanceOf(UndecodableEventException.class);
    assertThat(skipping.load("42").version()).isEqualTo(3);
    assertThat(skipping.execute("42", new Deposit(1)).orElseThrow().version()).isEqualTo(4);
  }

  // ---- streams that are not whole

  @Test
  void a_deleted_aggregate_is_as_new_and_begins_again() {
    given(10);
    store.streams().delete(STREAM);

    assertThat(accounts.load("42").exists()).isFalse();
    assertThat(accounts.execute("42", new Deposit(1))).isInstanceOf(Refused.class);
    assertThat(accounts.execute("42", new Open("Bob")).orElseThrow().version()).isEqualTo(12);
    assertThat(accounts.execute("42", new Deposit(5)).orElseThrow().version()).isEqualTo(13);

    assertThat(accounts.load("42").state()).isEqualTo(new Account(true, 5, 1));
    assertThat(accounts.loadAt("42", 12).state()).isEqualTo(new Account(true, 0, 0));
    assertThatThrownBy(() -> accounts.loadAt("42", 5)).isInstanceOf(EventsNotKeptException.class);
  }

  @Test
  void the_past_of_a_deleted_aggregate_is_forgotten_and_not_taken_for_nothing() {
    given(10);
    Instant before = store.getEvent(STREAM, 1).orElseThrow().recordedAt().minusMillis(1);
    Instant during = store.getEvent(STREAM, 11).orElseThrow().recordedAt();
    store.streams().delete(STREAM);

    assertThatThrownBy(() -> accounts.loadAt("42", 5)).isInstanceOf(EventsNotKeptException.class);
    assertThatThrownBy(() -> accounts.loadAt("42", during))
        .isInstanceOf(EventsNotKeptException.class);
    assertThat(accounts.loadAt("42", before).exists()).isFalse();
    assertThat(accounts.loadAt("42", 12).exists()).isFalse();
    assertThat(accounts.loadAt("42", Instant.now().plusSeconds(3600)).exists()).isFalse();
  }

  @Test
  void a_repeat_is_answered_though_the_stream_has_been_deleted_since() {
    given(10);
    accounts.execute("42", new DepositEach(2, 1), withId("c1")).orElseThrow();
    store.streams().delete(STREAM);

    Executed<Account, Event> again =
        accounts.execute("42", new DepositEach(2, 1), withId("c1")).orElseThrow();

    assertThat(again.repeated()).isTrue();
    assertThat(again.events()).hasSize(2);
    assertThat(again.state()).isEqualTo(Account.NONE);
  }

  @Test
  void a_tombstoned_aggregate_can_be_neither_loaded_nor_commanded() {
    given(1);
    store.streams().tombstone(STREAM);

    assertThatThrownBy(() -> accounts.load("42")).isInstanceOf(StreamTombstonedException.class);
    assertThatThrownBy(() -> accounts.execute("42", new Open("Ada")))
        .isInstanceOf(StreamTombstonedException.class);
  }

  @Test
  void a_stream_that_is_not_kept_from_its_start_needs_a_snapshot_in_its_place() {
    given(10);
    store.streams().truncate(STREAM, 6);

    assertThatThrownBy(() -> accounts.load("42")).isInstanceOf(EventsNotKeptException.class);
    assertThatThrownBy(() -> accounts.execute("42", new Deposit(1)))
        .isInstanceOf(EventsNotKeptException.class);

    store.snapshots().save(withSnapshots(1, 1).write(STREAM, 5, new Account(true, 4, 4)));
    var snapshotted = repository(withSnapshots(1, 1_000));
    assertThat(snapshotted.load("42").state()).isEqualTo(new Account(true, 10, 10));
    assertThatThrownBy(() -> repository(withSnapshots(2, 1_000)).load("42"))
        .isInstanceOf(EventsNotKeptException.class);
  }

  @Test
  void a_stream_of_which_nothing_is_kept_is_not_taken_for_a_new_one() {
    given(10);
    store.streams().truncate(STREAM, 12);

    assertThatThrownBy(() -> accounts.load("42")).isInstanceOf(EventsNotKeptException.class);
    assertThatThrownBy(() -> accounts.execute("42", new Open("Bob")))
        .isInstanceOf(EventsNotKeptException.class);
  }

  @Test
  void a_type_may_make_do_with_what_is_kept() {
    given(10);
    store.streams().truncate(STREAM, 6);
    var frugal = Repository.of(store, Account.type().fromWhatIsKept());

    assertThat(frugal.load("42").state()).isEqualTo(new Account(false, 6, 6));
    assertThat(frugal.execute("42", new Open("Ada")).orElseThrow().version()).isEqualTo(12);
    store.streams().truncate(STREAM, 13);
    assertThat(frugal.execute("42", new Open("Ada")).orElseThrow().version()).isEqualTo(13);
  }

  // ---- the other style

  @Test
  void a_root_does_what_a_decider_does() {
    var roots = Repository.of(store, AccountRoot.type());

    roots.execute("1", account -> account.open("Ada"));
    accounts.execute("2", new Open("Ada"));
    roots.execute("1", account -> account.deposit(10));
    accounts.execute("2", new Deposit(10));
    var refusedRoot = roots.execute("1", account -> account.withdraw(11));
    var refused = accounts.execute("2", new Withdraw(11));
    var doneRoot = roots.execute("1", account -> account.withdraw(4), withId("w"));
    var done = accounts.execute("2", new Withdraw(4), withId("w"));
    var againRoot = roots.execute("1", account -> account.withdraw(400), withId("w"));

    assertThat(((Refused<?, ?>) refusedRoot).refusal())
        .isEqualTo(((Refused<?, ?>) refused).refusal());
    assertThat(doneRoot.orElseThrow().events()).isEqualTo(done.orElseThrow().events());
    assertThat(doneRoot.state().account()).isEqualTo(done.state());
    assertThat(againRoot.orElseThrow().repeated()).isTrue();
    assertThat(againRoot.state().account()).isEqualTo(done.state());
    assertThat(roots.load("1").state().account()).isEqualTo(accounts.load("2").state());
    assertThat(watched.events("account-1"))
        .extracting(RecordedEvent::type, RecordedEvent::dataAsString)
        .isEqualTo(
            watched.events("account-2").stream()
                .map(e -> org.assertj.core.groups.Tuple.tuple(e.type(), e.dataAsString()))
                .toList());
  }

  @Test
  void a_root_that_raised_and_then_refused_is_handed_out_as_it_was() {
    var roots = Repository.of(store, AccountRoot.type());
    roots.execute("1", account -> account.open("Ada"));

    var refused =
        roots.execute(
            "1",
            account -> {
              account.deposit(10);
              account.withdraw(11);
            });

    assertThat(refused).isInstanceOf(Refused.class);
    assertThat(refused.state().account()).isEqualTo(new Account(true, 0, 0));
    assertThat(watched.events("account-1")).hasSize(1);
  }

  @Test
  void roots_that_are_commanded_by_many_at_once_lose_nothing() throws Exception {
    var roots = Repository.of(store, AccountRoot.type());
    roots.execute("1", account -> account.open("Ada"));

    together(
        16,
        () ->
            roots
                .execute(
                    "1",
                    account -> {
                      account.deposit(2);
                      account.withdraw(1);
                    },
                    CommandOptions.none().retries(1_000))
                .orElseThrow());

    assertThat(roots.load("1").state().account()).isEqualTo(new Account(true, 16, 16));
    assertThat(Optional.of(watched.events("account-1").size())).contains(33);
  }

  // ---- several aggregates at once

  private UnitOfWork transfer(String from, String to, long amount) {
    return UnitOfWork.begin()
        .add(accounts, from, new Withdraw(amount))
        .add(accounts, to, new Deposit(amount));
  }

  private void givenTwo(int balance) {
    for (String id : List.of("1", "2")) {
      accounts.execute(id, new Open(id)).orElseThrow();
      accounts.execute(id, new Deposit(balance)).orElseThrow();
    }
    watched.forget();
  }

  @Test
  void a_unit_of_work_carries_out_all_of_its_commands() {
    givenTwo(10);

    UnitOfWork.Committed done = transfer("1", "2", 4).commit().orElseThrow();

    assertThat(accounts.load("1").state().balance()).isEqualTo(6);
    assertThat(accounts.load("2").state().balance()).isEqualTo(14);
    assertThat(done.versions()).containsEntry("account-1", 3L).containsEntry("account-2", 3L);
    assertThat(done.position()).isEqualTo(6);
    assertThat(done.repeated()).isFalse();
    List<RecordedEvent> both = new ArrayList<>(watched.events("account-1"));
    both.addAll(watched.events("account-2"));
    assertThat(both.get(2).metadata()).isEqualTo(both.get(5).metadata());
  }

  @Test
  void a_unit_of_work_does_nothing_if_one_of_its_commands_is_refused() {
    givenTwo(10);

    assertThat(transfer("1", "2", 11).commit())
        .isEqualTo(
            new UnitOfWork.Refused("account-1", new Refusal("INSUFFICIENT_FUNDS", "it holds 10")));
    assertThatThrownBy(() -> transfer("1", "3", 1).commit().orElseThrow())
        .isInstanceOf(CommandRefusedException.class)
        .hasMessageStartingWith("NOT_OPEN");
    assertThat(accounts.load("1").version()).isEqualTo(2);
    assertThat(accounts.load("2").version()).isEqualTo(2);
  }

  @Test
  void commands_to_one_aggregate_follow_one_another_in_a_unit_of_work() {
    givenTwo(10);

    UnitOfWork.begin()
        .add(accounts, "1", new Deposit(5))
        .add(accounts, "1", new Withdraw(15))
        .add(accounts, "2", new Open("nothing left to do"))
        .commit()
        .orElseThrow();

    assertThat(accounts.load("1").state().balance()).isZero();
    assertThat(accounts.load("1").version()).isEqualTo(4);
    assertThat(accounts.load("2").version()).isEqualTo(2);
  }

  @Test
  void a_unit_of_work_that_is_repeated_takes_effect_once() {
    givenTwo(10);
    UnitOfWork.Committed first = transfer("1", "2", 10).commit(withId("t1")).orElseThrow();

    UnitOfWork.Committed refusedNow = transfer("1", "2", 10).commit(withId("t1")).orElseThrow();
    UnitOfWork.Committed otherwiseNow = transfer("2", "1", 1).commit(withId("t1")).orElseThrow();

    assertThat(List.of(refusedNow, otherwiseNow))
        .allSatisfy(
            again -> {
              assertThat(again.repeated()).isTrue();
              assertThat(again.position()).isEqualTo(first.position());
              assertThat(again.versions()).isEqualTo(first.versions());
            });
    assertThat(accounts.load("2").state().balance()).isEqualTo(20);
  }

  @Test
  void transfers_to_and_fro_by_many_at_once_lose_nothing_and_overdraw_nothing() throws Exception {
    givenTwo(20);
    AtomicInteger turn = new AtomicInteger();

    List<UnitOfWork.Result> results =
        together(
            24,
            () -> {
              boolean there = turn.getAndIncrement() % 3 != 0;
              return transfer(there ? "1" : "2", there ? "2" : "1", 5)
                  .commit(CommandOptions.none().retries(1_000));
            });

    long one = accounts.load("1").state().balance();
    long two = accounts.load("2").state().balance();
    assertThat(one + two).isEqualTo(40);
    assertThat(one).isNotNegative();
    long done = results.stream().filter(UnitOfWork.Committed.class::isInstance).count();
    assertThat(watched.events("account-1")).hasSize(2 + (int) done);
    assertThat(watched.events("account-2")).hasSize(2 + (int) done);
  }

  @Test
  void a_unit_of_work_is_decided_again_as_a_whole_if_one_that_is_only_looked_at_has_changed() {
    givenTwo(10);
    AtomicInteger faster = new AtomicInteger();
    watched.before =
        call -> {
          if (call.equals("transact") && faster.getAndIncrement() == 0) {
            Repository.of(store, Account.type()).execute("2", new Deposit(1)).orElseThrow();
          }
        };

    UnitOfWork.begin()
        .add(accounts, "1", new Deposit(1))
        .add(accounts, "2", new Open("nothing left to do"))
        .commit()
        .orElseThrow();

    assertThat(faster).hasValue(2);
    assertThat(accounts.load("1").version()).isEqualTo(3);
  }

  @Test
  void a_unit_of_work_is_of_one_store_and_has_commands() {
    assertThatThrownBy(() -> UnitOfWork.begin().commit()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                UnitOfWork.begin()
                    .add(accounts, "1", new Open("Ada"))
                    .add(Repository.of(store, Account.type()), "2", new Open("Bob")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                UnitOfWork.begin()
                    .add(accounts, "1", new Open("Ada"))
                    .add(Repository.of(watched.asStore(), Account.type()), "1", new Open("Bob")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
