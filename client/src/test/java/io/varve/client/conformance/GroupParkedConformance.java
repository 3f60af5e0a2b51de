package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.ReadLog;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Events that a consumer group gave up on: listed, delivered again, forgotten. */
abstract class GroupParkedConformance extends GroupTests {

  @Test
  void parked_events_are_listed_by_rising_position() {
    given(ACCOUNT, 4);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(10);
    awaitEvents(consumer, 4);

    consumer.member.nack(List.of(4L), NackAction.PARK, "fourth");
    consumer.member.nack(List.of(2L, 1L), NackAction.PARK, "both");

    awaitParked(1L, 2L, 4L);
    assertThat(parked()).extracting(ParkedEvent::reason).containsExactly("both", "both", "fourth");
    assertThat(parked()).extracting(ParkedEvent::version).containsExactly(1L, 2L, 4L);
    assertThat(info().parked()).isEqualTo(3);
  }

  @Test
  void more_than_a_page_of_parked_events_are_listed() {
    given(ACCOUNT, 250);
    givenGroup(DEFAULTS);
    Nacking consumer = join(GROUP, "", 50, new Nacking(NackAction.PARK));

    awaitInfo(info -> info.parked() == 250);

    await().until(() -> parked().size() == 250);
    assertThat(parkedPositions()).isEqualTo(LongStream.rangeClosed(1, 250).boxed().toList());
    assertThat(consumer.events).hasSize(250);
  }

  @Test
  void replayed_events_come_again_once_and_stay_parked_until_they_are_done() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    givenParked(1L, 2L);

    assertThat(groups().replayParked(GROUP)).isEqualTo(2);

