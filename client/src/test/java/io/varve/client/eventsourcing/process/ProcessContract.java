package io.varve.client.eventsourcing.process;

import static io.varve.client.eventsourcing.bank.TransferProcess.ACCOUNTS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.bank.AccountCommand;
import io.varve.client.eventsourcing.bank.AccountCommand.Close;
import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferEvent;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferNoted;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.bank.TransferProcess;
import io.varve.client.eventsourcing.bank.TransferProcess.Step;
import io.varve.client.eventsourcing.bank.TransferProcess.Transfer;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What processes and their runner promise, on every store alike. */
public abstract class ProcessContract {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ManualTime time = new ManualTime();
  private final List<ProcessRunner<?, ?>> runners = new ArrayList<>();
  private EventStore store;
  private Bank bank;

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** Called after each test, once its store is closed. */
  protected void afterStore() throws Exception {}

  @BeforeEach
  final void open() throws Exception {
    store = openStore();
    bank = new Bank(store).open("a", "100.00").open("b", "0.10");
  }

  @AfterEach
  final void close() throws Exception {
    try {
      runners.forEach(ProcessRunner::close);
      store.close();
    } finally {
      afterStore();
    }
  }

  private ProcessRunner<Transfer, TransferEvent> start() {
    return start(new TransferProcess(), bank.handler(), builder -> builder);
  }

  private ProcessRunner<Transfer, TransferEvent> start(CommandHandler<AccountCommand> handler) {
    return start(new TransferProcess(), handler, builder -> builder);
  }

  private <S> ProcessRunner<S, TransferEvent> start(
      ProcessManager<S, TransferEvent> process,
      CommandHandler<AccountCommand> handler,
      UnaryOperator<ProcessRunner.Builder<S, TransferEvent>> settings) {
    ProcessRunner<S, TransferEvent> runner =
        settings
            .apply(
                ProcessRunner.builder(store, process, Bank.TRANSFER_EVENTS)
                    .handler(ACCOUNTS, handler)
                    .clock(time)
                    .scheduler(time)
                    .pauses(Duration.ofMillis(50), Duration.ofSeconds(1)))
            .start();
    runners.add(runner);
    return runner;
  }

