package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which events a consumer group delivers, to whom, and how many at a time. */
abstract class GroupDeliveryConformance extends GroupTests {

  // ---- which

  @Test
  void a_group_delivers_the_log_from_its_first_event_on_as_it_is_recorded() {
    given(ACCOUNT, 2);
    given(OTHER, 1);
    givenGroup(DEFAULTS);

    RecordingConsumer consumer = join(10);

    awaitPositions(consumer, 1, 2, 3);
    assertThat(consumer.events.stream().map(DeliveredEvent::event).toList())
        .isEqualTo(read(ReadLog.all()));
    assertThat(consumer.events).allMatch(event -> event.retryCount() == 0 && !event.replayed());
  }

  @Test
  void what_is_appended_later_is_delivered_too() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(10);
    awaitPositions(consumer, 1);

    given(OTHER, 2);

    awaitPositions(consumer, 1, 2, 3);
  }

  @Test
  void a_group_after_a_position_delivers_what_comes_behind_it() {
    given(ACCOUNT, 5);
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.all()).after(3));

    assertThat(info().checkpoint()).isEqualTo(3);
    awaitPositions(join(10), 4, 5);
  }

  @Test
  void a_group_after_a_position_that_is_ahead_leaves_out_what_comes_up_to_it() {
    given(ACCOUNT, 1);
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.all()).after(3));
    RecordingConsumer consumer = join(10);

    given(ACCOUNT, 4);

    awaitPositions(consumer, 4, 5);
  }

  @Test
  void a_group_from_now_delivers_what_is_appended_after_it_was_created_whoever_joins_when() {
    given(ACCOUNT, 2);
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.all()).fromNow());
    given(ACCOUNT, 1);

    RecordingConsumer consumer = join(10);

    given(ACCOUNT, 1);
    awaitPositions(consumer, 3, 4);
  }

  @Test
  void a_group_on_a_stream_delivers_that_stream_alone() {
    given(ACCOUNT, 2);
    given(OTHER, 2);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    RecordingConsumer consumer = join(10);
    awaitPositions(consumer, 1, 2);

    given("account-421", 1);
    given(ACCOUNT, 1);

    awaitPositions(consumer, 1, 2, 6);
    consumer.member.ack(List.of(1L, 2L, 6L));
    awaitInfo(info -> info.checkpoint() == 3 && info.lag() == 0); // a version
  }

  @Test
  void a_group_on_a_stream_starts_after_a_version() {
    given(OTHER, 10);
    given(ACCOUNT, 3);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT).after(2));

    assertThat(info().checkpoint()).isEqualTo(2);
    awaitPositions(join(10), 13);
  }

  @Test
  void a_group_on_a_stream_from_now_leaves_out_what_the_stream_had() {
    given(ACCOUNT, 3);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT).fromNow());
    given(ACCOUNT, 1);

    RecordingConsumer consumer = join(10);

    awaitPositions(consumer, 4);
  }

  @Test
  void a_group_may_be_there_before_its_stream() {
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    RecordingConsumer consumer = join(10);
    given(OTHER, 1);

    given(ACCOUNT, 1);

    awaitPositions(consumer, 2);
  }

  @Test
  void a_group_under_a_query_delivers_what_matches() {
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.types("Opened")));
    givenOne(ACCOUNT, "Opened");
    givenOne(ACCOUNT, "Renamed");
    RecordingConsumer consumer = join(10);
    awaitPositions(consumer, 1);

    givenOne(OTHER, "Renamed");
    givenOne(OTHER, "Opened");

    awaitPositions(consumer, 1, 4);
  }

  @Test
  void a_group_passes_over_what_does_not_match_and_is_level_then() {
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.types("Opened")));
    givenOne(ACCOUNT, "Opened");
    given(OTHER, 50);
    Acking consumer = join(GROUP, "", 1, new Acking());

    awaitInfo(info -> info.checkpoint() == 51 && info.lag() == 0);
    assertThat(consumer.positions()).containsExactly(1L);
  }

  @Test
  void a_group_passes_over_what_is_hidden_of_its_stream() {
    given(ACCOUNT, 5);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    long changed = store.streams().truncate(ACCOUNT, 4);
    assertThat(changed).isEqualTo(6);

    RecordingConsumer consumer = join(10);

    awaitPositions(consumer, 4, 5);
    consumer.member.ack(List.of(4L, 5L));
    awaitInfo(info -> info.checkpoint() == 5 && info.lag() == 0);
  }

  @Test
  void two_groups_do_not_know_of_each_other() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    givenGroup(ConsumerGroup.ofLog("others", Query.all()));

    Acking done = join("others", "", 5, new Acking());
    await().until(() -> groups().get("others").orElseThrow().lag() == 0);

    assertThat(info().lag()).isEqualTo(3);
    awaitPositions(join(10), 1, 2, 3);
    assertThat(done.positions()).containsExactly(1L, 2L, 3L);
  }

  // ---- how many

  @Test
  void nothing_is_delivered_without_credit_and_credit_adds_up() {
    given(ACCOUNT, 6);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(0);
    assertThat(info().consumers().getFirst().inFlight()).isZero();

    consumer.member.credit(1);
    consumer.member.credit(2);

    awaitPositions(consumer, 1, 2, 3);
    consumer.member.ack(List.of(1L, 2L, 3L)); // an answer is no credit
    awaitInfo(info -> info.checkpoint() == 3);
    assertThat(info().consumers().getFirst().credit()).isZero();
    consumer.member.credit(1);
    awaitPositions(consumer, 1, 2, 3, 4);
  }

  @Test
  void a_consumer_holds_no_more_than_the_settings_allow_whatever_its_credit() {
    given(ACCOUNT, 6);
    givenGroup(DEFAULTS.maxInFlight(2));
    RecordingConsumer consumer = join(100);
    awaitPositions(consumer, 1, 2);
    awaitInfo(info -> info.inFlight() == 2);

    consumer.member.ack(List.of(2L));
    awaitPositions(consumer, 1, 2, 3);
    awaitInfo(info -> info.inFlight() == 2);
    consumer.member.ack(List.of(1L, 3L));

    awaitPositions(consumer, 1, 2, 3, 4, 5);
    awaitInfo(info -> info.consumers().getFirst().inFlight() == 2);
  }

  @Test
  void a_group_holds_no_more_than_its_buffer() {
    given(ACCOUNT, 10);
    givenGroup(DEFAULTS.bufferSize(3));
    RecordingConsumer one = join(100);
    RecordingConsumer other = join(100);
    await().until(() -> one.events.size() + other.events.size() == 3);
    awaitInfo(info -> info.inFlight() == 3);

    one.member.ack(List.of(1L, 2L, 3L));
    other.member.ack(List.of(1L, 2L, 3L)); // each answers for what it holds

    await().until(() -> one.events.size() + other.events.size() >= 6);
    awaitInfo(info -> info.inFlight() == 3);
    assertThat(one.events.size() + other.events.size()).isEqualTo(6);
  }

  // ---- to whom

  @Test
  void consumers_take_turns() {
    givenGroup(ConsumerStrategy.ROUND_ROBIN);
    RecordingConsumer one = join(10);
    RecordingConsumer other = join(10);

    given(ACCOUNT, 10);

    await().until(() -> one.events.size() + other.events.size() == 10);
    assertThat(one.events).hasSize(5);
    assertThat(other.events).hasSize(5);
    Set<Long> all = new HashSet<>(one.positions());
    all.addAll(other.positions());
    assertThat(all).hasSize(10);
  }

  @Test
  void a_consumer_without_credit_is_passed_over() {
    givenGroup(ConsumerStrategy.ROUND_ROBIN);
    RecordingConsumer idle = join(1);
    RecordingConsumer busy = join(10);

    given(ACCOUNT, 8);

    await().until(() -> idle.events.size() + busy.events.size() == 8);
    assertThat(idle.events).hasSize(1);
  }

  @Test
  void pinned_events_of_one_stream_go_to_the_same_consumer_in_order() {
    givenGroup(ConsumerStrategy.PINNED);
    RecordingConsumer one = join(1_000);
    RecordingConsumer other = join(1_000);

    for (int round = 0; round < 4; round++) {
      for (int stream = 0; stream < 20; stream++) {
        given("account-" + stream, 1);
      }
    }

    await().until(() -> one.events.size() + other.events.size() == 80);
    Map<String, RecordingConsumer> owners = new HashMap<>();
    for (RecordingConsumer consumer : List.of(one, other)) {
      assertThat(consumer.events).isNotEmpty(); // twenty streams are enough for two
      Map<String, List<Long>> versions = new HashMap<>();
      for (DeliveredEvent delivered : consumer.events) {
        RecordedEvent event = delivered.event();
        assertThat(owners.putIfAbsent(event.stream(), consumer)).isIn(null, consumer);
        versions.computeIfAbsent(event.stream(), name -> new ArrayList<>()).add(event.version());
      }
      assertThat(versions.values()).allMatch(list -> list.equals(List.of(1L, 2L, 3L, 4L)));
    }
  }

  @Test
  void pinned_streams_of_a_consumer_that_has_gone_go_to_another() {
    givenGroup(ConsumerStrategy.PINNED);
    given(ACCOUNT, 2);
    RecordingConsumer first = join(10);
    awaitPositions(first, 1, 2);
    first.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 1);

    first.member.close();
    RecordingConsumer second = join(10);
    given(ACCOUNT, 1);

    awaitPositions(second, 2, 3);
    assertThat(second.retryCounts()).containsExactly(0, 0);
  }

  @Test
  void one_consumer_gets_everything_and_the_next_takes_over_when_it_goes() {
    givenGroup(ConsumerStrategy.SINGLE);
    Acking first = join(GROUP, "first", 10, new Acking());
    Acking second = join(GROUP, "second", 10, new Acking());
    given(ACCOUNT, 20);
    awaitInfo(info -> info.checkpoint() == 20);
    assertThat(first.events).hasSize(20);
    assertThat(second.events).isEmpty();

    first.member.close();
    given(ACCOUNT, 5);

    awaitInfo(info -> info.checkpoint() == 25);
    assertThat(second.positions()).isEqualTo(LongStream.rangeClosed(21, 25).boxed().toList());
  }

  @Test
  void a_large_log_is_delivered_once_each_and_in_order() {
    for (int i = 0; i < 6; i++) {
      given(ACCOUNT, 500);
    }
    givenGroup(DEFAULTS);

    Acking consumer = join(GROUP, "", 100, new Acking());

    awaitInfo(info -> info.checkpoint() == 3_000 && info.lag() == 0);
    assertThat(consumer.positions()).isEqualTo(LongStream.rangeClosed(1, 3_000).boxed().toList());
  }
}
