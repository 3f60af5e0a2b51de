package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Subscriptions to a stream and to the log: where they start, what they deliver, how they end. */
abstract class SubscriptionConformance extends StoreTests {

  private final RecordingListener listener = new RecordingListener();

  @Test
  void a_subscription_to_a_stream_delivers_what_is_there_and_then_what_comes() {
    given(ACCOUNT, 3);
    given(OTHER, 3);
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener)) {
      awaitVersions(1, 3);
      given(OTHER, 1);
      given(ACCOUNT, 2);
      awaitVersions(1, 5);
      assertThat(subscription.closed()).isNotDone();
    }

    assertThat(listener.events).allMatch(event -> event.stream().equals(ACCOUNT));
  }

  @Test
  void a_subscription_to_the_log_delivers_every_stream_in_commit_order() {
    given(ACCOUNT, 3);
    given(OTHER, 3);
    try (Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), listener)) {
      awaitPositions(1, 6);
      given(ACCOUNT, 2);
      given(OTHER, 2);
      awaitPositions(1, 10);
      assertThat(subscription.closed()).isNotDone();
    }

    assertThat(listener.events).isEqualTo(read(ReadLog.all()));
  }

  @Test
  void a_subscription_may_be_there_before_its_stream() {
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener)) {
      given(OTHER, 1);
      given(ACCOUNT, 1);
      awaitVersions(1, 1);
      assertThat(subscription.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_after_a_version_starts_with_the_next() {
    given(OTHER, 1);
    given(ACCOUNT, 5);
    subscribe(SubscribeToStream.of(ACCOUNT).after(3));

    awaitVersions(4, 5);
    given(ACCOUNT, 1);
    awaitVersions(4, 6);
  }

  @Test
  void a_subscription_after_a_position_starts_with_the_next() {
    given(ACCOUNT, 5);
    subscribe(SubscribeToLog.all().after(3));

    awaitPositions(4, 5);
    given(ACCOUNT, 1);
    awaitPositions(4, 6);
  }

  @Test
  void a_subscription_after_0_starts_at_the_first_event() {
    given(ACCOUNT, 2);
    RecordingListener stream = new RecordingListener();
    try (Subscription ofLog = store.subscribeToLog(SubscribeToLog.all().after(0), listener);
        Subscription ofStream =
            store.subscribeToStream(SubscribeToStream.of(ACCOUNT).after(0), stream)) {
      awaitPositions(1, 2);
      await().until(() -> stream.versions().equals(List.of(1L, 2L)));
      assertThat(ofLog.closed()).isNotDone();
      assertThat(ofStream.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_from_now_delivers_only_what_comes_after_it_was_made() {
    given(ACCOUNT, 3);
    RecordingListener stream = new RecordingListener();
    try (Subscription ofLog = store.subscribeToLog(SubscribeToLog.all().fromNow(), listener);
        Subscription ofStream =
            store.subscribeToStream(SubscribeToStream.of(ACCOUNT).fromNow(), stream)) {
      given(ACCOUNT, 2);
      awaitPositions(4, 5);
      await().until(() -> stream.versions().equals(List.of(4L, 5L)));
      assertThat(ofLog.closed()).isNotDone();
      assertThat(ofStream.closed()).isNotDone();
    }
  }

  @Test
  void a_start_ahead_of_the_newest_event_leaves_out_what_comes_up_to_it() {
    given(ACCOUNT, 1);
    RecordingListener stream = new RecordingListener();
    try (Subscription ofLog = store.subscribeToLog(SubscribeToLog.all().after(3), listener);
        Subscription ofStream =
            store.subscribeToStream(SubscribeToStream.of(ACCOUNT).after(3), stream)) {
      for (int i = 0; i < 5; i++) {
        given(ACCOUNT, 1);
      }
      awaitPositions(4, 6);
      await().until(() -> stream.versions().equals(List.of(4L, 5L, 6L)));
      assertThat(ofLog.closed()).isNotDone();
      assertThat(ofStream.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_that_must_not_begin_before_a_position_waits_for_it() {
    given(ACCOUNT, 1);
    RecordingListener stream = new RecordingListener();
    CompletableFuture<Subscription> ofLog =
        CompletableFuture.supplyAsync(
            () ->
                store.subscribeToLog(
                    SubscribeToLog.all().fromNow().notBeforePosition(3), listener));
    CompletableFuture<Subscription> ofStream =
        CompletableFuture.supplyAsync(
            () ->
                store.subscribeToStream(
                    SubscribeToStream.of(ACCOUNT).fromNow().notBeforePosition(3), stream));
    given(ACCOUNT, 1);
    assertThat(ofLog).isNotDone();
    assertThat(ofStream).isNotDone();
    given(ACCOUNT, 1);

    await().until(() -> ofLog.isDone() && ofStream.isDone());
    try (Subscription first = ofLog.join();
        Subscription second = ofStream.join()) {
      given(ACCOUNT, 2);
      await().until(() -> listener.positions().equals(List.of(4L, 5L)));
      await().until(() -> stream.versions().equals(List.of(4L, 5L)));
      assertThat(first.closed()).isNotDone();
      assertThat(second.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_that_must_not_begin_before_a_position_that_is_reached_begins_at_once() {
    given(ACCOUNT, 3);
    subscribe(SubscribeToLog.all().after(1).notBeforePosition(3));

    await().until(() -> listener.positions().equals(List.of(2L, 3L)));
  }

  @Test
  void a_subscription_under_a_query_delivers_only_what_matches() {
    for (int i = 0; i < 3; i++) {
      givenOne(ACCOUNT, "Opened");
      givenOne(OTHER, "Opened");
      givenOne(ACCOUNT, "Closed");
    }
    subscribe(
        SubscribeToLog.all().query(Query.of(QueryItem.types("Opened").withCategories("account"))));

    await().until(() -> listener.positions().equals(List.of(1L, 4L, 7L)));
    givenOne(OTHER, "Opened");
    givenOne(ACCOUNT, "Opened");
    await().until(() -> listener.positions().equals(List.of(1L, 4L, 7L, 11L)));
  }

  @Test
  void a_subscriber_is_told_when_it_has_caught_up_after_the_events_before() {
    AppendResult last = givenOne(ACCOUNT, "Happened");
    AtomicReference<Integer> before = new AtomicReference<>();
    RecordingListener recording =
        new RecordingListener() {
          @Override
          void handle(RecordedEvent event) {
            before.compareAndSet(null, caughtUps.size());
          }
        };
    try (Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), recording)) {
      await().until(() -> !recording.caughtUps.isEmpty());
      assertThat(subscription.closed()).isNotDone();
    }

    assertThat(recording.caughtUps).first().isEqualTo(last.position());
    assertThat(recording.events).hasSize(1);
    assertThat(before.get()).isZero();
  }

  @Test
  void a_subscriber_to_an_empty_store_has_caught_up_at_0() {
    subscribe(SubscribeToLog.all());

    await().until(() -> listener.caughtUps.equals(List.of(0L)));
  }

  @Test
  void a_subscriber_that_nothing_matches_for_is_given_a_place_to_resume_near_the_end() {
    given(OTHER, 10_000);
    given(OTHER, 10_000);
    subscribe(SubscribeToLog.all().query(Query.types("Never")));

    await().until(() -> !listener.checkpoints.isEmpty() && listener.checkpoints.getFirst() >= 1);
    await().until(() -> listener.caughtUps.contains(20_000L));
    assertThat(listener.checkpoints).isSorted().allMatch(position -> position <= 20_000);
    assertThat(listener.checkpoints.getFirst()).isLessThanOrEqualTo(10_000);
    assertThat(listener.events).isEmpty();
  }

  @Test
  void an_idle_subscriber_hears_within_seconds_that_the_link_is_alive() {
    given(ACCOUNT, 2);
    subscribe(SubscribeToLog.all());

    await().until(() -> listener.checkpoints.contains(2L));
  }

  @Test
  void resuming_after_the_last_event_seen_loses_and_repeats_nothing() {
    given(ACCOUNT, 20);
    for (int round = 0; round < 5; round++) {
      int wanted = listener.events.size() + 4;
      long after = listener.events.isEmpty() ? 0 : listener.positions().getLast();
      try (Subscription subscription =
          store.subscribeToLog(SubscribeToLog.all().after(after), part(4))) {
        await().until(() -> listener.events.size() >= wanted);
        assertThat(subscription).isNotNull();
      }
    }

    awaitPositions(1, 20);
  }

  /** Takes so many events over into the listener of this test, and no more. */
  private RecordingListener part(int size) {
    return new RecordingListener() {
      @Override
      void handle(RecordedEvent event) throws Exception {
        if (events.size() <= size) {
          listener.events.add(event);
        }
      }
    };
  }

  @Test
  void a_slow_listener_gets_everything_and_holds_up_nobody() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    RecordingListener slow =
        new RecordingListener() {
          @Override
          void handle(RecordedEvent event) throws Exception {
            assertThat(release.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
          }
        };
    try (Subscription stuck = store.subscribeToLog(SubscribeToLog.all(), slow);
        Subscription free = store.subscribeToLog(SubscribeToLog.all(), listener)) {
      for (int i = 0; i < 50; i++) {
        given(ACCOUNT, 200);
      }
      awaitPositions(1, 10_000);
      release.countDown();
      await().until(() -> slow.events.size() == 10_000);
      assertThat(stuck.closed()).isNotDone();
      assertThat(free.closed()).isNotDone();
    }

    assertThat(slow.positions()).isEqualTo(LongStream.rangeClosed(1, 10_000).boxed().toList());
    assertThat(slow.mistakes).isEmpty();
  }

  @Test
  void an_exception_out_of_the_listener_ends_the_subscription_with_it() throws Exception {
    given(ACCOUNT, 3);
    IOException broken = new IOException("the disk of the read model is full");
    RecordingListener failing =
        new RecordingListener() {
          @Override
          void handle(RecordedEvent event) throws Exception {
            if (event.version() == 2) {
              throw broken;
            }
          }
        };
    Subscription subscription = store.subscribeToStream(SubscribeToStream.of(ACCOUNT), failing);

    assertThatThrownBy(
            () -> subscription.closed().get(patience().toMillis(), TimeUnit.MILLISECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(broken);
    assertThat(failing.versions()).containsExactly(1L, 2L);
    assertThat(failing.causes).containsExactly(broken);
    assertThat(failing.closings).hasValue(1);
    assertThat(failing.mistakes).isEmpty();
    subscription.close();
  }

  @Test
  void after_close_the_listener_is_not_called_again() throws Exception {
    given(ACCOUNT, 1_000);
    Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), listener);
    await().until(() -> !listener.events.isEmpty());
    subscription.close();
    int delivered = listener.events.size();

    assertThat(subscription.closed().get(patience().toMillis(), TimeUnit.MILLISECONDS)).isNull();
    given(ACCOUNT, 10);
    subscription.close();

    RecordingListener later = new RecordingListener();
    try (Subscription other = store.subscribeToLog(SubscribeToLog.all().after(1_000), later)) {
      await()
          .until(
              () ->
                  later.events.size() == 10); // whoever else listens has had the time to be called
      assertThat(other.closed()).isNotDone();
    }
    assertThat(listener.events).hasSize(delivered);
    assertThat(listener.closings).hasValue(1);
    assertThat(listener.causes).isEmpty();
    assertThat(listener.mistakes).isEmpty();
  }

  @Test
  void close_waits_for_the_call_of_the_listener_that_is_running() throws Exception {
    given(ACCOUNT, 2);
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    RecordingListener busy =
        new RecordingListener() {
          @Override
          void handle(RecordedEvent event) throws Exception {
            entered.countDown();
            assertThat(release.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
          }
        };
    Subscription subscription = store.subscribeToStream(SubscribeToStream.of(ACCOUNT), busy);
    assertThat(entered.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
    Thread closer = Thread.ofPlatform().start(subscription::close);

    await().until(() -> closer.getState() == Thread.State.WAITING);
    assertThat(busy.closings).hasValue(0);
    release.countDown();
    assertThat(closer.join(patience())).isTrue();

    assertThat(busy.events).hasSize(1);
    assertThat(busy.closings).hasValue(1);
  }

  @Test
  void a_listener_may_close_its_own_subscription() throws Exception {
    given(ACCOUNT, 5);
    AtomicReference<Subscription> own = new AtomicReference<>();
    CountDownLatch known = new CountDownLatch(1);
    RecordingListener closing =
        new RecordingListener() {
          @Override
          void handle(RecordedEvent event) throws Exception {
            assertThat(known.await(patience().toMillis(), TimeUnit.MILLISECONDS)).isTrue();
            if (event.version() == 3) {
              own.get().close();
            }
          }
        };
    own.set(store.subscribeToStream(SubscribeToStream.of(ACCOUNT), closing));
    known.countDown();

    assertThat(own.get().closed().get(patience().toMillis(), TimeUnit.MILLISECONDS)).isNull();
    assertThat(closing.versions()).containsExactly(1L, 2L, 3L);
    assertThat(closing.causes).isEmpty();
    assertThat(closing.closings).hasValue(1);
  }

  @Test
  void closing_the_store_closes_its_subscriptions_normally() throws Exception {
    given(ACCOUNT, 1);
    Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), listener);
    awaitPositions(1, 1);

    store.close();

    assertThat(subscription.closed().get(patience().toMillis(), TimeUnit.MILLISECONDS)).isNull();
    assertThat(listener.closings).hasValue(1);
    assertThat(listener.causes).isEmpty();
    assertThatThrownBy(() -> store.subscribeToLog(SubscribeToLog.all(), listener))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () -> store.append(ACCOUNT, io.varve.client.streams.ExpectedVersion.any(), events(1)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_subscription_that_is_refused_never_calls_its_listener() {
    QueryItem[] tooMany =
        Collections.nCopies(1_001, QueryItem.types("A")).toArray(QueryItem[]::new);

    refusal(
        InvalidRequestException.class,
        () -> store.subscribeToStream(SubscribeToStream.of(""), listener));
    refusal(
        InvalidRequestException.class,
        () -> store.subscribeToStream(SubscribeToStream.of("a\nb"), listener));
    refusal(
        InvalidRequestException.class,
        () -> store.subscribeToLog(SubscribeToLog.all().query(Query.of(tooMany)), listener));

    assertThat(listener.closings).hasValue(0);
    assertThat(listener.mistakes).isEmpty();
  }

  private void subscribe(SubscribeToStream request) {
    assertThat(store.subscribeToStream(request, listener).closed()).isNotDone();
  }

  private void subscribe(SubscribeToLog request) {
    assertThat(store.subscribeToLog(request, listener).closed()).isNotDone();
  }

  private void awaitVersions(long first, long last) {
    List<Long> wanted = LongStream.rangeClosed(first, last).boxed().toList();
    await().untilAsserted(() -> assertThat(listener.versions()).isEqualTo(wanted));
    assertThat(listener.mistakes).isEmpty();
  }

  private void awaitPositions(long first, long last) {
    List<Long> wanted = LongStream.rangeClosed(first, last).boxed().toList();
    await().until(() -> listener.events.size() >= wanted.size());
    assertThat(listener.positions()).isEqualTo(wanted);
    assertThat(listener.mistakes).isEmpty();
  }
}
