package io.varve.server.append;

import static io.varve.server.append.Commands.ACCOUNT;
import static io.varve.server.append.Commands.OTHER;
import static io.varve.server.append.Commands.append;
import static io.varve.server.append.Commands.appendOf;
import static io.varve.server.append.Commands.eventOf;
import static io.varve.server.append.Commands.exactly;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.append.Outcome.Appended;
import io.varve.server.append.Outcome.Conflict;
import io.varve.server.append.Outcome.QueueFull;
import io.varve.server.append.Outcome.Stopping;
import io.varve.server.append.Outcome.StoreStopped;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalCommitLogTest {
  private final MemoryEventStorage storage = new MemoryEventStorage();
  private final Listener listener = new Listener();
  private final Answers answers = new Answers();
  private final List<LocalCommitLog> logs = new ArrayList<>();

  /** While it is closed, the writer waits in its first write. */
  private final CountDownLatch gate = new CountDownLatch(1);

  private final CountDownLatch writing = new CountDownLatch(1);

  @AfterEach
  void close_all_logs() {
    gate.countDown();
    logs.forEach(LocalCommitLog::close);
  }

  // ---- batches

  @Test
  void a_lone_append_is_written_at_once() {
    CommitLog log = start(AppendSettings.defaults());

    log.propose(append(ACCOUNT, 1), answers);

    assertThat(answers.await(1)).singleElement().isInstanceOf(Appended.class);
    assertThat(storage.commits()).isEqualTo(1);
  }

  @Test
  void appends_that_arrive_during_a_write_share_the_next_one() {
    closeTheGate();
    CommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);

    for (int i = 2; i <= 500; i++) {
      log.propose(append(ACCOUNT, i), answers);
    }
    gate.countDown();

    assertThat(answers.await(500)).allMatch(Appended.class::isInstance);
    assertThat(storage.head().position()).isEqualTo(500);
    assertThat(storage.commits()).isBetween(2, 3);
  }

  @Test
  void a_batch_is_bounded_by_events() {
    closeTheGate();
    CommitLog log = start(settings(1000, 1 << 20, 10, 1 << 20));
    proposeAndWaitForTheWriter(log);

    for (int i = 2; i <= 101; i++) {
      log.propose(append(ACCOUNT, i), answers);
    }
    gate.countDown();

    answers.await(101);
    assertThat(storage.commits()).isBetween(11, 12);
  }

  @Test
  void a_batch_is_bounded_by_bytes_but_a_large_append_is_never_divided() {
    closeTheGate();
    List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    CommitLog log = start(settings(1000, 1 << 20, 1000, 2_000));
    proposeAndWaitForTheWriter(log);
    storage.beforeWrite(events -> sizes.add(events.size()));

    for (int i = 2; i <= 21; i++) {
      log.propose(appendOf(ACCOUNT, eventOf(i, 900)), answers);
    }
    log.propose(appendOf(ACCOUNT, eventOf(100, 9_000), eventOf(101, 9_000)), answers);
    gate.countDown();

    answers.await(22);
    assertThat(sizes).allMatch(size -> size <= 4);
    assertThat(storage.head().position()).isEqualTo(23);
  }

  @Test
  void a_flood_of_refusals_is_answered_though_nothing_is_written() {
    CommitLog log = start(settings(100_000, 1 << 28, 10, 1000));

    for (int i = 1; i <= 2_000; i++) {
      log.propose(append(ACCOUNT, exactly(9), i), answers);
    }

    assertThat(answers.await(2_000)).allMatch(Conflict.class::isInstance);
    assertThat(storage.commits()).isZero();
    assertThat(listener.committed).isEmpty();
  }

  // ---- answers

  @Test
  void nobody_is_answered_before_the_write_has_returned() {
    closeTheGate();
    CommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);
    log.propose(append(ACCOUNT, exactly(9), 2), answers); // refused, on what is only being written
    log.propose(append(ACCOUNT, 1), answers); // a repetition of what is only being written

    assertThat(answers.soFar()).isEmpty();
    assertThat(listener.committed).isEmpty();
    gate.countDown();

    assertThat(answers.await(3)).hasSize(3);
  }

  @Test
  void an_answer_finds_its_events_visible_and_published() {
    List<Long> heads = Collections.synchronizedList(new ArrayList<>());
    List<Integer> published = Collections.synchronizedList(new ArrayList<>());
    CommitLog log = start(AppendSettings.defaults());
    for (int i = 1; i <= 50; i++) {
      log.propose(
          append(ACCOUNT, i),
          outcome -> {
            heads.add(storage.head().position() - ((Appended) outcome).position().value());
            published.add(listener.committed.size());
            answers.accept(outcome);
          });
    }

    answers.await(50);
    assertThat(heads).allMatch(ahead -> ahead >= 0);
    for (int i = 0; i < 50; i++) {
      assertThat(published.get(i)).isGreaterThan(i);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void answers_come_in_the_order_of_the_decisions(long seed) {
    Random random = new Random(seed);
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    CommitLog log = start(settings(100_000, 1 << 28, 1 + random.nextInt(50), 1 << 20));
    for (int i = 0; i < 3_000; i++) {
      int number = i;
      AppendCommand command =
          random.nextInt(3) == 0
              ? append(ACCOUNT, exactly(random.nextInt(10)), i)
              : append(new StreamId("s-" + random.nextInt(9)), random.nextInt(4_000));
      log.propose(
          command,
          outcome -> {
            order.add(number);
            answers.accept(outcome);
          });
    }

    answers.await(3_000);
    assertThat(order).isSorted().hasSize(3_000);
    assertThat(listener.committed)
        .isEqualTo(storage.all().stream().map(EncodedEvent::position).toList());
  }

  static List<Named<Consumer<Outcome>>> callbacksThatFail() {
    return List.of(
        Named.of(
            "an exception",
            _ -> {
              throw new IllegalStateException("gone");
            }),
        Named.of(
            "an error",
            _ -> {
              throw new AssertionError("gone");
            }));
  }

  @ParameterizedTest
  @MethodSource("callbacksThatFail")
  void an_answer_that_cannot_be_delivered_costs_the_others_nothing(Consumer<Outcome> callback) {
    closeTheGate();
    CommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);
    log.propose(append(ACCOUNT, 2), callback);
    log.propose(append(ACCOUNT, 3), answers);
    gate.countDown();

    answers.await(2);
    log.propose(append(ACCOUNT, 4), answers);
    assertThat(answers.await(3)).allMatch(Appended.class::isInstance);
  }

  @Test
  void a_listener_that_fails_costs_nobody_an_answer() {
    listener.broken = true;
    CommitLog log = start(AppendSettings.defaults());

    log.propose(append(ACCOUNT, 1), answers);
    log.propose(append(ACCOUNT, 2), answers);

    assertThat(answers.await(2)).allMatch(Appended.class::isInstance);
  }

  // ---- a full queue

  @Test
  void a_full_queue_refuses_at_once_and_writes_nothing_of_it() {
    closeTheGate();
    CommitLog log = start(settings(5, 1 << 20, 1, 1 << 20));
    proposeAndWaitForTheWriter(log);
    Answers refused = new Answers();
    // One batch of one append grows while the writer is busy; five more wait.
    int i = 2;
    while (refused.soFar().isEmpty()) {
      log.propose(
          append(OTHER, i++),
          outcome -> (outcome instanceof QueueFull ? refused : answers).accept(outcome));
    }

    assertThat(refused.soFar()).singleElement().isInstanceOf(QueueFull.class);
    gate.countDown();
    answers.await(i - 2);
    assertThat(storage.head().position()).isEqualTo(i - 2);
    log.propose(append(OTHER, 1000), answers);
    assertThat(answers.await(i - 1)).allMatch(Appended.class::isInstance);
  }

  @Test
  void what_waits_is_bounded_by_bytes_too_and_the_room_is_given_back() {
    closeTheGate();
    CommitLog log = start(settings(1000, 10_000, 1000, 1 << 20));
    proposeAndWaitForTheWriter(log);
    Answers refused = new Answers();
    Consumer<Outcome> either =
        outcome -> (outcome instanceof QueueFull ? refused : answers).accept(outcome);
    for (int i = 2; i <= 21; i++) {
      log.propose(appendOf(OTHER, eventOf(i, 1000)), either);
    }
    int let = 20 - refused.soFar().size();
    assertThat(let).isBetween(4, 9);
    gate.countDown();
    answers.await(1 + let);

    for (int i = 0; i < 50; i++) {
      log.propose(appendOf(OTHER, eventOf(100 + i, 5_000)), answers);
      answers.await(2 + let + i);
    }
    assertThat(answers.soFar()).allMatch(Appended.class::isInstance);
  }

  @Test
  void an_append_larger_than_all_that_may_wait_is_let_in_alone() {
    CommitLog log = start(settings(10, 1_000, 10, 1_000));

    log.propose(appendOf(ACCOUNT, eventOf(1, 100_000)), answers);

    assertThat(answers.await(1)).singleElement().isInstanceOf(Appended.class);
  }

  // ---- failures

  @Test
  void a_failed_write_stops_the_store_for_everybody_and_acknowledges_nobody() {
    closeTheGate(
        () -> {
          throw new StorageException("no space left on device");
        });
    CommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);
    for (int i = 2; i <= 20; i++) {
      log.propose(append(ACCOUNT, i), answers);
    }
    log.propose(append(ACCOUNT, exactly(9), 21), answers);
    gate.countDown();

    assertThat(answers.await(21)).allMatch(StoreStopped.class::isInstance);
    log.propose(append(OTHER, 99), answers);
    assertThat(answers.await(22).getLast())
        .isInstanceOfSatisfying(
            StoreStopped.class, stopped -> assertThat(stopped.reason()).contains("no space left"));
    assertThat(listener.stopped).singleElement().asString().contains("no space left");
    assertThat(listener.committed).isEmpty();
    assertThat(storage.head().position()).isZero();
  }

  @Test
  void after_a_write_that_failed_nothing_more_is_written_though_the_disk_would_take_it() {
    AtomicInteger writes = new AtomicInteger();
    closeTheGate(
        () -> {
          if (writes.incrementAndGet() == 1) {
            throw new StorageException("no space left on device");
          }
        });
    LocalCommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);
    for (int i = 2; i <= 20; i++) {
      log.propose(append(ACCOUNT, i), answers);
    }
    // Decided, on what is being written, and waiting for the writer.
    Awaitility.await().until(() -> log.waiting() == 0);
    gate.countDown();

    assertThat(answers.await(20)).allMatch(StoreStopped.class::isInstance);
    assertThat(writes).hasValue(1);
    assertThat(storage.head().position()).isZero();
  }

  @Test
  void a_decision_that_fails_stops_the_store_and_everybody_gets_an_answer() {
    closeTheGate();
    CommitLog log = start(AppendSettings.defaults());
    proposeAndWaitForTheWriter(log);
    storage.beforeLookUp(
        () -> {
          throw new StorageException("cannot be read");
        });
    for (int i = 2; i <= 20; i++) {
      log.propose(append(OTHER, i), answers);
    }
    Awaitility.await().until(() -> !listener.stopped.isEmpty());
    gate.countDown();

    assertThat(answers.await(20)).allMatch(StoreStopped.class::isInstance);
    log.propose(append(OTHER, 99), answers);
    assertThat(answers.await(21).getLast()).isInstanceOf(StoreStopped.class);
    assertThat(listener.stopped).hasSize(1);
  }

  // ---- closing

  @Test
  void closing_finishes_what_is_queued_and_takes_nothing_more() throws InterruptedException {
    closeTheGate();
    LocalCommitLog log = start(settings(1000, 1 << 20, 7, 1 << 20));
    proposeAndWaitForTheWriter(log);
    for (int i = 2; i <= 100; i++) {
      log.propose(append(ACCOUNT, i), answers);
    }
    Thread closing = Thread.ofPlatform().start(log::close);
    Awaitility.await().until(() -> stops(log));
    gate.countDown();
    closing.join();

    assertThat(answers.soFar()).hasSize(101 + probes.get() - 1);
    assertThat(storage.head().position()).isEqualTo(100);
    log.propose(append(ACCOUNT, 500), answers);
    assertThat(answers.soFar().getLast()).isInstanceOf(Stopping.class);
    assertThat(storage.head().position()).isEqualTo(100);
  }

  @Test
  void a_log_that_was_never_started_can_be_closed() {
    LocalCommitLog log =
        new LocalCommitLog(storage, AppendSettings.defaults(), Thread::new, List.of(listener));
    log.propose(append(ACCOUNT, 1), answers);

    log.close();

    assertThat(answers.soFar()).singleElement().isInstanceOf(Stopping.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whoever_proposes_while_the_log_is_closed_gets_exactly_one_answer(long seed)
      throws Exception {
    Random random = new Random(seed);
    for (int round = 0; round < 150; round++) {
      MemoryEventStorage fresh = new MemoryEventStorage();
      LocalCommitLog log =
          new LocalCommitLog(
                  fresh,
                  settings(4 + random.nextInt(40), 1 << 20, 5, 1 << 20),
                  Thread::new,
                  List.of())
              .start();
      int callers = 3;
      int each = 1 + random.nextInt(30);
      int spin = random.nextInt(20_000);
      AtomicInteger[] answered = new AtomicInteger[callers * each];
      AtomicInteger appended = new AtomicInteger();
      CyclicBarrier together = new CyclicBarrier(callers + 1);
      List<Thread> threads = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        int first = caller * each;
        for (int i = first; i < first + each; i++) {
          answered[i] = new AtomicInteger();
        }
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      meet(together);
                      for (int i = first; i < first + each; i++) {
                        AtomicInteger mine = answered[i];
                        log.propose(
                            append(ACCOUNT, i),
                            outcome -> {
                              mine.incrementAndGet();
                              if (outcome instanceof Appended) {
                                appended.incrementAndGet();
                              }
                            });
                      }
                    }));
      }
      meet(together);
      for (int i = 0; i < spin; i++) {
        Thread.onSpinWait();
      }
      log.close();
      for (Thread thread : threads) {
        thread.join();
      }
      for (AtomicInteger count : answered) {
        assertThat(count).as("round %d of seed %d", round, seed).hasValue(1);
      }
      assertThat(fresh.head().position()).isEqualTo(appended.get());
    }
  }

  @Test
  void many_callers_at_once_are_all_answered_and_all_written() throws InterruptedException {
    CommitLog log = start(AppendSettings.defaults());
    List<Thread> threads = new ArrayList<>();
    for (int caller = 0; caller < 8; caller++) {
      int first = caller * 10_000;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 500; i++) {
                      CountDownLatch answered = new CountDownLatch(i % 3 == 0 ? 1 : 0);
                      log.propose(
                          append(new StreamId("s-" + first), exactly(i), first + i),
                          outcome -> {
                            answers.accept(outcome);
                            answered.countDown();
                          });
                      waitFor(answered);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(answers.await(4_000)).allMatch(Appended.class::isInstance);
    assertThat(storage.head().position()).isEqualTo(4_000);
  }

  // ---- helpers

  private final AtomicInteger probes = new AtomicInteger();

  /**
   * Whether a proposal is turned away because the log is closing; if not, it is one more to be
   * answered.
   */
  private boolean stops(CommitLog log) {
    int before = (int) answers.soFar().stream().filter(Stopping.class::isInstance).count();
    probes.incrementAndGet();
    log.propose(append(ACCOUNT, exactly(1_000_000), 10_000 + probes.get()), answers);
    return answers.soFar().stream().filter(Stopping.class::isInstance).count() > before;
  }

  private LocalCommitLog start(AppendSettings settings) {
    LocalCommitLog log =
        new LocalCommitLog(storage, settings, Thread::new, List.of(listener)).start();
    logs.add(log);
    return log;
  }

  private static AppendSettings settings(
      int maxQueued, long maxQueuedBytes, int maxBatchEvents, long maxBatchBytes) {
    return new AppendSettings(maxQueued, maxQueuedBytes, maxBatchEvents, maxBatchBytes, 100);
  }

  private void closeTheGate() {
    closeTheGate(() -> {});
  }

  /** Makes the first write wait for the gate, and then do as told. */
  private void closeTheGate(Runnable then) {
    storage.beforeWrite(
        _ -> {
          writing.countDown();
          waitFor(gate);
          then.run();
        });
  }

  private void proposeAndWaitForTheWriter(CommitLog log) {
    log.propose(append(ACCOUNT, 1), answers);
    waitFor(writing);
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Collects outcomes, and can wait for a number of them. */
  private static final class Answers implements Consumer<Outcome> {
    private final List<Outcome> outcomes = new ArrayList<>(); // guarded by this

    @Override
    public synchronized void accept(Outcome outcome) {
      outcomes.add(outcome);
    }

    synchronized List<Outcome> soFar() {
      return List.copyOf(outcomes);
    }

    List<Outcome> await(int count) {
      Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> soFar().size() >= count);
      assertThat(soFar()).hasSize(count);
      return soFar();
    }
  }

  private static final class Listener implements CommitListener {
    private final List<Long> committed = Collections.synchronizedList(new ArrayList<>());
    private final List<String> stopped = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean broken;

    @Override
    public void committed(List<EventRun> runs) {
      runs.forEach(run -> run.events().forEach(event -> committed.add(event.position())));
      if (broken) {
        throw new IllegalStateException("broken");
      }
    }

    @Override
    public void stopped(String reason) {
      stopped.add(reason);
    }
  }
}
