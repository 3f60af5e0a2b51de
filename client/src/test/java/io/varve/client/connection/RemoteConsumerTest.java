package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.delivery;
import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.groupCreatedAt;
import static io.varve.client.connection.FakeServer.joined;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.connection.FakeServer.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.consumer.ConsumerRunner;
import io.varve.client.eventsourcing.consumer.ConsumerStatus.State;
import io.varve.client.eventsourcing.consumer.EventHandler;
import io.varve.client.eventsourcing.consumer.Outcome;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.Query;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.proto.v1.ConsumeRequest;
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

/** Consumers of groups, and runners on them, over a link that breaks. */
class RemoteConsumerTest {

  private static final JoinGroup REQUEST = JoinGroup.of("mails").as("mailer-1").credit(3);

  private final FakeServer server = new FakeServer();
  private GrpcEventStore client = server.client();
  private final Listener listener = new Listener();

  private static class Listener implements ConsumerListener {
    final List<DeliveredEvent> events = new CopyOnWriteArrayList<>();
    final List<Object> ends = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(DeliveredEvent event, GroupConsumer consumer) {
      events.add(event);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      ends.add(cause == null ? "closed" : cause);
    }

    List<Long> positions() {
      return events.stream().map(DeliveredEvent::position).toList();
    }
  }

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  private GroupConsumer consume() {
    return client.consumerGroups().consume(REQUEST, listener);
  }

  /** What a consumer has said on its n-th call, in words. */
  private List<String> said(int call) {
    return server.consumers.get(call).stream().map(RemoteConsumerTest::inWords).toList();
  }

  private static String inWords(ConsumeRequest message) {
    return switch (message.getContentCase()) {
      case START -> "start " + message.getStart().getCredit();
      case CREDIT -> "credit " + message.getCredit();
      case ACK -> "ack " + message.getAck().getPositionsList();
      case NACK ->
          message.getNack().getAction()
              + " "
              + message.getNack().getPositionsList()
              + " "
              + message.getNack().getReason();
      case CONTENT_NOT_SET -> "bye";
    };
  }

  // ---- the call