  /** Lets time pass, in small steps, until something is so. */
  private void until(BooleanSupplier condition) {
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              time.advance(Duration.ofMillis(25));
              return condition.getAsBoolean();
            });
  }

  private void untilCompleted(ProcessRunner<?, ?> runner, String id) {
    until(() -> runner.find(id).filter(ProcessInstance::completed).isPresent());
  }

  private List<String> types(String id) {
    return Streams.types(store, TransferProcess.NAME + "-" + id);
  }

  // ---- the main path

  @Test
  void a_process_sees_its_instance_to_the_end_and_records_how() {
    var runner = start();
    bank.request("t1", "a", "b", "12.34");
    untilCompleted(runner, "t1");

    var end = runner.find("t1").orElseThrow();
    assertThat(end.outcome()).isEqualTo("completed");
    assertThat(end.state().step()).isEqualTo(Step.DONE);
    assertThat(end.commands()).isEmpty();
    assertThat(end.timers()).isEmpty();
    assertThat(bank.balance("a")).isEqualByComparingTo("87.66");
    assertThat(bank.balance("b")).isEqualByComparingTo("12.44");
    until(() -> runner.status().completed() == 1);
    assertThat(runner.status().stuck()).isEmpty();
  }

  @Test
  void a_person_can_read_the_stream() {
    var runner = start();
    bank.request("t1", "a", "b", "12.34");
    untilCompleted(runner, "t1");

    List<RecordedEvent> events = Streams.events(store, TransferProcess.NAME + "-t1");
    RecordedEvent issued = events.get(2);
    assertThat(issued.type()).isEqualTo("ProcessCommandIssued");
    assertThat(issued.dataAsString()).isEqualTo("{\"amount\":12.34,\"reference\":\"t1\"}");
    assertThat(issued.metadata())
        .containsEntry("process-target", "account")
        .containsEntry("process-target-id", "a")
        .containsEntry("process-command-type", "Withdraw");
    assertThat(events.get(3).metadata()).containsEntry("process-timer", "late");
    assertThat(events.getLast().metadata()).containsEntry("process-outcome", "completed");
  }

  @Test
  void everything_belongs_to_the_conversation_of_the_event_that_began_it() {
    var runner = start();
    EventContext request = EventContext.of("http-17", "command-1");
    bank.append(new TransferRequested("t1", "a", "b", new BigDecimal("1.00")), request);
    untilCompleted(runner, "t1");

    List<RecordedEvent> process = Streams.events(store, TransferProcess.NAME + "-t1");
    assertThat(process)
        .allSatisfy(
            event -> assertThat(event.metadata()).containsEntry("correlation-id", "http-17"));
    RecordedEvent withdrawn = Streams.events(store, "account-a").getLast();
    assertThat(withdrawn.type()).isEqualTo("MoneyWithdrawn");
    assertThat(withdrawn.metadata())
        .containsEntry("correlation-id", "http-17")
        .containsEntry("causation-id", process.get(2).id().toString());
  }

  @Test
  void events_that_start_nothing_and_events_after_the_end_are_passed_over() {
    bank.append(new TransferNoted("t1", "too early"), EventContext.begin());
    bank.request("t1", "a", "b", "1.00");
    var runner = start();
    untilCompleted(runner, "t1");
    List<String> before = types("t1");

    long last = bank.append(new TransferNoted("t1", "too late"), EventContext.begin());
    until(() -> runner.status().position() >= last);

    assertThat(types("t1")).isEqualTo(before);
    assertThat(runner.find("t1").orElseThrow().state().notes()).isZero();
    assertThat(runner.find("nobody")).isEmpty();
  }

  @Test
  void a_process_may_begin_with_what_happens_from_now_on() {
    bank.request("old", "a", "b", "1.00");
    var runner = start(new TransferProcess(), bank.handler(), builder -> builder.startNow());
    until(() -> runner.status().intake() == ProcessStatus.Intake.FOLLOWING);
    bank.request("new", "a", "b", "2.00");
    untilCompleted(runner, "new");

    assertThat(runner.find("old")).isEmpty();
    assertThat(bank.balance("a")).isEqualByComparingTo("98.00");
  }

  // ---- faults

  @Test
  void a_command_without_an_answer_is_sent_again_under_its_id_while_others_go_on() {
    AtomicBoolean away = new AtomicBoolean(true);
    Set<String> ids = ConcurrentHashMap.newKeySet();
    AtomicInteger tries = new AtomicInteger();
    CommandHandler<AccountCommand> handler = bank.handler();
    var runner =
        start(
            (id, command, commandId, context) -> {
              CommandOutcome outcome = handler.handle(id, command, commandId, context);
              if (command instanceof Withdraw withdraw && withdraw.reference().equals("t1")) {
                ids.add(commandId.toString());
                tries.incrementAndGet();
                if (away.get()) {
                  throw new IllegalStateException("the answer is lost");
                }
              }
              return outcome;
            });
    bank.request("t1", "a", "b", "10.00");
    bank.request("t2", "a", "b", "20.00");
    untilCompleted(runner, "t2");
    until(() -> tries.get() >= 3);
    until(() -> !runner.status().stuck().isEmpty());

    ProcessStatus.Stuck stuck = runner.status().stuck().getFirst();
    assertThat(stuck.id()).isEqualTo("t1");
    assertThat(stuck.reason()).contains("the answer is lost");
    assertThat(stuck.failures()).isPositive();
    away.set(false);
    assertThat(runner.retry("t1")).isTrue();
    untilCompleted(runner, "t1");

    assertThat(ids).hasSize(1);
    assertThat(bank.movements()).containsEntry("-t1@account-a", 1);
    assertThat(bank.balance("a")).isEqualByComparingTo("70.00");
    until(() -> runner.status().stuck().isEmpty());
  }

  @Test
  void a_command_that_hangs_holds_up_no_other_instance_and_no_timer() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    CommandHandler<AccountCommand> handler = bank.handler();
    var runner =
        start(
            (id, command, commandId, context) -> {
              if (command instanceof Withdraw withdraw && withdraw.reference().equals("t1")) {
                assertThat(hanging.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
              }
              return handler.handle(id, command, commandId, context);
            });
    bank.request("t1", "a", "b", "10.00");
    bank.request("t2", "a", "b", "20.00");
    untilCompleted(runner, "t2");
    until(() -> runner.status().running() == 1);

    time.advance(TransferProcess.PATIENCE);
    until(() -> runner.find("t1").orElseThrow().state().late());

    assertThat(runner.find("t1").orElseThrow().completed()).isFalse();
    hanging.countDown();
    untilCompleted(runner, "t1");
    assertThat(bank.balance("a")).isEqualByComparingTo("70.00");
  }

  /** Its code has a mistake that some transfers bring out. */
  private static final class Mistaken extends TransferProcess {
    @Override
    public Transfer evolve(Transfer transfer, Input<TransferEvent> input) {
      if (input instanceof Input.Happened<TransferEvent>(TransferNoted(_, String note), _)
          && note.equals("poison")) {
        throw new IllegalStateException("cannot take this note");
      }
      return super.evolve(transfer, input);
    }
  }

  @Test
  void an_event_that_the_code_cannot_take_waits_and_only_its_instance_with_it() {
    CommandHandler<AccountCommand> handler = bank.handler();
    AtomicBoolean away = new AtomicBoolean(true);
    CommandHandler<AccountCommand> gated =
        (id, command, commandId, context) -> {
          if (command instanceof Withdraw withdraw
              && withdraw.reference().equals("t1")
              && away.get()) {
            throw new IllegalStateException("away");
          }
          return handler.handle(id, command, commandId, context);
        };
    bank.request("t1", "a", "b", "10.00");
    bank.append(new TransferNoted("t1", "poison"), EventContext.begin());
    bank.append(new TransferNoted("t1", "harmless"), EventContext.begin());
    bank.request("t2", "a", "b", "20.00");
    var mistaken = start(new Mistaken(), gated, builder -> builder);
    untilCompleted(mistaken, "t2");
    until(
        () ->
            mistaken.status().stuck().stream()
                .anyMatch(stuck -> stuck.reason().contains("cannot take this note")));
    assertThat(types("t1")).contains("ProcessEventParked");
    mistaken.close();
    away.set(false);

    var mended = start(gated);
    untilCompleted(mended, "t1");
    assertThat(mended.find("t1").orElseThrow().state().notes()).isEqualTo(2);
    assertThat(bank.balance("a")).isEqualByComparingTo("70.00");
  }

  // ---- timers

  @Test
  void a_timer_that_came_due_while_nobody_was_there_fires_at_once_and_once() {
    CommandHandler<AccountCommand> away =
        (id, command, commandId, context) -> {
          throw new IllegalStateException("away");
        };
    var first = start(away);
    bank.request("t1", "a", "b", "10.00");
    until(() -> first.find("t1").filter(t -> t.timers().containsKey("late")).isPresent());
    first.close();
    time.advance(TransferProcess.PATIENCE);

    var second = start();
    untilCompleted(second, "t1");

    assertThat(second.find("t1").orElseThrow().state().late()).isTrue();
    assertThat(types("t1")).containsOnlyOnce("ProcessTimerFired");
    assertThat(second.find("t1").orElseThrow().outcome()).isEqualTo("completed");
  }

  @Test
  void a_timer_that_is_cancelled_does_not_fire() {
    var runner = start();
    bank.request("t1", "a", "b", "10.00");
    untilCompleted(runner, "t1");
    time.advance(TransferProcess.PATIENCE.multipliedBy(2));
    bank.request("t2", "a", "b", "10.00");
    untilCompleted(runner, "t2");

    assertThat(types("t1")).contains("ProcessTimerCancelled").doesNotContain("ProcessTimerFired");
  }

  // ---- help

  @Test
  void a_refused_refund_asks_for_help_over_a_restart_until_somebody_has_it_tried_again() {
    CommandHandler<AccountCommand> handler = bank.handler();
    CommandHandler<AccountCommand> closing =
        (id, command, commandId, context) -> {
          CommandOutcome outcome = handler.handle(id, command, commandId, context);
          if (command instanceof Withdraw) {
            bank.accounts().execute(id, new Close(), CommandOptions.withId("close"));
          }
          return outcome;
        };
    var first = start(TransferSaga.saga(), closing, builder -> builder);
    bank.request("t1", "a", "nobody", "100.00");
    until(() -> !first.status().needHelp().isEmpty());
    first.close();

    var second = start(TransferSaga.saga(), closing, builder -> builder);
    until(() -> !second.status().needHelp().isEmpty());
    assertThat(second.status().needHelp().getFirst().reason()).contains("NO_ACCOUNT");
    assertThat(second.find("t1").orElseThrow().completed()).isFalse();
    bank.accounts().execute("a", new AccountCommand.Open("again")).orElseThrow();
    assertThat(second.retry("t1")).isTrue();
    untilCompleted(second, "t1");

    assertThat(second.find("t1").orElseThrow().outcome()).isEqualTo("compensated");
    assertThat(bank.balance("a")).isEqualByComparingTo("100.00");
    assertThat(second.retry("t1")).isFalse();
    assertThat(second.retry("nobody")).isFalse();
  }

  // ---- events that cannot be taken in

  private static ProcessManager<Transfer, TransferEvent> withIds(
      Function<TransferEvent, Optional<String>> ids) {
    return new TransferProcess() {
      @Override
      public Optional<String> correlate(TransferEvent event, Origin origin) {
        return ids.apply(event);
      }
    };
  }

  /** Requests t1 to t4: an id too long, one with a line feed, no answer, and one that is well. */
  @SuppressWarnings("NullAway") // what a process does that nobody checks for nulls
  private static ProcessManager<Transfer, TransferEvent> withFaultyIds() {
    return withIds(
        event ->
            switch (event.transferId()) {
              case "t1" -> Optional.of("x".repeat(600));
              case "t2" -> Optional.of("two\nlines");
              case "t3" -> null;
              default -> Optional.of(event.transferId());
            });
  }

  @Test
  void an_event_that_can_never_be_taken_in_is_named_where_it_stops_the_intake() {
    long position = bank.request("t1", "a", "b", "1.00");
    bank.request("t4", "a", "b", "1.00");
    var runner = start(withFaultyIds(), bank.handler(), builder -> builder);
    until(() -> runner.status().intake() == ProcessStatus.Intake.FAILED);

    assertThat(runner.status().error())
        .contains("TransferRequested", "\"request-t1\"", "position " + position, "512 bytes");
    assertThat(runner.find("t4")).isEmpty();
  }

  @Test
  void events_that_can_never_be_taken_in_are_passed_over_for_good_by_choice() {
    bank.request("t1", "a", "b", "1.00");
    bank.request("t2", "a", "b", "1.00");
    store.append(
        "request-t0",
        ExpectedVersion.any(),
        NewEvent.builder("TransferRequested")
            .data(new byte[] {'{'})
            .contentType("application/json")
            .build());
    long last = bank.request("t3", "a", "b", "1.00");
    var runner = start(withFaultyIds(), bank.handler(), builder -> builder.passOverFaultyEvents());
    until(() -> passedOver(runner) == 4);
    assertThat(store.tracking(TransferProcess.NAME)).hasValue(last);
    bank.request("t4", "a", "b", "1.00");
    untilCompleted(runner, "t4");

    var passedOver = requireNonNull(runner.status().passedOver());
    assertThat(passedOver.stream()).isEqualTo("request-t3");
    assertThat(passedOver.position()).isEqualTo(last);
    assertThat(passedOver.reason()).contains("null");
    runner.close();
    var second = start(withFaultyIds(), bank.handler(), builder -> builder);
    bank.request("t5", "a", "b", "1.00");
    untilCompleted(second, "t5");
    assertThat(second.status().passedOver()).isNull();
  }

  @Test
  void of_events_that_can_never_be_taken_in_those_are_passed_over_that_were_chosen() {
    bank.request("t1", "a", "b", "1.00");
    long second = bank.request("t2", "a", "b", "1.00");
    bank.request("t4", "a", "b", "1.00");
    var runner =
        start(
            withFaultyIds(),
            bank.handler(),
            builder -> builder.passOverFaultyEvents(event -> event.stream().equals("request-t1")));
    until(() -> runner.status().intake() == ProcessStatus.Intake.FAILED);

    assertThat(passedOver(runner)).isEqualTo(1);
    assertThat(runner.status().error()).contains("\"request-t2\"", "position " + second);
    assertThat(runner.find("t4")).isEmpty();
  }

  @Test
  void an_instance_whose_stream_is_something_elses_stops_no_other() {
    store.append(
        TransferProcess.NAME + "-t1", ExpectedVersion.any(), NewEvent.builder("Other").build());
    bank.request("t1", "a", "b", "1.00");
    bank.request("t2", "a", "b", "1.00");
    var runner = start();
    untilCompleted(runner, "t2");

    assertThat(requireNonNull(runner.status().passedOver()).stream()).isEqualTo("request-t1");
    assertThat(runner.status().stuck()).isEmpty();
    until(() -> runner.status().waiting() == 0);
    runner.close();
    long position = bank.append(new TransferNoted("t1", "again"), EventContext.begin());
    var one = start();
    var other = start();
    until(() -> one.status().position() >= position && other.status().position() >= position);
    until(() -> one.status().waiting() == 0 && other.status().waiting() == 0);
    assertThat(one.status().stuck()).isEmpty();
    assertThat(other.status().stuck()).isEmpty();
  }

  @Test
  void an_instance_whose_stream_was_written_to_by_something_else_shows_as_stuck() {
    CommandHandler<AccountCommand> away =
        (id, command, commandId, context) -> {
          throw new IllegalStateException("away");
        };
    var first = start(away);
    bank.request("t1", "a", "b", "1.00");
    until(() -> !first.status().stuck().isEmpty());
    first.close();
    store.append(
        TransferProcess.NAME + "-t1", ExpectedVersion.any(), NewEvent.builder("Other").build());
    bank.append(new TransferNoted("t1", "a note"), EventContext.begin());
    bank.request("t2", "a", "b", "1.00");

    var second =
        start(new TransferProcess(), bank.handler(), builder -> builder.passOverFaultyEvents());
    untilCompleted(second, "t2");
    assertThat(passedOver(second)).isEqualTo(1);
    until(() -> !second.status().stuck().isEmpty());
    assertThat(second.status().stuck().getFirst().id()).isEqualTo("t1");
    assertThat(second.status().stuck().getFirst().reason()).contains("cannot be read");
  }

  private static long passedOver(ProcessRunner<?, ?> runner) {
    ProcessStatus.PassedOver events = runner.status().passedOver();
    return events == null ? 0 : events.count();
  }

  @Test
  void every_undoing_is_told_the_same_refusal_before_and_after_a_restart() {
    Saga<TransferRequested, TransferEvent> telling =
        Saga.<TransferEvent>named("telling")
            .startedBy(TransferRequested.class, TransferRequested::transferId)
            .step("first", t -> Effect.send(ACCOUNTS, "a", new Withdraw(t.amount(), "1")))
            .undoneBy((t, why) -> Effect.send(ACCOUNTS, "a", refund(t, why)))
            .step("second", t -> Effect.send(ACCOUNTS, "a", new Withdraw(t.amount(), "2")))
            .undoneBy((t, why) -> Effect.send(ACCOUNTS, "b", refund(t, why)))
            .step("third", t -> Effect.send(ACCOUNTS, "c", new Deposit(t.amount(), "3")))
            .build();
    CommandHandler<AccountCommand> handler = bank.handler();
    AtomicBoolean away = new AtomicBoolean(true);
    CommandHandler<AccountCommand> refusing =
        (id, command, commandId, context) -> {
          if (id.equals("c")) {
            return CommandOutcome.refused(new Refusal("CLOSED", "closed " + "x".repeat(9_000)));
          }
          if (id.equals("a") && command instanceof Deposit && away.get()) {
            throw new IllegalStateException("away");
          }
          return handler.handle(id, command, commandId, context);
        };
    var first = start(telling, refusing, builder -> builder);
    bank.request("t1", "a", "c", "1.00");
    until(() -> !first.status().stuck().isEmpty());
    first.close();
    away.set(false);

    var second = start(telling, refusing, builder -> builder);
    untilCompleted(second, "t1");
    List<String> told =
        bank.movements().keySet().stream()
            .filter(movement -> movement.startsWith("+CLOSED"))
            .map(movement -> movement.substring(0, movement.indexOf('@')))
            .toList();
    assertThat(told).hasSize(2);
    assertThat(Set.copyOf(told)).hasSize(1);
  }

  private static Deposit refund(TransferRequested t, Refusal why) {
    return new Deposit(t.amount(), why.toString());
  }

  // ---- waiting

  @Test
  void who_waits_for_an_instance_has_it_when_it_is_over_or_needs_help() throws Exception {
    bank.open("c", "1.00");
    var runner = start(TransferSaga.saga(), closesAfterWithdrawal(), builder -> builder);
    try (ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor()) {
      var over = waiting.submit(() -> runner.await("t1", PATIENCE));
      var helpless = waiting.submit(() -> runner.await("t2", PATIENCE));
      until(() -> runner.waiting() == 2);
      bank.request("t1", "b", "c", "0.05");
      bank.request("t2", "a", "nobody", "100.00");
      until(() -> over.isDone() && helpless.isDone());

      assertThat(over.get().orElseThrow().outcome()).isEqualTo("completed");
      assertThat(helpless.get().orElseThrow().completed()).isFalse();
      assertThat(helpless.get().orElseThrow().help()).contains("NO_ACCOUNT");
      assertThat(runner.await("t1", Duration.ZERO)).isEqualTo(runner.find("t1"));
      assertThat(runner.await("t3", Duration.ofMillis(10))).isEmpty();
      assertThat(runner.waiting()).isZero();
    }
  }

  /** Whose money has gone cannot have it back. */
  private CommandHandler<AccountCommand> closesAfterWithdrawal() {
    CommandHandler<AccountCommand> handler = bank.handler();
    return (id, command, commandId, context) -> {
      CommandOutcome outcome = handler.handle(id, command, commandId, context);
      if (command instanceof Withdraw && bank.balance(id).signum() == 0) {
        bank.accounts().execute(id, new Close(), CommandOptions.withId("close"));
      }
      return outcome;
    };
  }

  @Test
  void who_waits_hears_of_what_another_runner_does() throws Exception {
    var working = start(TransferSaga.saga(), bank.handler(), builder -> builder);
    var idle =
        start(
            TransferSaga.saga(),
            bank.handler(),
            builder -> builder.query(Query.categories("no-such-events")));
    try (ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor()) {
      var over = waiting.submit(() -> idle.await("t1", PATIENCE));
      until(() -> idle.waiting() == 1);
      bank.request("t1", "a", "b", "1.00");
      until(over::isDone);
      assertThat(over.get().orElseThrow().outcome()).isEqualTo("completed");
      assertThat(idle.status().completed()).isZero();
      until(() -> working.status().completed() == 1);
    }
  }

  @Test
  void hundreds_may_wait_at_the_same_time_while_two_runners_are_at_work() throws Exception {
    UnaryOperator<ProcessRunner.Builder<SagaState<TransferRequested>, TransferEvent>> quick =
        builder -> builder.grace(Duration.ofMillis(100));
    var first = start(TransferSaga.saga(), bank.handler(), quick);
    var second = start(TransferSaga.saga(), bank.handler(), quick);
    int transfers = 60;
    List<Future<Optional<ProcessInstance<SagaState<TransferRequested>>>>> waits = new ArrayList<>();
    try (ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < transfers; i++) {
        String id = "t" + i;
        for (int waiter = 0; waiter < 4; waiter++) {
          var runner = waiter % 2 == 0 ? first : second;
          if (waiter == 2) {
            bank.request(id, "a", i % 5 == 0 ? "nobody" : "b", "0.01");
          }
          waits.add(waiting.submit(() -> runner.await(id, PATIENCE)));
        }
      }
      until(() -> waits.stream().allMatch(Future::isDone));
      for (var wait : waits) {
        assertThat(wait.get().orElseThrow().completed()).isTrue();
      }
      assertThat(first.waiting() + second.waiting()).isZero();
    }
  }

  @Test
  void a_runner_that_is_closed_lets_those_who_wait_go() throws Exception {
    var runner = start();
    try (ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor()) {
      var never = waiting.submit(() -> runner.await("never", PATIENCE.multipliedBy(10)));
      until(() -> runner.waiting() == 1);
      runner.close();
      assertThat(never.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEmpty();
    }
  }

  // ---- releases

  /** The transfer with a step put before its others, as a release may have it. */
  private static Saga<TransferRequested, TransferEvent> sagaWithACheckBefore() {
    return Saga.<TransferEvent>named(TransferSaga.NAME)
        .startedBy(TransferRequested.class, TransferRequested::transferId)
        .step("check", t -> Effect.send(ACCOUNTS, t.to(), new Deposit(t.amount(), "check")))
        .step("withdraw", t -> Effect.send(ACCOUNTS, t.from(), new Withdraw(t.amount(), "w2")))
        .step("deposit", t -> Effect.send(ACCOUNTS, t.to(), new Deposit(t.amount(), "d2")))
        .build();
  }

  @Test
  void a_saga_whose_steps_have_changed_while_it_was_under_way_stops_and_shows() {
    CommandHandler<AccountCommand> handler = bank.handler();
    CommandHandler<AccountCommand> depositsHang =
        (id, command, commandId, context) -> {
          if (command instanceof Deposit) {
            throw new IllegalStateException("no answer");
          }
          return handler.handle(id, command, commandId, context);
        };
    var first = start(TransferSaga.saga(), depositsHang, builder -> builder);
    bank.request("t1", "a", "b", "10.00");
    until(() -> !first.status().stuck().isEmpty());
    first.close();
    List<String> before = Streams.types(store, TransferSaga.NAME + "-t1");

    var changed = start(sagaWithACheckBefore(), bank.handler(), builder -> builder);
    until(() -> !changed.status().stuck().isEmpty());
    assertThat(changed.status().stuck().getFirst().reason()).contains("\"check\"", "\"withdraw\"");
    assertThat(changed.retry("t1")).isTrue();
    until(() -> changed.status().stuck().getFirst().failures() > 2);
    assertThat(Streams.types(store, TransferSaga.NAME + "-t1")).isEqualTo(before);
    assertThat(bank.balance("b")).isEqualByComparingTo("0.10");
    changed.close();

    var asBefore = start(TransferSaga.saga(), bank.handler(), builder -> builder);
    untilCompleted(asBefore, "t1");
    assertThat(bank.balance("a")).isEqualByComparingTo("90.00");
    assertThat(bank.balance("b")).isEqualByComparingTo("10.10");
  }

  @Test
  void the_outcome_of_a_step_that_the_list_has_elsewhere_now_moves_nothing() {
    CommandHandler<AccountCommand> away =
        (id, command, commandId, context) -> {
          throw new IllegalStateException("no answer");
        };
    var first = start(TransferSaga.saga(), away, builder -> builder);
    bank.request("t1", "a", "b", "10.00");
    until(() -> !first.status().stuck().isEmpty());
    first.close();

    var changed = start(sagaWithACheckBefore(), bank.handler(), builder -> builder);
    until(() -> !changed.status().stuck().isEmpty());
    assertThat(changed.retry("t1")).isTrue();
    until(() -> changed.status().stuck().getFirst().failures() > 2);
    assertThat(changed.status().stuck().getFirst().reason()).contains("\"check\"", "\"withdraw\"");
    assertThat(bank.balance("a")).isEqualByComparingTo("90.00");
    changed.close();

    var asBefore = start(TransferSaga.saga(), bank.handler(), builder -> builder);
    untilCompleted(asBefore, "t1");
    assertThat(bank.balance("a")).isEqualByComparingTo("90.00");
    assertThat(bank.balance("b")).isEqualByComparingTo("10.10");
  }

  @Test
  void the_names_of_a_sagas_steps_are_told_apart() {
    var one =
        Saga.<TransferEvent>named(TransferSaga.NAME)
            .startedBy(TransferRequested.class, TransferRequested::transferId)
            .step("one", t -> Effect.send(ACCOUNTS, t.to(), new Close()));
    for (String name : List.of("one", "", "one/undo")) {
      assertThatThrownBy(() -> one.step(name, t -> Effect.send(ACCOUNTS, t.to(), new Close())))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void a_process_has_a_name_that_streams_can_have() {
    for (String name : List.of("", "a-b", "$process", "two\nlines", "\ud800", "ä".repeat(101))) {
      ProcessManager<Transfer, TransferEvent> named =
          new TransferProcess() {
            @Override
            public String name() {
              return name;
            }
          };
      assertThatThrownBy(() -> ProcessRunner.builder(store, named, Bank.TRANSFER_EVENTS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("process's name");
    }
  }

  // ---- several runners

  @Test
  void two_runners_at_the_same_time_do_nothing_twice_and_lose_nothing() {
    bank.open("c", "50.00");
    BigDecimal before = bank.total();
    UnaryOperator<ProcessRunner.Builder<SagaState<TransferRequested>, TransferEvent>> quick =
        builder -> builder.grace(Duration.ofMillis(100));
    var first = start(TransferSaga.saga(), bank.handler(), quick);
    var second = start(TransferSaga.saga(), bank.handler(), quick);
    int transfers = 60;
    for (int i = 0; i < transfers; i++) {
      String to = i % 5 == 0 ? "nobody" : i % 2 == 0 ? "b" : "c";
      bank.request("t" + i, i % 3 == 0 ? "c" : "a", to, "3.21");
    }
    for (int i = 0; i < transfers; i++) {
      untilCompleted(first, "t" + i);
    }

    assertThat(bank.total()).isEqualByComparingTo(before);
    assertThat(bank.movements().values()).containsOnly(1);
    for (int i = 0; i < transfers; i++) {
      var transfer = second.find("t" + i).orElseThrow();
      String in = "+t" + i;
      boolean arrived = bank.movements().keySet().stream().anyMatch(m -> m.startsWith(in + "@"));
      assertThat(arrived).isEqualTo(transfer.outcome().equals("completed"));
      assertThat(Streams.types(store, TransferSaga.NAME + "-t" + i))
          .containsOnlyOnce("ProcessStarted", "ProcessEventTaken", "ProcessCompleted");
    }
  }

  @Test
  void what_one_runner_leaves_behind_the_other_takes_up() {
    CommandHandler<AccountCommand> away =
        (id, command, commandId, context) -> {
          throw new IllegalStateException("away");
        };
    var first = start(away);
    until(() -> first.status().intake() == ProcessStatus.Intake.FOLLOWING);
    bank.request("t1", "a", "b", "10.00");
    until(() -> !first.status().stuck().isEmpty());
    var second = start();
    untilCompleted(second, "t1");

    assertThat(bank.balance("b")).isEqualByComparingTo("10.10");
  }

  @Test
  void of_a_refusal_and_an_acceptance_of_one_command_only_one_is_ever_true() throws Exception {
    CountDownLatch refusedOnce = new CountDownLatch(1);
    CountDownLatch accepted = new CountDownLatch(1);
    CommandHandler<AccountCommand> handler = bank.handler();
    CommandHandler<AccountCommand> slow =
        (id, command, commandId, context) -> {
          CommandOutcome outcome = handler.handle(id, command, commandId, context);
          if (outcome instanceof CommandOutcome.Refused) {
            refusedOnce.countDown();
            assertThat(accepted.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
          }
          return outcome;
        };
    CommandHandler<AccountCommand> lost =
        (id, command, commandId, context) -> {
          CommandOutcome outcome = handler.handle(id, command, commandId, context);
          if (outcome instanceof CommandOutcome.Accepted && command instanceof Withdraw) {
            accepted.countDown();
            throw new IllegalStateException("the answer is lost, for now");
          }
          return outcome;
        };
    var first = start(slow);
    bank.request("t1", "a", "b", "150.00");
    assertThat(refusedOnce.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    bank.accounts().execute("a", new AccountCommand.Deposit(new BigDecimal("50.00"), "salary"));
    var second = start(lost);
    untilCompleted(first, "t1");

    assertThat(second.find("t1").orElseThrow().outcome()).isEqualTo("completed");
    assertThat(types("t1")).doesNotContain("ProcessCommandRefused");
    assertThat(bank.balance("a")).isEqualByComparingTo("0.00");
    assertThat(bank.balance("b")).isEqualByComparingTo("150.10");
  }
}
