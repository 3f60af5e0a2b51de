package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who waits for an instance misses nothing, and leaves nothing behind. */
class WaitersTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(20);

  /** A store whose subscriptions a test counts, refuses and ends. */
  private static final class Watched extends ForwardingEventStore {
    final AtomicInteger subscriptions = new AtomicInteger();
    final AtomicInteger refusals = new AtomicInteger();
    volatile @Nullable SubscriptionListener listener;

    Watched(InMemoryEventStore store) {
      super(store);
    }

    @Override
    public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener told) {
      if (refusals.getAndDecrement() > 0) {
        throw new StoreUnavailableException("away, says the test", null);
      }
      subscriptions.incrementAndGet();
      listener = told;
      return super.subscribeToLog(request, told);
    }
  }

  private final InMemoryEventStore memory = new InMemoryEventStore();
  private final Watched store = new Watched(memory);
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger looks = new AtomicInteger();
  private final Waiters<String> waiters = new Waiters<>(store, "p", this::look, workers);
  private volatile Runnable afterLook = () -> {};

  @AfterEach
  void close() throws Exception {
    waiters.close();
    workers.shutdown();
    assertThat(workers.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    memory.close();
  }

  private Optional<ProcessInstance<String>> look(String id) {
    List<String> types = Streams.types(memory, "p-" + id);
    looks.incrementAndGet();
    afterLook.run();
    if (types.isEmpty()) {
      return Optional.empty();
    }
    boolean needsHelp = types.getLast().equals(ProcessEvents.HELP_NEEDED);
    boolean completed = types.getLast().equals(ProcessEvents.COMPLETED);
    return Optional.of(instance(id, completed, needsHelp ? "help" : null));
  }

  private static ProcessInstance<String> instance(
      String id, boolean completed, @Nullable String help) {
    return new ProcessInstance<>(id, "", 1, completed, "", "", help, List.of(), Map.of());
  }

  private void record(String id, String type) {
    memory.append("p-" + id, ExpectedVersion.any(), NewEvent.builder(type).build());
  }

  private Future<Optional<ProcessInstance<String>>> awaiting(String id) {
    return workers.submit(() -> waiters.await(id, PATIENCE));
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private void untilWaiting(int count) {
    Awaitility.await().atMost(PATIENCE).until(() -> waiters.count() == count);
  }

  @Test
  void what_is_recorded_between_the_look_and_the_sleep_wakes() throws Exception {
    record("1", ProcessEvents.STARTED);
    AtomicInteger ends = new AtomicInteger();
    afterLook =
        () -> {
          if (ends.getAndIncrement() == 0) {
            record("1", ProcessEvents.COMPLETED);
          }
        };

    assertThat(waiters.await("1", PATIENCE)).isPresent();
    assertThat(looks.get()).isEqualTo(2);
    assertThat(waiters.count()).isZero();
  }

  @Test
  void what_is_recorded_while_the_subscription_is_opened_is_seen() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(
            () -> {
              record("1", ProcessEvents.COMPLETED);
              ended.countDown();
            });
    assertThat(waiters.await("1", PATIENCE)).isPresent();
    assertThat(ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void help_wakes_too_and_what_has_been_helped_by_then_is_waited_for_again() throws Exception {
    record("1", ProcessEvents.STARTED);
    var awaiting = awaiting("1");
    Awaitility.await().atMost(PATIENCE).until(() -> looks.get() == 1);
    memory.append(
        "p-1",
        ExpectedVersion.any(),
        List.of(
            NewEvent.builder(ProcessEvents.HELP_NEEDED).build(),
            NewEvent.builder(ProcessEvents.RETRY_REQUESTED).build()));
    Awaitility.await().atMost(PATIENCE).until(() -> looks.get() == 2);
    assertThat(awaiting.isDone()).isFalse();

    record("1", ProcessEvents.HELP_NEEDED);
    assertThat(get(awaiting).orElseThrow().help()).isEqualTo("help");
  }

  @Test
  void time_that_runs_out_leaves_nobody_behind() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(waiters.await("1", SHORT)).isEmpty();
    }
    assertThat(waiters.count()).isZero();
    assertThat(store.subscriptions.get()).isLessThanOrEqualTo(1);
    assertThat(waiters.await("1", Duration.ZERO)).isEmpty();
    assertThat(waiters.await("1", Duration.ofSeconds(-1))).isEmpty();
    record("1", ProcessEvents.COMPLETED);
    assertThat(waiters.await("1", Duration.ZERO)).isPresent();
    assertThat(waiters.await("1", Duration.ofSeconds(Long.MAX_VALUE))).isPresent();
  }

  @Test
  void an_interrupted_wait_leaves_nobody_behind() throws Exception {
    var awaiting = awaiting("1");
    untilWaiting(1);
    awaiting.cancel(true);
    untilWaiting(0);
  }

  @Test
  void all_who_wait_share_one_subscription_and_only_those_concerned_look() throws Exception {
    var first = awaiting("1");
    var alsoFirst = awaiting("1");
    var second = awaiting("2");
    Awaitility.await().atMost(PATIENCE).until(() -> looks.get() == 3);
    record("1", ProcessEvents.COMPLETED);

    assertThat(get(first)).isPresent();
    assertThat(get(alsoFirst)).isPresent();
    assertThat(looks.get()).isEqualTo(5);
    assertThat(second.isDone()).isFalse();
    assertThat(store.subscriptions.get()).isEqualTo(1);
    record("2", ProcessEvents.COMPLETED);
    assertThat(get(second)).isPresent();
  }

  @Test
  void who_is_told_need_not_look() throws Exception {
    var awaiting = awaiting("1");
    Awaitility.await().atMost(PATIENCE).until(() -> looks.get() == 1);
    waiters.tell("1", () -> instance("1", true, null));
    assertThat(get(awaiting).orElseThrow().completed()).isTrue();
    assertThat(looks.get()).isEqualTo(1);
    waiters.tell(
        "nobody",
        () -> {
          throw new AssertionError("nobody asked");
        });
  }

  @Test
  void closing_lets_everybody_go_and_nobody_in() throws Exception {
    record("over", ProcessEvents.COMPLETED);
    var first = awaiting("1");
    var second = awaiting("2");
    untilWaiting(2);
    waiters.close();

    assertThat(get(first)).isEmpty();
    assertThat(get(second)).isEmpty();
    assertThat(waiters.await("1", PATIENCE)).isEmpty();
    assertThat(waiters.await("over", PATIENCE)).isPresent();
    assertThat(waiters.count()).isZero();
  }

  @Test
  void a_subscription_that_is_refused_fails_the_wait_and_the_next_one_tries_again()
      throws Exception {
    store.refusals.set(1);
    assertThatThrownBy(() -> waiters.await("1", PATIENCE))
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(waiters.count()).isZero();

    var awaiting = awaiting("1");
    Awaitility.await().atMost(PATIENCE).until(() -> store.subscriptions.get() == 1);
    record("1", ProcessEvents.COMPLETED);
    assertThat(get(awaiting)).isPresent();
  }

  @Test
  void a_subscription_that_the_store_ends_fails_those_who_wait_and_the_next_one_has_another()
      throws Exception {
    var deaf = awaiting("1");
    Awaitility.await().atMost(PATIENCE).until(() -> looks.get() == 1);
    requireNonNull(store.listener)
        .onClosed(new StoreUnavailableException("ended, says the test", null));
    assertThatThrownBy(() -> get(deaf)).hasCauseInstanceOf(StoreUnavailableException.class);

    var awaiting = awaiting("1");
    Awaitility.await().atMost(PATIENCE).until(() -> store.subscriptions.get() == 2);
    record("1", ProcessEvents.COMPLETED);
    assertThat(get(awaiting)).isPresent();
  }
}