    RecordingConsumer consumer = join(10);
    await().until(() -> consumer.events.size() == 3);
    assertThat(consumer.positions()).containsExactlyInAnyOrder(1L, 2L, 3L);
    assertThat(consumer.events)
        .allMatch(event -> event.replayed() == (event.position() < 3) && event.retryCount() == 0);
    assertThat(parked()).allMatch(ParkedEvent::replaying);
    assertThat(info().replaying()).isEqualTo(2);
    assertThat(info().parked()).isEqualTo(2);
    consumer.member.ack(List.of(1L));
    awaitParked(2L);
    assertThat(info().replaying()).isEqualTo(1);
    consumer.member.nack(List.of(2L), NackAction.SKIP, "never mind");
    awaitParked();
    assertThat(info().replaying()).isZero();
    assertThat(info().parked()).isZero();
  }

  @Test
  void some_may_be_replayed_and_what_is_not_parked_is_passed_over() {
    given(ACCOUNT, 4);
    givenGroup(DEFAULTS);
    givenParked(1L, 2L, 3L);

    assertThat(groups().replayParked(GROUP, List.of(3L, 1L, 4L, 99L))).isEqualTo(2);

    Acking consumer = join(GROUP, "", 10, new Acking());
    awaitParked(2L);
    await().until(() -> consumer.events.size() == 3);
    assertThat(consumer.positions()).containsExactlyInAnyOrder(1L, 3L, 4L);
  }

  @Test
  void what_is_being_replayed_is_not_counted_again() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    givenParked(1L, 2L);

    assertThat(groups().replayParked(GROUP, List.of(1L))).isEqualTo(1);
    assertThat(groups().replayParked(GROUP, List.of(1L))).isZero();
    assertThat(groups().replayParked(GROUP)).isEqualTo(1);
    assertThat(groups().replayParked(GROUP)).isZero();

    RecordingConsumer consumer = join(10);
    await().until(() -> consumer.events.size() == 2);
    assertThat(consumer.positions()).containsExactlyInAnyOrder(1L, 2L);
  }

  @Test
  void a_replayed_event_that_fails_anew_goes_on_being_parked_once() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS.maxRetries(0));
    givenParked(1L);
    assertThat(groups().replayParked(GROUP)).isEqualTo(1);
    RecordingConsumer consumer = join(1);
    awaitPositions(consumer, 1);

    consumer.member.nack(List.of(1L), NackAction.RETRY, "still no use");

    await()
        .until(
            () ->
                parked().stream()
                    .anyMatch(
                        event -> !event.replaying() && event.reason().equals("still no use")));
    assertThat(parked()).hasSize(1);
    assertThat(info().parked()).isEqualTo(1);
    assertThat(info().replaying()).isZero();
    assertThat(groups().replayParked(GROUP)).isEqualTo(1); // and may be asked for once more
    consumer.member.credit(1);
    awaitPositions(consumer, 1, 1);
    assertThat(consumer.last().replayed()).isTrue();
  }

  @Test
  void a_replayed_event_is_tried_as_often_as_any_other() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS.maxRetries(2));
    givenParked(1L);
    assertThat(groups().replayParked(GROUP)).isEqualTo(1);

    Nacking consumer = join(GROUP, "", 1, new Nacking(NackAction.RETRY));

    await().until(() -> parked().stream().noneMatch(ParkedEvent::replaying));
    assertThat(consumer.retryCounts()).containsExactly(0, 1, 2);
    assertThat(consumer.events).allMatch(DeliveredEvent::replayed);
    assertThat(parked()).singleElement().extracting(ParkedEvent::retryCount).isEqualTo(2);
  }

  @Test
  void a_replay_brings_nothing_but_what_was_parked() {
    given(ACCOUNT, 20);
    givenGroup(DEFAULTS);
    RecordingConsumer first = join(20);
    awaitEvents(first, 20);
    first.member.nack(List.of(5L), NackAction.PARK, "alone");
    first.member.ack(LongStream.rangeClosed(1, 20).filter(at -> at != 5).boxed().toList());
    awaitInfo(info -> info.checkpoint() == 20);
    first.member.close();
    long checkpoint = info().checkpoint();

    assertThat(groups().replayParked(GROUP)).isEqualTo(1);
    Acking second = join(GROUP, "", 20, new Acking());

    awaitParked();
    given(ACCOUNT, 1);
    await().until(() -> second.positions().contains(21L));
    assertThat(second.positions()).containsExactly(5L, 21L);
    assertThat(info().checkpoint()).isGreaterThanOrEqualTo(checkpoint);
  }

  @Test
  void a_replayed_event_that_is_not_answered_comes_again() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    givenParked(1L);
    groups().update(GROUP, IMPATIENT.maxRetries(1_000));
    assertThat(groups().replayParked(GROUP)).isEqualTo(1);
    RecordingConsumer consumer = join(2);

    awaitPositions(consumer, 1, 1);

    assertThat(consumer.retryCounts()).containsExactly(0, 1);
    assertThat(consumer.events).allMatch(DeliveredEvent::replayed);
    consumer.member.ack(List.of(1L));
    awaitParked();
  }

  @Test
  void what_a_consumer_was_given_to_replay_comes_to_another_when_it_goes() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    givenParked(1L);
    assertThat(groups().replayParked(GROUP)).isEqualTo(1);
    RecordingConsumer leaving = join(1);
    awaitPositions(leaving, 1);

    leaving.member.close();

    Acking next = join(GROUP, "", 1, new Acking());
    awaitParked();
    assertThat(next.positions()).containsExactly(1L);
    assertThat(next.events.getFirst().replayed()).isTrue();
  }

  @Test
  void discarded_events_are_forgotten_by_the_group_and_kept_by_the_log() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    givenParked(1L, 2L, 3L);

    assertThat(groups().discardParked(GROUP, List.of(2L, 99L))).isEqualTo(1);
    assertThat(parkedPositions()).containsExactly(1L, 3L);
    assertThat(groups().discardParked(GROUP)).isEqualTo(2);
    assertThat(parked()).isEmpty();
    assertThat(groups().discardParked(GROUP)).isZero();

    assertThat(info().parked()).isZero();
    assertThat(read(ReadLog.all())).hasSize(3);
    assertThat(groups().replayParked(GROUP)).isZero();
  }

  @Test
  void what_is_discarded_while_it_is_being_replayed_does_not_come_again() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    givenParked(1L, 2L);
    assertThat(groups().replayParked(GROUP)).isEqualTo(2);
    RecordingConsumer consumer = join(1);
    awaitEvents(consumer, 1);

    assertThat(groups().discardParked(GROUP)).isEqualTo(2);

    assertThat(parked()).isEmpty();
    assertThat(info().replaying()).isZero();
    consumer.member.nack(consumer.last(), NackAction.RETRY, "too late");
    given(ACCOUNT, 1);
    consumer.member.credit(5);
    await().until(() -> consumer.positions().contains(3L));
    assertThat(consumer.events).hasSize(2);
    assertThat(parked()).isEmpty();
  }

  @Test
  void a_parked_event_that_is_hidden_since_is_listed_by_its_place_alone() {
    given(ACCOUNT, 3);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    givenParked(1L, 2L);

    assertThat(store.streams().truncate(ACCOUNT, 2)).isEqualTo(4);

    List<ParkedEvent> parked = parked();
    assertThat(parked).extracting(ParkedEvent::position).containsExactly(1L, 2L);
    assertThat(parked.getFirst().event()).isNull();
    assertThat(parked.getFirst().stream()).isEqualTo(ACCOUNT);
    assertThat(parked.getFirst().version()).isEqualTo(1);
    assertThat(parked.getFirst().reason()).isEqualTo("no use");
    assertThat(parked.getLast().event()).isNotNull();
    assertThat(groups().discardParked(GROUP, List.of(1L))).isEqualTo(1);
  }

  @Test
  void no_positions_at_all_are_not_all_of_them() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    givenParked(1L);

    assertThatThrownBy(() -> groups().replayParked(GROUP, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> groups().discardParked(GROUP, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(parkedPositions()).containsExactly(1L);
    assertThat(info().replaying()).isZero();
  }
}
