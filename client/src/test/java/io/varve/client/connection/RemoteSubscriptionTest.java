package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.logConfirmed;
import static io.varve.client.connection.FakeServer.logEvents;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.connection.FakeServer.settings;
import static io.varve.client.connection.FakeServer.streamConfirmed;
import static io.varve.client.connection.FakeServer.streamEvents;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status.Code;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.Checkpoint;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscriptions over a link that breaks: where they resume, and when they end. */
class RemoteSubscriptionTest {

  private final FakeServer server = new FakeServer();
  private GrpcEventStore client = server.client();
  private final Listener listener = new Listener();

  private static class Listener implements SubscriptionListener {
    final List<Long> positions = new CopyOnWriteArrayList<>();
    final List<Long> checkpoints = new CopyOnWriteArrayList<>();
    final List<VarveException> lostLinks = new CopyOnWriteArrayList<>();
    final List<Object> ends = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(RecordedEvent event) throws Exception {
      positions.add(event.position());
    }

    @Override
    public void onCheckpoint(long position) {
      checkpoints.add(position);
    }

    @Override
    public void onReconnecting(VarveException cause) {
      lostLinks.add(cause);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      ends.add(cause == null ? "closed" : cause);
    }
  }

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  private static SubscribeToLogResponse logCheckpoint(long position) {
    return SubscribeToLogResponse.newBuilder()
        .setCheckpoint(Checkpoint.newBuilder().setPosition(position))
        .build();
  }

