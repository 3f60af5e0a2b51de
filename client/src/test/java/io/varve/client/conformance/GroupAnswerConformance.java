package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.StreamInfo;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What becomes of events by the answers of consumers, or without any. */
abstract class GroupAnswerConformance extends GroupTests {

  // ---- done

  @Test
  void what_was_acked_does_not_come_again() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    RecordingConsumer first = join(10);
    awaitEvents(first, 3);

    first.member.ack(List.of(1L, 2L, 3L));
    first.member.close(); // answers before it count

    assertThat(info().checkpoint()).isEqualTo(3);
    assertThat(info().lag()).isZero();
    RecordingConsumer second = join(10);
    given(ACCOUNT, 1);
    awaitPositions(second, 4);
  }

  @Test
  void the_checkpoint_stays_before_the_first_unanswered_event() {
    given(ACCOUNT, 4);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(10);
    awaitEvents(consumer, 4);

    consumer.member.ack(List.of(2L, 4L));

    awaitInfo(info -> info.inFlight() == 2);
    assertThat(info().checkpoint()).isZero();
    assertThat(info().lag()).isGreaterThanOrEqualTo(2);
    consumer.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 2);
    consumer.member.ack(List.of(3L));
    awaitInfo(info -> info.checkpoint() == 4);
    assertThat(info().lag()).isZero();
  }

  @Test
  void answers_for_what_a_consumer_does_not_hold_are_passed_over() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    RecordingConsumer holder = join(1);
    awaitPositions(holder, 1);
    RecordingConsumer other = join(1);
    awaitPositions(other, 2);

    other.member.ack(List.of(1L, 7L));
    other.member.nack(List.of(1L, 8L), NackAction.PARK, "not mine");
    other.member.nack(List.of(1L), NackAction.STOP, "not mine");
    other.member.ack(List.of(2L));
    other.member.ack(List.of(2L)); // once more

    awaitInfo(info -> info.inFlight() == 1);
    assertThat(info().checkpoint()).isZero();
    assertThat(info().stop()).isNull();
    assertThat(parked()).isEmpty();
    assertThat(other.closings).hasValue(0);
    holder.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 2);
  }

  // ---- again

  @Test
  void what_is_not_answered_in_time_comes_again_and_says_so() {
    given(ACCOUNT, 1);
    givenGroup(IMPATIENT);
    RecordingConsumer consumer = join(1);
    awaitEvents(consumer, 1);
    awaitInfo(info -> info.retrying() == 1);
    assertThat(info().inFlight()).isZero();

    consumer.member.credit(1);

    awaitPositions(consumer, 1, 1);
    assertThat(consumer.retryCounts()).containsExactly(0, 1);
  }

  @Test
  void an_ack_after_the_time_out_counts_if_nobody_has_done_the_event() {
    given(ACCOUNT, 2);
    givenGroup(IMPATIENT.maxRetries(1_000));
    RecordingConsumer consumer = join(1);
    awaitPositions(consumer, 1);
    awaitInfo(info -> info.retrying() == 1);

    consumer.member.ack(List.of(1L));

    awaitInfo(info -> info.checkpoint() == 1 && info.retrying() == 0);
    consumer.member.credit(1);
    awaitPositions(consumer, 1, 2);
  }

  @Test
  void a_nack_after_the_time_out_is_passed_over() {
    given(ACCOUNT, 1);
    givenGroup(IMPATIENT.maxRetries(1_000));
    RecordingConsumer consumer = join(1);
    awaitPositions(consumer, 1);
    awaitInfo(info -> info.retrying() == 1);

    consumer.member.nack(List.of(1L), NackAction.PARK, "too late");
    consumer.member.nack(List.of(1L), NackAction.SKIP, "too late");
    consumer.member.credit(1);

    awaitPositions(consumer, 1, 1);
    assertThat(parked()).isEmpty();
    consumer.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 1);
  }

  @Test
  void what_is_to_be_retried_comes_again_and_says_how_often() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(1);

    for (int failures = 0; failures < 3; failures++) {
      awaitEvents(consumer, failures + 1);
      consumer.member.nack(consumer.last(), NackAction.RETRY, "not now");
      consumer.member.credit(1);
    }

    awaitPositions(consumer, 1, 1, 1, 1);
    assertThat(consumer.retryCounts()).containsExactly(0, 1, 2, 3);
    consumer.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 1);
    assertThat(parked()).isEmpty();
  }

  @Test
  void what_fails_once_more_than_it_may_be_retried_is_parked() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS.maxRetries(2));

    Nacking consumer = join(GROUP, "", 1, new Nacking(NackAction.RETRY));

    awaitParked(1L, 2L);
    assertThat(consumer.events.stream().filter(event -> event.position() == 1))
        .extracting("retryCount")
        .containsExactly(0, 1, 2);
    assertThat(parked()).allMatch(event -> event.retryCount() == 2);
    assertThat(parked()).allMatch(event -> event.reason().equals("no use"));
    awaitInfo(info -> info.checkpoint() == 2 && info.lag() == 0);
  }

  @Test
  void without_retries_the_first_failure_parks() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS.maxRetries(0));

    Nacking consumer = join(GROUP, "", 1, new Nacking(NackAction.RETRY));

    awaitParked(1L);
    assertThat(parked().getFirst().retryCount()).isZero();
    assertThat(consumer.events).hasSize(1);
  }

  @Test
  void what_times_out_too_often_is_parked_with_a_sentence_of_the_store() {
    given(ACCOUNT, 1);
    givenGroup(IMPATIENT.maxRetries(1));

    RecordingConsumer consumer = join(10);

    awaitParked(1L);
    assertThat(consumer.retryCounts()).containsExactly(0, 1);
    assertThat(parked().getFirst().reason()).isNotBlank();
    assertThat(parked().getFirst().retryCount()).isEqualTo(1);
    assertThat(info().inFlight()).isZero();
    given(ACCOUNT, 1);
    await().until(() -> consumer.positions().contains(2L)); // and the group goes on
  }

  // ---- aside

  @Test
  void what_is_parked_is_kept_with_its_reason_and_the_group_goes_on() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(1);
    awaitPositions(consumer, 1);

    consumer.member.nack(List.of(1L), NackAction.PARK, "address unknown: \u00e9\n\tnext line");
    consumer.member.credit(1);

    awaitPositions(consumer, 1, 2);
    awaitParked(1L);
    ParkedEvent parked = parked().getFirst();
    assertThat(parked.event()).isEqualTo(consumer.events.getFirst().event());
    assertThat(parked.stream()).isEqualTo(ACCOUNT);
    assertThat(parked.version()).isEqualTo(1);
    assertThat(parked.reason()).isEqualTo("address unknown: \u00e9\n\tnext line");
    assertThat(parked.retryCount()).isZero();
    assertThat(parked.replaying()).isFalse();
    assertThat(parked.parkedAt()).isAfterOrEqualTo(info().createdAt());
    assertThat(info().checkpoint()).isEqualTo(1);
    assertThat(info().parked()).isEqualTo(1);
  }

  @Test
  void what_is_skipped_is_gone() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);

    Nacking consumer = join(GROUP, "", 1, new Nacking(NackAction.SKIP));

    awaitInfo(info -> info.checkpoint() == 2 && info.lag() == 0);
    assertThat(consumer.positions()).containsExactly(1L, 2L);
    assertThat(parked()).isEmpty();
  }

  @Test
  void a_reason_has_at_most_1024_bytes_and_a_longer_one_ends_the_consumer_alone() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(10);
    awaitEvents(consumer, 2);
    consumer.member.nack(List.of(1L), NackAction.PARK, "x".repeat(1_024));
    awaitParked(1L);
    assertThat(parked().getFirst().reason()).hasSize(1_024);

    consumer.member.nack(List.of(2L), NackAction.PARK, "\u00e9".repeat(513));

    await().until(() -> consumer.closings.get() == 1);
    assertThat(consumer.causes).singleElement().isInstanceOf(InvalidRequestException.class);
    assertThat(((InvalidRequestException) consumer.causes.getFirst()).violations())
        .extracting(FieldViolation::field)
        .containsExactly("nack.reason");
    awaitPositions(join(10), 2);
  }

  @Test
  void one_answer_has_at_most_10000_positions() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(1);
    awaitEvents(consumer, 1);
    consumer.member.ack(LongStream.rangeClosed(1, 10_000).boxed().toList());
    awaitInfo(info -> info.checkpoint() == 1);

    consumer.member.ack(LongStream.rangeClosed(1, 10_001).boxed().toList());

    await().until(() -> consumer.closings.get() == 1);
    assertThat(consumer.causes).singleElement().isInstanceOf(InvalidRequestException.class);
  }

  // ---- stop

  @Test
  void a_stop_ends_all_consumers_and_says_who_stopped_where_and_why() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    RecordingConsumer other = join("other", 1);
    awaitPositions(other, 1);
    RecordingConsumer stopping = join("stopping", 2);
    awaitPositions(stopping, 2, 3);

    stopping.member.nack(List.of(3L, 2L), NackAction.STOP, "disk full");

    for (RecordingConsumer consumer : List.of(other, stopping)) {
      await().until(() -> consumer.closings.get() == 1);
      assertThat(consumer.causes).singleElement().isInstanceOf(GroupStoppedException.class);
      GroupStoppedException stopped = (GroupStoppedException) consumer.causes.getFirst();
      assertThat(stopped.group()).isEqualTo(GROUP);
      assertThat(stopped.consumer()).isEqualTo("stopping");
      assertThat(stopped.position()).isEqualTo(2);
      assertThat(stopped.getMessage()).isNotBlank();
    }
    ConsumerGroupInfo info = info();
    assertThat(info.consumers()).isEmpty();
    assertThat(info.inFlight()).isZero();
    assertThat(info.stop()).isNotNull();
    assertThat(info.stop().consumer()).isEqualTo("stopping");
    assertThat(info.stop().reason()).isEqualTo("disk full");
    assertThat(info.stop().position()).isEqualTo(2);
    assertThat(info.stop().stoppedAt()).isAfterOrEqualTo(info.createdAt());
    assertThat(info.checkpoint()).isZero();
  }

  @Test
  void a_stopped_group_goes_on_when_somebody_joins_with_what_it_was_stopped_at() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    RecordingConsumer stopping = join("", 3);
    awaitEvents(stopping, 3);
    stopping.member.nack(List.of(2L), NackAction.STOP, "a look first");
    await().until(() -> stopping.closings.get() == 1);
    given(ACCOUNT, 1);
    assertThat(info().stop()).isNotNull();

    RecordingConsumer next = join("", 10);

    awaitPositions(next, 2, 1, 3, 4);
    assertThat(next.retryCounts()).containsOnly(0); // a stop is no failure
    assertThat(info().stop()).isNull();
    next.member.ack(List.of(1L, 2L, 3L, 4L));
    awaitInfo(info -> info.checkpoint() == 4);
  }

  // ---- gone

  @Test
  void what_a_consumer_held_that_has_gone_comes_to_another_and_has_not_failed() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS.maxRetries(0));
    RecordingConsumer leaving = join(10);
    awaitEvents(leaving, 3);
    RecordingConsumer staying = join(10);
    leaving.member.ack(List.of(2L));

    leaving.member.close();

    awaitPositions(staying, 1, 3);
    assertThat(staying.retryCounts()).containsOnly(0);
    assertThat(leaving.closings).hasValue(1);
    assertThat(leaving.causes).isEmpty();
    assertThat(leaving.member.closed()).isCompleted();
    assertThat(parked()).isEmpty();
  }

  @Test
  void a_listener_that_throws_has_left() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    IllegalStateException thrown = new IllegalStateException("the listener's own");
    RecordingConsumer throwing =
        join(
            GROUP,
            "",
            1,
            new RecordingConsumer() {
              @Override
              void handle(DeliveredEvent event, GroupConsumer consumer) {
                throw thrown;
              }
            });

    await().until(() -> throwing.closings.get() == 1);

    assertThat(throwing.causes).containsExactly(thrown);
    RecordingConsumer next = join(1);
    awaitPositions(next, 1);
    assertThat(next.retryCounts()).containsExactly(0);
  }

  @Test
  void a_consumer_may_close_itself() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    RecordingConsumer once =
        join(
            GROUP,
            "",
            3,
            new RecordingConsumer() {
              @Override
              void handle(DeliveredEvent event, GroupConsumer consumer) {
                consumer.ack(event);
                consumer.close();
              }
            });

    await().until(() -> once.closings.get() == 1);

    assertThat(once.positions()).containsExactly(1L);
    assertThat(once.causes).isEmpty();
    awaitPositions(join(10), 2, 3);
  }

  @Test
  void an_event_that_is_hidden_while_it_waits_is_passed_over() {
    given(ACCOUNT, 3);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT).settings(DEFAULTS));
    RecordingConsumer first = join(2);
    awaitPositions(first, 1, 2);
    first.member.close();
    assertThat(store.streams().truncate(ACCOUNT, 3)).isEqualTo(4);
    StreamInfo stream = info(ACCOUNT);
    assertThat(stream.firstKeptVersion()).isEqualTo(3);

    RecordingConsumer second = join(10);

    awaitPositions(second, 3);
    second.member.ack(List.of(3L));
    awaitInfo(info -> info.checkpoint() == 3 && info.lag() == 0);
  }

  @Test
  void the_whole_query_is_served_while_one_event_is_tried_again_and_again() {
    given(ACCOUNT, 1);
    // More than can be had in the meantime, where nothing waits between two tries.
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.all()).settings(DEFAULTS.maxRetries(1_000_000)));
    RecordingConsumer consumer =
        join(
            GROUP,
            "",
            5,
            new RecordingConsumer() {
              @Override
              void handle(DeliveredEvent event, GroupConsumer answers) {
                if (event.position() == 1) {
                  answers.nack(event, NackAction.RETRY, "again");
                } else {
                  answers.ack(event);
                }
                answers.credit(1);
              }
            });

    given(OTHER, 10);

    await().until(() -> consumer.positions().contains(11L));
    assertThat(info().checkpoint()).isZero();
    assertThat(consumer.positions().stream().filter(at -> at > 1).distinct()).hasSize(10);
  }
}
