package io.varve.client.eventsourcing.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.varve.client.eventsourcing.bank.AccountCommand;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferEvent;
import io.varve.client.eventsourcing.bank.TransferProcess;
import io.varve.client.eventsourcing.bank.TransferProcess.Step;
import io.varve.client.eventsourcing.bank.TransferProcess.Transfer;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * The runner is stopped at each of its calls of the store in turn, before and after; another one
 * goes on. Whatever the place, each transfer comes to its end once, and no cent is lost.
 */
class ProcessCrashTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Logger TOOLKIT = (Logger) LoggerFactory.getLogger("io.varve.client");

  @BeforeAll
  static void the_faults_need_not_be_told() {
    TOOLKIT.setLevel(Level.OFF);
  }

  @AfterAll
  static void log_as_before() {
    TOOLKIT.setLevel(null);
  }

  /** One run: a store, a bank in it, and what time it is. */
  private static final class Run implements AutoCloseable {
    final EventStore store = new InMemoryEventStore();
    final Bank bank = new Bank(store).open("a", "100.00").open("b", "0.10");
    final ManualTime time = new ManualTime();
    final AtomicBoolean depositsHang = new AtomicBoolean();

    ProcessRunner<Transfer, TransferEvent> start(EventStore seen) {
      return start(seen, new TransferProcess());
    }

    <S> ProcessRunner<S, TransferEvent> start(
        EventStore seen, ProcessManager<S, TransferEvent> process) {
      CommandHandler<AccountCommand> handler = new Bank(seen).handler();
      return ProcessRunner.builder(seen, process, Bank.TRANSFER_EVENTS)
          .handler(
              TransferProcess.ACCOUNTS,
              (id, command, commandId, context) -> {
                if (id.equals("b") && depositsHang.get()) {
                  throw new IllegalStateException("no answer");
                }
                return handler.handle(id, command, commandId, context);
              })
          .clock(time)
          .scheduler(time)
          .pauses(Duration.ofMillis(50), Duration.ofSeconds(1))
          .start();
    }

    void until(BooleanSupplier condition) {
      await()
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                time.advance(Duration.ofMillis(25));
                return condition.getAsBoolean();
              });
    }

    boolean isOver(String id) {
      return isOver(TransferProcess.NAME, id);
    }

    boolean isOver(String process, String id) {
      return Streams.types(store, process + "-" + id).contains(ProcessEvents.COMPLETED);
    }

    List<String> types() {
      return Streams.types(store, TransferProcess.NAME + "-t1");
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_transfer_that_succeeds_is_made_once(CrashingStore.Fault fault) {
    everyCall(
        fault,
        run -> run.bank.request("t1", "a", "b", "12.34"),
        run -> {
          assertThat(run.bank.movements())
              .isEqualTo(
                  Map.of(
                      "+start@account-a",
                      1,
                      "+start@account-b",
                      1,
                      "-t1@account-a",
                      1,
                      "+t1@account-b",
                      1));
          assertThat(run.bank.balance("a")).isEqualByComparingTo("87.66");
        },
        List.of(
            "ProcessStarted",
            "ProcessEventTaken",
            "ProcessCommandIssued",
            "ProcessTimerScheduled",
            "ProcessCommandAccepted",
            "ProcessCommandIssued",
            "ProcessCommandAccepted",
            "ProcessTimerCancelled",
            "ProcessCompleted"),
        Step.DONE);
  }

  @ParameterizedTest
  @EnumSource
  void a_transfer_whose_deposit_is_refused_is_refunded_once(CrashingStore.Fault fault) {
    everyCall(
        fault,
        run -> run.bank.request("t1", "a", "nobody", "12.34"),
        run ->
            assertThat(run.bank.movements())
                .isEqualTo(
                    Map.of(
                        "+start@account-a",
                        1,
                        "+start@account-b",
                        1,
                        "-t1@account-a",
                        1,
                        "+t1/refund@account-a",
                        1)),
        List.of(
            "ProcessStarted",
            "ProcessEventTaken",
            "ProcessCommandIssued",
            "ProcessTimerScheduled",
            "ProcessCommandAccepted",
            "ProcessCommandIssued",
            "ProcessCommandRefused",
            "ProcessCommandIssued",
            "ProcessCommandAccepted",
            "ProcessCompleted"),
        Step.REFUNDED);
  }

  @ParameterizedTest
  @EnumSource
  void a_transfer_that_is_late_is_not_refunded_and_is_made_once(CrashingStore.Fault fault) {
    everyCall(
        fault,
        run -> {
          run.depositsHang.set(true);
          run.bank.request("t1", "a", "b", "12.34");
        },
        run ->
            assertThat(run.bank.movements())
                .isEqualTo(
                    Map.of(
                        "+start@account-a",
                        1,
                        "+start@account-b",
                        1,
                        "-t1@account-a",
                        1,
                        "+t1@account-b",
                        1)),
        List.of(
            "ProcessStarted",
            "ProcessEventTaken",
            "ProcessCommandIssued",
            "ProcessTimerScheduled",
            "ProcessCommandAccepted",
            "ProcessCommandIssued",
            "ProcessCommandAccepted",
            "ProcessCompleted"),
        Step.DONE);
  }

  @ParameterizedTest
  @EnumSource
  void a_saga_takes_each_of_its_steps_once(CrashingStore.Fault fault) {
    everyCallOfASaga(fault, "b", "completed", Map.of("-t1@account-a", 1, "+t1@account-b", 1));
  }

  @ParameterizedTest
  @EnumSource
  void a_saga_whose_second_step_is_refused_undoes_the_first_once(CrashingStore.Fault fault) {
    everyCallOfASaga(
        fault, "nobody", "compensated", Map.of("-t1@account-a", 1, "+t1/refund@account-a", 1));
  }

  private void everyCallOfASaga(
      CrashingStore.Fault fault, String to, String outcome, Map<String, Integer> movements) {
    int call = 0;
    boolean reached = true;
    while (reached) {
      call++;
      try (Run run = new Run()) {
        run.bank.request("t1", "a", to, "12.34");
        BigDecimal before = run.bank.total();
        CrashingStore crashing = new CrashingStore(run.store, call, fault);
        try (var first = run.start(crashing.asStore(), TransferSaga.saga())) {
          assertThat(first).isNotNull();
          run.until(() -> crashing.isDead() || run.isOver(TransferSaga.NAME, "t1"));
        }
        reached = crashing.hasFailed();
        try (var second = run.start(run.store, TransferSaga.saga())) {
          run.until(() -> run.isOver(TransferSaga.NAME, "t1"));
          assertThat(second.find("t1").orElseThrow().outcome())
              .as("after a fault at call %s", call)
              .isEqualTo(outcome);
        }
        Map<String, Integer> expected = new HashMap<>(movements);
        expected.putAll(Map.of("+start@account-a", 1, "+start@account-b", 1));
        assertThat(run.bank.movements()).as("after a fault at call %s", call).isEqualTo(expected);
        assertThat(run.bank.total()).isEqualByComparingTo(before);
      }
    }
    assertThat(call).as("there were calls to fail at").isGreaterThan(8);
  }

  private interface Part {
    void in(Run run);
  }

  private void everyCall(
      CrashingStore.Fault fault, Part given, Part then, List<String> types, Step end) {
    int call = 0;
    boolean reached = true;
    while (reached) {
      call++;
      try (Run run = new Run()) {
        given.in(run);
        BigDecimal before = run.bank.total();
        CrashingStore crashing = new CrashingStore(run.store, call, fault);
        boolean late = run.depositsHang.get();
        try (var first = run.start(crashing.asStore())) {
          assertThat(first).isNotNull();
          toItsEnd(run, crashing, late);
        }
        reached = crashing.hasFailed();
        run.depositsHang.set(late && !run.isOver("t1"));
        try (var second = run.start(run.store)) {
          toItsEnd(run, new CrashingStore(run.store, -1, fault), run.depositsHang.get());
          run.until(() -> run.isOver("t1"));
          Transfer transfer = second.find("t1").orElseThrow().state();
          assertThat(transfer.step()).as("after a fault at call %s", call).isEqualTo(end);
          assertThat(transfer.late()).isEqualTo(late);
        }
        then.in(run);
        assertThat(run.bank.total()).isEqualByComparingTo(before);
        // The timer fires whenever its time has come, wherever the transfer is by then.
        List<String> recorded = new ArrayList<>(run.types());
        assertThat(recorded.remove(ProcessEvents.TIMER_FIRED)).isEqualTo(late);
        assertThat(recorded).isEqualTo(types);
      }
    }
    assertThat(call).as("there were calls to fail at").isGreaterThan(8);
  }

  /**
   * Until the transfer is over, or the program is dead; the time-out passes if it is to be late.
   */
  private static void toItsEnd(Run run, CrashingStore crashing, boolean late) {
    if (late) {
      run.until(() -> crashing.isDead() || hasDeposit(run));
      if (!crashing.isDead()) {
        run.time.advance(TransferProcess.PATIENCE);
      }
      run.until(() -> crashing.isDead() || run.types().contains(ProcessEvents.TIMER_FIRED));
      run.depositsHang.set(!run.types().contains(ProcessEvents.TIMER_FIRED));
    }
    run.until(() -> crashing.isDead() || run.isOver("t1"));
  }

  private static boolean hasDeposit(Run run) {
    return Collections.frequency(run.types(), ProcessEvents.COMMAND_ISSUED) == 2;
  }
}