  @Test
  void a_subscription_to_the_log_resumes_after_the_last_event_that_was_finished() {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(0));
          answers.onNext(logEvents(1, 3));
          answers.onNext(logEvents(4, 4));
          answers.onError(lost());
        },
        (request, answers) -> {
          answers.onNext(logConfirmed(4));
          answers.onNext(logEvents(5, 6));
        });

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);

    await().until(() -> listener.positions.equals(List.of(1L, 2L, 3L, 4L, 5L, 6L)));
    assertThat(server.logSubscriptions.get(0).hasFromStart()).isTrue();
    assertThat(server.logSubscriptions.get(1).getAfterPosition()).isEqualTo(4);
    assertThat(listener.lostLinks).hasSize(1);
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void a_subscription_to_the_log_resumes_after_the_last_checkpoint_if_that_is_further() {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(0));
          answers.onNext(logEvents(1, 1));
          answers.onNext(logCheckpoint(500));
          answers.onError(lost());
        },
        (request, answers) -> answers.onNext(logConfirmed(500)));

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);

    await().until(() -> server.logSubscriptions.size() == 2);
    assertThat(server.logSubscriptions.get(1).getAfterPosition()).isEqualTo(500);
    assertThat(listener.checkpoints).containsExactly(500L);
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void a_subscription_to_a_stream_resumes_by_version_whatever_checkpoints_say() {
    server.streamSubscriptions(
        (request, answers) -> {
          answers.onNext(streamConfirmed(2));
          answers.onNext(streamEvents(3, 4));
          answers.onNext(
              SubscribeToStreamResponse.newBuilder()
                  .setCheckpoint(Checkpoint.newBuilder().setPosition(999))
                  .build());
          answers.onError(lost());
        },
        (request, answers) -> {
          answers.onNext(streamConfirmed(4));
          answers.onNext(streamEvents(5, 5));
        });

    Subscription subscription =
        client.subscribeToStream(SubscribeToStream.of("account-42").after(2), listener);

    await().until(() -> listener.positions.equals(List.of(3L, 4L, 5L)));
    assertThat(server.streamSubscriptions.stream().map(SubscribeToStreamRequest::getAfterVersion))
        .containsExactly(2L, 4L);
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void from_now_is_pinned_to_the_place_that_was_confirmed() {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(7));
          answers.onError(lost());
        },
        (request, answers) -> answers.onError(lost()),
        (request, answers) -> {
          answers.onNext(logConfirmed(7));
          answers.onNext(logEvents(8, 9));
        });

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all().fromNow(), listener);

    await().until(() -> listener.positions.equals(List.of(8L, 9L)));
    assertThat(server.logSubscriptions.get(0).hasFromNow()).isTrue();
    assertThat(
            server.logSubscriptions.stream().skip(1).map(SubscribeToLogRequest::getAfterPosition))
        .containsOnly(7L);
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void a_subscription_outlives_a_server_that_is_not_there_yet_and_one_that_restarts()
      throws Exception {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(0));
          answers.onNext(logEvents(1, 2));
        },
        (request, answers) -> {
          answers.onNext(logConfirmed(2));
          answers.onNext(logEvents(3, 3));
        });
    server.stop();
    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);
    await().until(() -> listener.lostLinks.size() > 2);

    server.start();
    await().until(() -> listener.positions.equals(List.of(1L, 2L)));
    server.stop();
    server.start();

    await().until(() -> listener.positions.equals(List.of(1L, 2L, 3L)));
    assertThat(listener.ends).isEmpty();
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void a_link_on_which_nothing_comes_is_taken_for_dead() {
    client.close();
    client = server.client(settings(Duration.ofSeconds(60), Duration.ofSeconds(2), 10));
    CountDownLatch cancelled = new CountDownLatch(1);
    server.logSubscriptions(
        (request, answers) -> {
          answers.setOnCancelHandler(cancelled::countDown);
          answers.onNext(logConfirmed(0));
          answers.onNext(logEvents(1, 1));
        },
        (request, answers) -> {
          answers.onNext(logConfirmed(1));
          answers.onNext(logEvents(2, 2));
        },
        (request, answers) -> answers.onNext(logConfirmed(2))); // this one falls silent as well

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);

    await().until(() -> listener.positions.equals(List.of(1L, 2L)));
    assertThat(listener.lostLinks.getFirst()).hasMessageContaining("nothing came");
    await().until(() -> cancelled.getCount() == 0);
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void the_next_message_is_asked_for_when_the_listener_is_done_with_the_last() {
    AtomicInteger sent = new AtomicInteger();
    server.logSubscriptions(
        (request, answers) ->
            answers.setOnReadyHandler(
                () -> {
                  while (answers.isReady() && sent.get() < 50) {
                    int next = sent.getAndIncrement();
                    answers.onNext(next == 0 ? logConfirmed(0) : logEvents(next, next));
                  }
                }));
    Semaphore permits = new Semaphore(0);
    Listener slow =
        new Listener() {
          @Override
          public void onEvent(RecordedEvent event) throws Exception {
            assertThat(permits.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
            super.onEvent(event);
          }
        };
    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), slow);

    for (int finished = 1; finished < 50; finished++) {
      assertThat(sent.get()).isLessThanOrEqualTo(finished + 2);
      permits.release();
      int wanted = finished;
      await().pollInterval(Duration.ofMillis(1)).until(() -> slow.positions.size() == wanted);
    }
    assertThat(subscription.closed()).isNotDone();
  }

  @Test
  void a_refused_subscription_is_the_subscribers_error_and_never_the_listeners() {
    server.logSubscriptions(
        (request, answers) -> answers.onError(error(Code.INVALID_ARGUMENT, "INVALID_REQUEST")));

    assertThatThrownBy(() -> client.subscribeToLog(SubscribeToLog.all(), listener))
        .isInstanceOf(InvalidRequestException.class);
    assertThat(listener.ends).isEmpty();
  }

  @Test
  void a_subscription_that_is_refused_when_it_resumes_ends_with_the_refusal() {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(0));
          answers.onError(lost());
        },
        (request, answers) -> answers.onError(error(Code.PERMISSION_DENIED, "PERMISSION_DENIED")));

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);

    assertThatThrownBy(() -> subscription.closed().get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(AccessDeniedException.class);
    assertThat(listener.ends).singleElement().isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void an_event_that_comes_twice_is_never_delivered_twice() {
    server.logSubscriptions(
        (request, answers) -> {
          answers.onNext(logConfirmed(0));
          answers.onNext(logEvents(1, 3));
          answers.onNext(logEvents(3, 4));
        });

    Subscription subscription = client.subscribeToLog(SubscribeToLog.all(), listener);

    assertThatThrownBy(() -> subscription.closed().get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(StoreFailedException.class);
    assertThat(listener.positions).containsExactly(1L, 2L, 3L);
  }

  @Test
  void a_subscription_that_is_not_confirmed_first_is_a_failure_of_the_store() {
    server.logSubscriptions((request, answers) -> answers.onNext(logEvents(1, 1)));

    assertThatThrownBy(() -> client.subscribeToLog(SubscribeToLog.all(), listener))
        .isInstanceOf(StoreFailedException.class);
  }

  @Test
  void closing_ends_the_call_and_the_waiting_between_calls() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    server.logSubscriptions(
        (request, answers) -> {
          answers.setOnCancelHandler(cancelled::countDown);
          answers.onNext(logConfirmed(0));
        });
    client.subscribeToLog(SubscribeToLog.all(), listener).close();
    assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();

    server.logSubscriptions((request, answers) -> answers.onError(lost()));
    Subscription trying = client.subscribeToLog(SubscribeToLog.all(), listener);
    trying.close();

    assertThat(trying.closed().get(60, TimeUnit.SECONDS)).isNull();
    assertThat(listener.ends).containsExactly("closed", "closed");
  }
}
