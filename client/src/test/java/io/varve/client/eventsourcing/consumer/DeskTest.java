package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.consumer.Desk.Session;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is begun, what is answered, and what is left alone when events come again. */
class DeskTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final AtomicLong now = new AtomicLong();
  private final Desk desk = new Desk(2, now::get);
  private final Heard heard = new Heard();
  private Session session = new Session(heard, 2);
  private final Thread speaking = Thread.ofVirtual().start(desk::sayAll);

  /** Keeps what is said to the group. */
  private static final class Heard implements GroupConsumer {
    final List<String> answers = new CopyOnWriteArrayList<>();
    final AtomicLong credit = new AtomicLong();

    @Override
    public String id() {
      return "c";
    }

    @Override
    public ConsumerGroupSettings settings() {
      return ConsumerGroupSettings.defaults().ackTimeout(TIMEOUT);
    }

    @Override
    public void credit(int events) {
      credit.addAndGet(events);
    }

    @Override
    public void ack(Collection<Long> positions) {
      positions.forEach(at -> answers.add("ack " + at));
    }

    @Override
    public void nack(Collection<Long> positions, NackAction action, String reason) {
      positions.forEach(at -> answers.add(action + " " + at));
    }

    @Override
    public CompletableFuture<Void> closed() {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {}
  }

  /** What may begin now; there is something. */
  private Work next() {
    return requireNonNull(desk.next());
  }

  @AfterEach
  void letGo() throws InterruptedException {
    desk.endAll();
    speaking.join();
  }

  private static DeliveredEvent event(long position, String stream) {
    return event(position, stream, 0, false);
  }

  private static DeliveredEvent event(
      long position, String stream, int retryCount, boolean replayed) {
    return new DeliveredEvent(
        new RecordedEvent(
            stream, position, position, Instant.EPOCH, NewEvent.builder("Happened").build()),
        retryCount,
        replayed);
  }

  private static Answer answer(Outcome outcome) {
    return Answer.of(outcome, false);
  }

  private void awaitAnswers(String... answers) {
    Awaitility.await().until(() -> heard.answers.equals(List.of(answers)));
  }

  @Test
  void events_of_one_stream_are_begun_one_after_the_other_and_of_two_at_once() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.deliver(event(2, "a"), session);
    Work first = next();
    assertThat(first.position()).isEqualTo(1);
    assertThat(desk.running()).isEqualTo(1);
    assertThat(desk.waiting()).isEqualTo(1);
    desk.deliver(event(3, "b"), session);
    assertThat(next().position()).isEqualTo(3);

    desk.finish(first, answer(Outcome.done()));

    assertThat(next().position()).isEqualTo(2);
    awaitAnswers("ack 1");
  }

  @Test
  void an_event_that_comes_again_while_it_is_handled_is_not_handled_twice() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    Work first = next();

    desk.deliver(event(1, "a", 1, false), session);

    assertThat(desk.running()).isEqualTo(1);
    assertThat(desk.waiting()).isZero();
    desk.finish(first, answer(Outcome.done()));
    awaitAnswers("ack 1");
  }

  @Test
  void an_event_that_comes_again_after_it_was_acked_is_acked_again_and_not_handled() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.finish(next(), answer(Outcome.done()));
    awaitAnswers("ack 1");

    desk.deliver(event(1, "a", 1, false), session);

    awaitAnswers("ack 1", "ack 1");
    assertThat(desk.waiting()).isZero();
  }

  @Test
  void an_event_that_comes_again_after_a_retry_is_handled() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.finish(next(), answer(Outcome.retry("later")));

    desk.deliver(event(1, "a", 1, false), session);

    assertThat(next().delivered.retryCount()).isEqualTo(1);
    awaitAnswers("RETRY 1");
  }

  @Test
  void a_parked_event_that_somebody_asks_for_is_handled_each_time() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.finish(next(), answer(Outcome.park("look")));
    for (int i = 0; i < 2; i++) {
      desk.deliver(event(1, "a", 0, true), session);
      desk.finish(next(), Answer.of(Outcome.park("look"), true));
    }
    awaitAnswers("PARK 1", "PARK 1", "PARK 1");
    desk.deliver(event(1, "a", 0, true), session);
    desk.finish(next(), Answer.of(Outcome.done(), true));
    awaitAnswers("PARK 1", "PARK 1", "PARK 1", "ack 1");
  }

  @Test
  void answers_are_said_in_the_order_in_which_they_were_given() {
    desk.begin(session);
    for (long at = 1; at <= 4; at++) {
      desk.deliver(event(at, "s" + at), session);
      desk.finish(next(), answer(at % 2 == 0 ? Outcome.skip("even") : Outcome.done()));
    }

    awaitAnswers("ack 1", "SKIP 2", "ack 3", "SKIP 4");
  }

  @Test
  void what_was_answered_while_the_link_was_down_is_answered_when_it_comes_again() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.deliver(event(2, "a"), session);
    Work first = next();
    desk.end(session);
    assertThat(desk.waiting()).isZero(); // not begun: somebody else's now
    desk.finish(first, answer(Outcome.done()));

    session = new Session(heard, 2);
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.deliver(event(2, "a"), session);

    awaitAnswers("ack 1");
    assertThat(next().position()).isEqualTo(2);
  }

  @Test
  void an_event_that_is_still_handled_when_it_comes_over_a_new_link_is_answered_there() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    Work first = next();
    desk.end(session);
    session = new Session(heard, 2);
    desk.begin(session);

    desk.deliver(event(1, "a"), session);
    assertThat(desk.waiting()).isZero();
    desk.finish(first, answer(Outcome.done()));

    awaitAnswers("ack 1");
  }

  @Test
  void what_was_answered_to_another_group_is_forgotten() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.finish(next(), answer(Outcome.done()));
    awaitAnswers("ack 1");
    desk.end(session);
    desk.forget();
    session = new Session(heard, 2);
    desk.begin(session);

    desk.deliver(event(1, "a"), session);

    assertThat(next().position()).isEqualTo(1);
  }

  @Test
  void what_came_too_long_ago_is_not_begun() {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    Work late = next();
    now.addAndGet(TIMEOUT.toNanos());

    assertThat(desk.handling(late)).isFalse();
    desk.finish(late, null);

    desk.deliver(event(1, "a", 1, false), session);
    assertThat(desk.handling(next())).isTrue();
  }

  @Test
  void credit_is_given_as_work_is_done() {
    desk.begin(session);
    Awaitility.await().until(() -> heard.credit.get() == 1);
    desk.deliver(event(1, "a"), session);
    Work work = next();
    Awaitility.await().until(() -> heard.credit.get() == 2); // it could be begun at once
    now.addAndGet(1_000_000);

    desk.finish(work, answer(Outcome.done()));

    Awaitility.await().until(() -> heard.credit.get() == 3); // two are outstanding: all there is
  }

  @Test
  void nothing_is_begun_after_closing_and_what_is_at_work_is_waited_for() throws Exception {
    desk.begin(session);
    desk.deliver(event(1, "a"), session);
    desk.deliver(event(2, "b"), session);
    Work work = next();

    desk.close();

    assertThat(desk.next()).isNull();
    assertThat(desk.awaitQuiet(Duration.ofMillis(1))).isFalse();
    desk.finish(work, answer(Outcome.done()));
    assertThat(desk.awaitQuiet(Duration.ofSeconds(60))).isTrue();
    awaitAnswers("ack 1");
  }
}
