package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.consumer.ConsumerStatus.State;
import io.varve.client.eventsourcing.consumer.Note.CrossedOut;
import io.varve.client.eventsourcing.consumer.Note.Noted;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a consumer runner promises, on any store. */
public abstract class ConsumerContract {

  private static final EventTypes<Note> NOTES = JsonEvents.of(Note.class);
  private static final String GROUP = "notes";
  private static final ConsumerGroupSettings DEFAULTS = ConsumerGroupSettings.defaults();
  private static final ConsumerGroupSettings IMPATIENT =
      DEFAULTS.ackTimeout(Duration.ofMillis(300)).maxRetries(1_000);

  private final List<ConsumerRunner<Note>> runners = new ArrayList<>();
  private final List<String> handled = new CopyOnWriteArrayList<>();
  private EventStore store;

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** Called after each test, once its store is closed. */
  protected void afterStore() {}

  @BeforeEach
  void open() throws Exception {
    store = openStore();
  }

  @AfterEach
  void close() {
    runners.forEach(ConsumerRunner::close);
    store.close();
    afterStore();
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5));
  }

  private void note(String stream, String... texts) {
    List<NewEvent> events = new ArrayList<>();
    for (String text : texts) {
      events.add(NOTES.encode(new Noted(text), EventContext.begin()));
    }
    long position = store.append(stream, ExpectedVersion.any(), events).position();
    assertThat(position).isPositive();
  }

  private static ConsumerGroup group(ConsumerGroupSettings settings) {
    return ConsumerGroup.ofLog(GROUP, Query.all()).settings(settings);
  }

  private ConsumerRunner.Builder<Note> runner(
      ConsumerGroupSettings settings, EventHandler<Note> handler) {
    return ConsumerRunner.builder(store, group(settings), NOTES, handler)
        .pauses(Duration.ofMillis(5), Duration.ofMillis(50));
  }

  private ConsumerRunner<Note> start(ConsumerRunner.Builder<Note> builder) {
    ConsumerRunner<Note> runner = builder.start();
    runners.add(runner);
    return runner;
  }

  private static String text(ConsumedEvent<Note> event) {
    return switch (event.event()) {
      case Noted(String text) -> text;
      case CrossedOut(String text) -> "-" + text;
    };
  }

  private Outcome write(ConsumedEvent<Note> event) {
    handled.add(text(event));
    return Outcome.done();
  }

  private ConsumerGroupInfo info() {
    return store.consumerGroups().get(GROUP).orElseThrow();
  }

  private void awaitInfo(Predicate<ConsumerGroupInfo> looks) {
    await().until(() -> store.consumerGroups().get(GROUP).filter(looks).isPresent());
  }

  private List<ParkedEvent> parked() {
    return store.consumerGroups().listParked(GROUP).toList();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
  }

  // ---- outcomes

  @Test
  void what_the_handler_has_done_is_acked() {
    note("a", "1", "2");
    ConsumerRunner<Note> runner = start(runner(DEFAULTS, this::write).named("writer"));

    awaitInfo(info -> info.checkpoint() == 2 && info.lag() == 0);
    note("b", "3");
    awaitInfo(info -> info.checkpoint() == 3);

    assertThat(handled).containsExactly("1", "2", "3");
    ConsumerStatus status = runner.status();
    assertThat(status.state()).isEqualTo(State.RUNNING);
    assertThat(status.group()).isEqualTo(GROUP);
    assertThat(status.consumer()).isEqualTo("writer");
    assertThat(status.handled()).isEqualTo(3);
    assertThat(status.failed() + status.parked() + status.skipped()).isZero();
    assertThat(status.running() + status.waiting()).isZero();
    assertThat(status.why()).isNull();
    assertThat(info().consumers()).singleElement().extracting("name").isEqualTo("writer");
    assertThat(runner.ended()).isNotDone();
  }

  @Test
  void what_shall_be_retried_comes_again_with_its_count() {
    note("a", "1");
    List<Integer> counts = new CopyOnWriteArrayList<>();
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS,
                event -> {
                  counts.add(event.retryCount());
                  return event.retryCount() < 2 ? Outcome.retry("not yet") : Outcome.done();
                }));

    awaitInfo(info -> info.checkpoint() == 1);

    assertThat(counts).containsExactly(0, 1, 2);
    assertThat(runner.status().failed()).isEqualTo(2);
    assertThat(runner.status().handled()).isEqualTo(1);
  }

  @Test
  void what_shall_be_parked_is_parked_with_its_reason_and_may_be_replayed() {
    note("a", "1", "2");
    List<Boolean> replays = new CopyOnWriteArrayList<>();
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS,
                event -> {
                  if (text(event).equals("1")) {
                    replays.add(event.replayed());
                    return event.replayed() ? Outcome.done() : Outcome.park("a look first");
                  }
                  return write(event);
                }));
    awaitInfo(info -> info.checkpoint() == 2 && info.parked() == 1);
    assertThat(parked()).singleElement().extracting("reason").isEqualTo("a look first");
    assertThat(handled).containsExactly("2");
    assertThat(runner.status().parked()).isEqualTo(1);

    assertThat(store.consumerGroups().replayParked(GROUP)).isEqualTo(1);

    await().until(() -> parked().isEmpty());
    assertThat(replays).containsExactly(false, true);
  }

  @Test
  void what_shall_be_skipped_is_skipped() {
    note("a", "1", "2");
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS,
                event -> text(event).equals("1") ? Outcome.skip("not ours") : write(event)));

    awaitInfo(info -> info.checkpoint() == 2);

    assertThat(handled).containsExactly("2");
    assertThat(parked()).isEmpty();
    await().until(() -> runner.status().skipped() == 1);
  }

  @Test
  void a_stop_ends_all_runners_of_the_group_visibly_and_for_good() throws Exception {
    ConsumerRunner<Note> other = start(runner(DEFAULTS, this::write).named("other"));
    await().until(() -> other.status().state() == State.RUNNING);
    List<Throwable> heard = new CopyOnWriteArrayList<>();
    ToolkitObserver observer =
        new ToolkitObserver() {
          @Override
          public void consumerStopped(String group, Throwable cause) {
            heard.add(cause);
          }
        };
    ConsumerRunner<Note> stopping =
        start(runner(DEFAULTS, event -> Outcome.stop("disk full")).observer(observer).named("s"));
    await().until(() -> stopping.status().state() == State.RUNNING);

    for (int i = 0; i < 10; i++) {
      note("a" + i, "x");
    }

    for (ConsumerRunner<Note> runner : List.of(other, stopping)) {
      assertThatThrownBy(() -> runner.ended().get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(GroupStoppedException.class);
      assertThat(runner.status().state()).isEqualTo(State.STOPPED);
      assertThat(runner.status().why()).isNotBlank();
    }
    assertThat(heard).singleElement().isInstanceOf(GroupStoppedException.class);
    ConsumerGroupInfo.Stop stop = requireNonNull(info().stop());
    assertThat(stop.reason()).isEqualTo("disk full");
    assertThat(stop.consumer()).isEqualTo("s");
    assertThat(info().consumers()).isEmpty();
    stopping.close();
    assertThat(stopping.status().state()).isEqualTo(State.STOPPED); // closing does not hide it

    ConsumerRunner<Note> next = start(runner(DEFAULTS, this::write));
    awaitInfo(info -> info.checkpoint() == 10 && info.stop() == null);
    assertThat(next.status().state()).isEqualTo(State.RUNNING);
  }

  // ---- failures

  static final class Unreachable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreachable(String message) {
      super(message);
    }
  }

  @Test
  void a_failure_is_tried_again_and_parked_in_the_end() {
    note("a", "1", "2");
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS.maxRetries(2),
                event -> {
                  if (text(event).equals("1")) {
                    throw new Unreachable("no \u0000 answer\n" + "x".repeat(2_000) + "\uD800");
                  }
                  return write(event);
                }));

    awaitInfo(info -> info.checkpoint() == 2 && info.parked() == 1);

    assertThat(parked().getFirst().reason()).contains("Unreachable: no   answer\nxxx");
    assertThat(parked().getFirst().retryCount()).isEqualTo(2);
    assertThat(handled).containsExactly("2");
    assertThat(runner.status().failed()).isEqualTo(3);
    assertThat(runner.status().lastFailure()).contains("Unreachable");
    assertThat(runner.status().state()).isEqualTo(State.RUNNING);
  }

  @Test
  void the_policy_says_what_each_failure_is_for_the_group() {
    FailurePolicy policy =
        FailurePolicy.retry()
            .on(Unreachable.class, failure -> Outcome.park("later: " + failure.getMessage()))
            .skip(IllegalArgumentException.class)
            .park(Error.class);
    note("a", "unreachable", "senseless", "broken", "fine");
    ConsumerRunner<Note> runner =
        start(
            runner(
                    DEFAULTS,
                    event ->
                        switch (text(event)) {
                          case "unreachable" -> throw new Unreachable("gone");
                          case "senseless" -> throw new NumberFormatException("none");
                          case "broken" -> throw new AssertionError("a bug");
                          default -> write(event);
                        })
                .failures(policy));

    awaitInfo(info -> info.checkpoint() == 4);

    await().until(() -> parked().size() == 2);
    assertThat(parked().getFirst().reason()).isEqualTo("later: gone");
    assertThat(parked().getLast().reason()).contains("a bug");
    assertThat(handled).containsExactly("fine");
    assertThat(runner.status().skipped()).isEqualTo(1);
    assertThat(runner.status().failed()).isEqualTo(3);
  }

  @Test
  void an_event_that_cannot_be_read_is_parked_and_a_handler_without_an_outcome_has_failed() {
    long unreadable =
        store.append("a", ExpectedVersion.any(), NewEvent.json("Unheard", "{}")).position();
    note("a", "1");
    AtomicInteger calls = new AtomicInteger();
    ConsumerRunner<Note> runner =
        start(runner(DEFAULTS, event -> calls.incrementAndGet() == 1 ? nothing() : write(event)));

    awaitInfo(info -> info.checkpoint() == 2);

    assertThat(parked()).singleElement().extracting("position").isEqualTo(unreadable);
    assertThat(parked().getFirst().reason()).contains("Unheard");
    assertThat(handled).containsExactly("1");
    assertThat(runner.status().failed()).isEqualTo(2);
  }

  @SuppressWarnings("NullAway") // what a careless handler does
  private static Outcome nothing() {
    return null;
  }

  // ---- order and concurrency

  @Test
  void streams_are_handled_together_and_each_in_its_order() throws Exception {
    int streams = 4;
    CountDownLatch allAtWork = new CountDownLatch(streams);
    Map<String, List<Long>> versions = new ConcurrentHashMap<>();
    Map<String, AtomicInteger> atWork = new ConcurrentHashMap<>();
    List<String> mistakes = new CopyOnWriteArrayList<>();
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < streams; i++) {
        note("s" + i, "x");
      }
    }
    ConsumerRunner<Note> runner =
        start(
            runner(
                    DEFAULTS,
                    event -> {
                      AtomicInteger same =
                          atWork.computeIfAbsent(event.stream(), s -> new AtomicInteger());
                      if (same.incrementAndGet() != 1) {
                        mistakes.add("two of " + event.stream());
                      }
                      allAtWork.countDown();
                      await(allAtWork); // goes on only if the others run meanwhile
                      versions
                          .computeIfAbsent(event.stream(), s -> new CopyOnWriteArrayList<>())
                          .add(event.version());
                      same.decrementAndGet();
                      return Outcome.done();
                    })
                .concurrency(streams));

    awaitInfo(info -> info.checkpoint() == 20);

    assertThat(mistakes).isEmpty();
    assertThat(versions).hasSize(streams);
    assertThat(versions.values()).allMatch(list -> list.equals(List.of(1L, 2L, 3L, 4L, 5L)));
    assertThat(runner.status().handled()).isEqualTo(20);
  }

  @Test
  void no_more_than_the_concurrency_are_at_work_and_nothing_waits_long_undelivered() {
    AtomicInteger atWork = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    for (int i = 0; i < 100; i++) {
      note("s" + i % 20, "x");
    }
    start(
        runner(
                DEFAULTS,
                event -> {
                  most.accumulateAndGet(atWork.incrementAndGet(), Math::max);
                  atWork.decrementAndGet();
                  return Outcome.done();
                })
            .concurrency(3));

    awaitInfo(info -> info.checkpoint() == 100);

    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void a_slow_handler_does_not_let_time_out_what_it_has_not_begun() throws Exception {
    note("a", "1", "2", "3", "4");
    CountDownLatch begun = new CountDownLatch(1);
    Semaphore mayGoOn = new Semaphore(0);
    Map<String, Integer> retryCounts = new ConcurrentHashMap<>();
    start(
        runner(
                // Time enough for those that follow, on a busy machine too.
                IMPATIENT.ackTimeout(Duration.ofSeconds(3)),
                event -> {
                  retryCounts.putIfAbsent(text(event), event.retryCount());
                  begun.countDown();
                  assertThat(mayGoOn.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
                  return write(event);
                })
            .concurrency(1));
    await(begun);
    awaitInfo(info -> info.retrying() == 1); // the first has timed out

    assertThat(info().inFlight()).isZero(); // and nothing else was asked for
    mayGoOn.release(100);

    awaitInfo(info -> info.checkpoint() == 4);
    assertThat(handled).containsExactly("1", "2", "3", "4");
    assertThat(retryCounts.get("2")).isZero();
    assertThat(retryCounts.get("3")).isZero();
    assertThat(retryCounts.get("4")).isZero();
  }

  @Test
  void an_event_that_times_out_while_it_is_handled_is_handled_once_by_the_same_runner()
      throws Exception {
    note("a", "1");
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch mayEnd = new CountDownLatch(1);
    start(
        runner(
            IMPATIENT,
            event -> {
              calls.incrementAndGet();
              await(mayEnd);
              return write(event);
            }));
    awaitInfo(info -> info.deliveriesPerSecond() > 0.02); // it was delivered twice at least

    mayEnd.countDown();

    awaitInfo(info -> info.checkpoint() == 1 && info.inFlight() == 0 && info.retrying() == 0);
    assertThat(calls).hasValue(1);
    note("b", "2");
    awaitInfo(info -> info.checkpoint() == 2);
    assertThat(handled).containsExactly("1", "2");
    assertThat(parked()).isEmpty();
  }

  @Test
  void runners_share_a_group() {
    for (int i = 0; i < 60; i++) {
      note("s" + i % 6, "n" + i);
    }
    ConsumerRunner<Note> one = start(runner(DEFAULTS, this::write).named("one"));
    ConsumerRunner<Note> other = start(runner(DEFAULTS, this::write).named("other"));

    awaitInfo(info -> info.checkpoint() == 60);

    assertThat(handled).hasSize(60).doesNotHaveDuplicates();
    await().until(() -> one.status().handled() + other.status().handled() == 60);
  }

  // ---- life

  @Test
  void closing_waits_for_handlers_and_acks_what_they_did_and_leaves_the_rest() throws Exception {
    note("a", "1", "2");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS,
                event -> {
                  begun.countDown();
                  await(mayEnd);
                  return write(event);
                }));
    await(begun);

    Thread closing = Thread.ofVirtual().start(runner::close);
    assertThat(closing.join(Duration.ofMillis(20))).isFalse();
    mayEnd.countDown();
    closing.join();

    assertThat(handled).containsExactly("1");
    assertThat(info().checkpoint()).isEqualTo(1);
    assertThat(runner.status().state()).isEqualTo(State.CLOSED);
    assertThat(runner.ended()).isCompleted();
    awaitInfo(info -> info.consumers().isEmpty() && info.inFlight() == 0);
    List<Integer> counts = new CopyOnWriteArrayList<>();
    start(
        runner(
            DEFAULTS,
            event -> {
              counts.add(event.retryCount());
              return write(event);
            }));
    awaitInfo(info -> info.checkpoint() == 2);
    assertThat(counts).containsExactly(0); // given back, and no failure
  }

  @Test
  void a_handler_that_takes_too_long_to_close_is_interrupted_and_its_event_comes_again()
      throws Exception {
    note("a", "1");
    CountDownLatch begun = new CountDownLatch(1);
    ConsumerRunner<Note> runner =
        start(
            runner(
                    DEFAULTS,
                    event -> {
                      begun.countDown();
                      await(new CountDownLatch(1));
                      return write(event);
                    })
                .closingTime(Duration.ofMillis(10)));
    await(begun);

    runner.close();

    start(runner(DEFAULTS, this::write));
    awaitInfo(info -> info.checkpoint() == 1);
    assertThat(handled).containsExactly("1");
  }

  @Test
  void a_handler_may_close_its_own_runner() throws Exception {
    note("a", "1", "2", "3");
    List<ConsumerRunner<Note>> self = new CopyOnWriteArrayList<>();
    CountDownLatch known = new CountDownLatch(1);
    ConsumerRunner<Note> runner =
        start(
            runner(
                DEFAULTS,
                event -> {
                  await(known);
                  self.getFirst().close();
                  return write(event);
                }));
    self.add(runner);
    known.countDown();

    assertThat(runner.ended().get(60, TimeUnit.SECONDS)).isNull();

    assertThat(handled).containsExactly("1");
    awaitInfo(info -> info.checkpoint() == 1 && info.consumers().isEmpty());
  }

  @Test
  void a_group_that_is_not_there_ends_the_runner_and_one_that_is_deleted_too() {
    ConsumerRunner<Note> lost = start(ConsumerRunner.builder(store, "none", NOTES, this::write));
    assertThatThrownBy(() -> lost.ended().get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(GroupNotFoundException.class);
    assertThat(lost.status().state()).isEqualTo(State.STOPPED);

    ConsumerRunner<Note> running = start(runner(DEFAULTS, this::write));
    await().until(() -> running.status().state() == State.RUNNING);
    store.consumerGroups().delete(GROUP);
    assertThatThrownBy(() -> running.ended().get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(GroupNotFoundException.class);
    assertThat(store.consumerGroups().get(GROUP)).isEmpty(); // it does not create it again
  }

  @Test
  void a_group_that_is_there_stays_as_it_is() {
    store.consumerGroups().create(group(DEFAULTS.maxRetries(77)).fromNow());
    ConsumerRunner<Note> runner = start(runner(DEFAULTS, this::write));
    await().until(() -> runner.status().state() == State.RUNNING);

    assertThat(info().group().settings().maxRetries()).isEqualTo(77);
  }

  @Test
  void what_a_handler_writes_goes_on_with_the_conversation_of_its_event() {
    EventContext conversation = EventContext.begin();
    NewEvent first = NOTES.encode(new Noted("1"), conversation);
    long position = store.append("a", ExpectedVersion.any(), first).position();
    List<EventContext> contexts = new CopyOnWriteArrayList<>();
    start(
        runner(
            DEFAULTS,
            event -> {
              contexts.add(event.context());
              return Outcome.done();
            }));

    awaitInfo(info -> info.checkpoint() == position);

    assertThat(contexts.getFirst().correlationId()).isEqualTo(conversation.correlationId());
    assertThat(contexts.getFirst().causationId()).isEqualTo(first.id().toString());
  }

  @Test
  void an_observer_hears_what_became_of_each_event() {
    note("a", "1");
    List<String> heard = new CopyOnWriteArrayList<>();
    ToolkitObserver observer =
        new ToolkitObserver() {
          @Override
          public void eventConsumed(
              String group, String type, String outcome, int retryCount, Duration took) {
            heard.add(group + " " + type + " " + outcome + " " + retryCount);
          }

          @Override
          public void handlerFailed(String group, long position, Throwable failure) {
            heard.add("failed at " + position);
          }
        };
    start(
        runner(
                DEFAULTS,
                event -> {
                  if (event.retryCount() == 0) {
                    throw new Unreachable("gone");
                  }
                  return Outcome.done();
                })
            .observer(observer));

    awaitInfo(info -> info.checkpoint() == 1);

    assertThat(heard).containsExactly("notes Noted retry 0", "failed at 1", "notes Noted done 1");
  }
}