  @Test
  void a_consumer_joins_takes_what_comes_and_says_what_it_is_told_to_in_order() {
    server.consumers(
        (number, message, answers) -> {
          if (number == 1) {
            answers.onNext(joined());
            answers.onNext(delivery(2, 4, 5));
            answers.onNext(delivery(0, 6));
          }
        });

    GroupConsumer consumer = consume();
    await().until(() -> listener.events.size() == 3);
    consumer.ack(List.of(4L, 5L));
    consumer.credit(2);
    consumer.nack(listener.events.getLast(), NackAction.PARK, "no use");
    consumer.ack(List.of()); // nothing to say
    consumer.close();

    assertThat(consumer.id()).isEqualTo("mails-1");
    assertThat(consumer.settings().maxRetries()).isEqualTo(3);
    assertThat(consumer.settings().ackTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(listener.positions()).containsExactly(4L, 5L, 6L);
    assertThat(listener.events).extracting(DeliveredEvent::retryCount).containsExactly(2, 2, 0);
    assertThat(said(0))
        .containsExactly("start 3", "ack [4, 5]", "credit 2", "NACK_ACTION_PARK [6] no use", "bye");
    assertThat(server.consumers.getFirst().getFirst().getStart().getGroup()).isEqualTo("mails");
    assertThat(server.consumers.getFirst().getFirst().getStart().getConsumer())
        .isEqualTo("mailer-1");
    assertThat(listener.ends).containsExactly("closed");
    assertThat(consumer.closed()).succeedsWithin(Duration.ofSeconds(60));
  }

  @Test
  void a_call_that_is_dropped_in_mid_delivery_ends_the_consumer_as_unavailable() {
    server.consumers(
        (number, message, answers) -> {
          answers.onNext(joined());
          answers.onNext(delivery(0, 1));
          answers.onError(lost());
        });

    GroupConsumer consumer = consume();

    await().until(() -> listener.ends.size() == 1);
    assertThat(listener.positions()).containsExactly(1L);
    assertThat(listener.ends).singleElement().isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> consumer.closed().get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(StoreUnavailableException.class);
    consumer.ack(List.of(1L)); // passed over without a word
    consumer.credit(1);
    assertThat(server.consumers).hasSize(1); // it does not reconnect
  }

  @Test
  void however_a_link_breaks_the_consumer_may_join_again() {
    for (Status status :
        List.of(Status.INTERNAL, Status.UNKNOWN, Status.CANCELLED, Status.UNAVAILABLE, Status.OK)) {
      Listener each = new Listener();
      server.consumers(
          (number, message, answers) -> {
            answers.onNext(joined());
            if (status.isOk()) {
              answers.onCompleted(); // though nobody has half-closed
            } else {
              answers.onError(status.asRuntimeException());
            }
          });

      GroupConsumer consumer = client.consumerGroups().consume(REQUEST, each);

      await().until(() -> each.ends.size() == 1);
      assertThat(each.ends).singleElement().isInstanceOf(StoreUnavailableException.class);
      consumer.close();
    }
  }

  @Test
  void a_stop_and_a_deletion_are_said_as_what_they_are() {
    server.consumers(
        (number, message, answers) -> {
          answers.onNext(joined());
          answers.onError(error(Code.ABORTED, "GROUP_STOPPED"));
        },
        (number, message, answers) -> {
          answers.onNext(joined());
          answers.onError(error(Code.NOT_FOUND, "GROUP_NOT_FOUND"));
        });

    consume();
    await().until(() -> listener.ends.size() == 1);
    consume();
    await().until(() -> listener.ends.size() == 2);

    GroupStoppedException stopped = (GroupStoppedException) listener.ends.getFirst();
    assertThat(stopped.group()).isEqualTo("mails");
    assertThat(stopped.consumer()).isEqualTo("mailer-1");
    assertThat(stopped.position()).isEqualTo(7);
    assertThat(stopped.retryable()).isFalse();
    GroupNotFoundException gone = (GroupNotFoundException) listener.ends.getLast();
    assertThat(gone.group()).isEqualTo("mails");
  }

  @Test
  void joining_is_tried_again_while_the_link_is_lost_and_refusals_are_not() {
    server.consumers(
        (number, message, answers) -> answers.onError(lost()),
        (number, message, answers) -> answers.onError(lost()),
        (number, message, answers) -> answers.onNext(joined()));
    consume().close();
    assertThat(server.consumers).hasSize(3);

    server.consumers(
        (number, message, answers) ->
            answers.onError(error(Code.PERMISSION_DENIED, "PERMISSION_DENIED")));
    assertThatThrownBy(this::consume).isInstanceOf(AccessDeniedException.class);
    assertThat(server.consumers).hasSize(4);
    server.consumers(
        (number, message, answers) -> answers.onNext(delivery(0, 1)),
        (number, message, answers) -> answers.onNext(delivery(0, 1)));
    assertThatThrownBy(this::consume).isInstanceOf(StoreFailedException.class);
    assertThat(listener.ends).containsExactly("closed");
    assertThat(listener.events).isEmpty();
  }

  @Test
  void a_server_that_does_not_let_in_is_given_up_in_time() {
    client.close();
    client = server.client(waiting(Duration.ofSeconds(1)));
    server.consumers((number, message, answers) -> {});

    assertThatThrownBy(this::consume).isInstanceOf(StoreUnavailableException.class);

    assertThat(listener.ends).isEmpty();
  }

  @Test
  void a_server_that_does_not_end_the_call_does_not_keep_a_consumer_from_closing() {
    client.close();
    client = server.client(waiting(Duration.ofSeconds(2)));
    CountDownLatch cancelled = new CountDownLatch(1);
    server.onConsume = answers -> answers.setOnCancelHandler(cancelled::countDown);
    server.consumers(delivering(1));
    server.ignoreHalfClose = true;

    consume().close(); // after the deadline of two seconds

    await().until(() -> cancelled.getCount() == 0);
    assertThat(listener.ends).containsExactly("closed");
  }

  @Test
  void a_server_that_takes_nothing_in_holds_up_who_answers_and_lets_go_at_the_end()
      throws Exception {
    CountDownLatch mayTake = new CountDownLatch(1);
    server.onConsume =
        answers -> {
          answers.disableAutoRequest();
          answers.request(1);
        };
    server.consumers(delivering(1));
    GroupConsumer consumer = consume();
    String longest = "x".repeat(1_024);
    AtomicInteger sent = new AtomicInteger();
    Thread answering =
        Thread.ofVirtual()
            .start(
                () -> {
                  while (mayTake.getCount() > 0) {
                    consumer.nack(List.of(1L), NackAction.RETRY, longest);
                    sent.incrementAndGet();
                  }
                });
    await().until(() -> answering.getState() == Thread.State.WAITING);
    assertThat(sent.get()).isLessThan(1_000); // not for ever into a queue

    mayTake.countDown();
    client.close();

    assertThat(answering.join(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void the_next_message_is_asked_for_when_the_listener_is_done_with_the_last() {
    AtomicInteger sent = new AtomicInteger();
    server.consumers(
        (number, message, answers) -> {
          if (number == 1) {
            answers.onNext(joined());
            answers.onNext(delivery(0, 1));
            sent.set(1);
          } else {
            int next = sent.incrementAndGet();
            answers.onNext(delivery(0, next));
          }
        });
    Semaphore permits = new Semaphore(0);
    Listener slow =
        new Listener() {
          @Override
          public void onEvent(DeliveredEvent event, GroupConsumer consumer) {
            permits.acquireUninterruptibly();
            super.onEvent(event, consumer);
            consumer.credit(1);
          }
        };
    GroupConsumer consumer = client.consumerGroups().consume(REQUEST, slow);
    for (int i = 1; i <= 10; i++) {
      int wanted = i;
      permits.release();
      await().until(() -> slow.events.size() == wanted);
    }
    permits.release(Integer.MAX_VALUE); // for whatever still comes: closing waits for the listener
    consumer.close();
    assertThat(slow.positions().subList(0, 10))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
  }

  // ---- the other calls

  @Test
  void a_creation_whose_answer_is_lost_is_not_repeated() {
    ConsumerGroup group = ConsumerGroup.ofLog("mails", Query.all());
    server.creates((request, answers) -> answers.onError(lost()));
    assertThatThrownBy(() -> client.consumerGroups().create(group))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
    assertThat(server.creates).hasSize(1);

    server.creates(
        (request, answers) -> answers.onError(error(Code.ALREADY_EXISTS, "GROUP_EXISTS")));
    assertThatThrownBy(() -> client.consumerGroups().create(group))
        .isInstanceOf(GroupExistsException.class);
  }

  // ---- runners

  private ConsumerRunner<RecordedEvent> runner(EventHandler<RecordedEvent> handler) {
    EventTypes<RecordedEvent> raw =
        EventTypes.readOnly(RecordedEvent.class, event -> event).unknownAs(event -> event).build();
    return ConsumerRunner.builder(client, "mails", raw, handler)
        .pauses(Duration.ofMillis(2), Duration.ofMillis(20))
        .concurrency(1)
        .start();
  }

  /** Confirms, and delivers one event for the first credit. */
  private static FakeServer.ConsumeScript delivering(long place) {
    return (number, message, answers) -> {
      if (number == 1) {
        answers.onNext(joined());
      } else if (number == 2) {
        answers.onNext(delivery(0, place));
      }
    };
  }

  @Test
  void a_runner_joins_again_and_what_its_handler_has_done_meanwhile_is_acked_unhandled() {
    CountDownLatch mayEnd = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    server.consumers(
        (number, message, answers) -> {
          delivering(1).onMessage(number, message, answers);
          if (number == 2) {
            answers.onError(lost());
          }
        },
        delivering(1));
    try (ConsumerRunner<RecordedEvent> runner =
        runner(
            event -> {
              calls.incrementAndGet();
              assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
              return Outcome.done();
            })) {
      await().until(() -> server.consumers.size() == 2 && runner.status().state() == State.RUNNING);
      mayEnd.countDown();

      await().until(() -> said(1).contains("ack [1]"));
      assertThat(calls).hasValue(1);
      assertThat(said(1).getFirst()).isEqualTo("start 0");
    }
  }

  @Test
  void an_ack_that_was_lost_with_its_link_is_given_again_without_handling() {
    AtomicInteger calls = new AtomicInteger();
    server.consumers(
        (number, message, answers) -> {
          delivering(1).onMessage(number, message, answers);
          if (message.hasAck()) {
            answers.onError(lost()); // and the server has not seen it
          }
        },
        delivering(1));
    try (ConsumerRunner<RecordedEvent> runner =
        runner(
            event -> {
              calls.incrementAndGet();
              return Outcome.done();
            })) {
      await().until(() -> server.consumers.size() == 2 && said(1).contains("ack [1]"));

      assertThat(calls).hasValue(1);
      assertThat(runner.status().handled()).isEqualTo(1);
    }
  }

  @Test
  void a_group_that_was_made_anew_meanwhile_is_handled_from_its_beginning() {
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger second = new AtomicInteger(1);
    server.getGroup =
        (request, answers) -> {
          answers.onNext(groupCreatedAt(second.getAndIncrement()));
          answers.onCompleted();
        };
    server.consumers(
        (number, message, answers) -> {
          delivering(1).onMessage(number, message, answers);
          if (message.hasAck()) {
            answers.onError(lost());
          }
        },
        delivering(1));
    try (ConsumerRunner<RecordedEvent> runner =
        runner(
            event -> {
              calls.incrementAndGet();
              return Outcome.done();
            })) {
      await().until(() -> server.consumers.size() == 2 && said(1).contains("ack [1]"));

      assertThat(calls).hasValue(2);
      assertThat(runner.status().handled()).isEqualTo(2);
    }
  }

  @Test
  void a_runner_outlives_a_server_that_is_away_and_says_so() throws Exception {
    server.consumers(delivering(1), delivering(2));
    try (ConsumerRunner<RecordedEvent> runner = runner(event -> Outcome.done())) {
      await().until(() -> runner.status().handled() == 1);
      server.stop();
      await().until(() -> runner.status().state() == State.RECONNECTING);
      assertThat(runner.status().why()).contains("Unavailable");

      server.start();

      await().until(() -> runner.status().handled() == 2);
      assertThat(runner.status().state()).isEqualTo(State.RUNNING);
      assertThat(runner.status().why()).isNull();
      assertThat(runner.ended()).isNotDone();
    }
  }

  @Test
  void a_runner_does_not_come_back_to_a_group_that_was_stopped() {
    server.consumers(
        (number, message, answers) -> {
          delivering(1).onMessage(number, message, answers);
          if (message.hasNack()) {
            answers.onError(error(Code.ABORTED, "GROUP_STOPPED"));
          }
        });
    try (ConsumerRunner<RecordedEvent> runner = runner(event -> Outcome.stop("disk full"))) {
      assertThatThrownBy(() -> runner.ended().get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(GroupStoppedException.class);

      assertThat(runner.status().state()).isEqualTo(State.STOPPED);
      assertThat(server.consumers).hasSize(1);
      assertThat(said(0)).contains("NACK_ACTION_STOP [1] disk full");
    }
  }

  @Test
  void closing_a_runner_says_goodbye_after_the_last_ack() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    server.consumers(delivering(1));
    ConsumerRunner<RecordedEvent> runner =
        runner(
            event -> {
              begun.countDown();
              assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
              return Outcome.done();
            });
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
    Thread closing = Thread.ofVirtual().start(runner::close);
    mayEnd.countDown();
    closing.join();

    assertThat(said(0)).endsWith("ack [1]", "bye");
  }
}
