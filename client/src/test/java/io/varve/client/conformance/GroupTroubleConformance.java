package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What consumer groups elsewhere are known to get wrong, and what many at a time do to them. */
abstract class GroupTroubleConformance extends GroupTests {

  @Test
  void a_group_does_not_fall_silent_while_consumers_come_and_go() {
    givenGroup(DEFAULTS);
    Set<Long> done = new HashSet<>();
    for (int round = 1; round <= 10; round++) {
      given(ACCOUNT, 5);
      RecordingConsumer half = join(5); // answers some, and goes with the rest
      awaitEvents(half, 5);
      half.member.ack(half.positions().subList(0, 2));
      done.addAll(half.positions().subList(0, 2));
      half.member.close();
    }

    Acking rest = join(GROUP, "", 10, new Acking());

    awaitInfo(info -> info.checkpoint() == 50 && info.lag() == 0 && info.inFlight() == 0);
    done.addAll(rest.positions());
    assertThat(done).hasSize(50);
    assertThat(parked()).isEmpty();
  }

  @Test
  void a_consumer_that_is_slower_than_its_time_out_does_not_keep_others_from_the_event() {
    given(ACCOUNT, 2);
    givenGroup(IMPATIENT.maxRetries(1_000));
    RecordingConsumer slow = join(1);
    awaitPositions(slow, 1);
    Acking quick = join(GROUP, "", 10, new Acking());

    awaitInfo(info -> info.checkpoint() == 2);
    // Both came, and either once more if its ack was not heard in time.
    assertThat(quick.positions()).containsOnly(1L, 2L);
    slow.member.ack(List.of(1L)); // somebody else has done it
    slow.member.nack(List.of(1L), NackAction.PARK, "much too late");
    slow.member.credit(1);
    given(ACCOUNT, 2);

    awaitInfo(info -> info.checkpoint() == 4 || info.lag() == 1);
    assertThat(parked()).isEmpty();
    assertThat(slow.closings).hasValue(0);
  }

  @Test
  void an_event_that_times_out_is_with_one_consumer_at_a_time_and_is_done_once() {
    given(ACCOUNT, 1);
    givenGroup(IMPATIENT.maxRetries(1_000));
    RecordingConsumer first = join(1);
    awaitEvents(first, 1);
    RecordingConsumer second = join(1);
    awaitEvents(second, 1);

    first.member.ack(List.of(1L)); // late, and not done yet

    awaitInfo(info -> info.checkpoint() == 1 && info.inFlight() == 0 && info.retrying() == 0);
    second.member.nack(List.of(1L), NackAction.PARK, "it is done");
    second.member.credit(1);
    given(ACCOUNT, 1);
    await().until(() -> second.positions().contains(2L));
    assertThat(second.positions()).containsExactly(1L, 2L);
    assertThat(parked()).isEmpty();
  }

  @Test
  void an_event_is_parked_once_however_often_it_fails() {
    given(ACCOUNT, 1);
    givenGroup(IMPATIENT.maxRetries(0));
    RecordingConsumer consumer = join(10);
    awaitParked(1L); // by its time-out

    consumer.member.nack(List.of(1L), NackAction.PARK, "once more");
    consumer.member.nack(List.of(1L), NackAction.RETRY, "once more");
    for (int i = 0; i < 3; i++) {
      assertThat(groups().replayParked(GROUP)).isEqualTo(1);
      int before = i + 2;
      await().until(() -> consumer.events.size() == before);
      consumer.member.nack(List.of(1L), NackAction.PARK, "replay " + i);
      await().until(() -> parked().stream().noneMatch(ParkedEvent::replaying));
      assertThat(parkedPositions()).containsExactly(1L);
      assertThat(info().parked()).isEqualTo(1);
    }
  }

  @Test
  void the_checkpoint_of_a_filtered_group_is_never_ahead_of_what_is_undelivered() {
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.types("Opened")));
    given(OTHER, 10);
    givenOne(ACCOUNT, "Opened"); // position 11
    given(OTHER, 10);
    givenOne(ACCOUNT, "Opened"); // position 22
    given(OTHER, 10);

    RecordingConsumer consumer = join(1);
    awaitPositions(consumer, 11);
    assertThat(info().checkpoint()).isLessThan(11);
    consumer.member.ack(List.of(11L));
    awaitInfo(info -> info.inFlight() == 0);
    assertThat(info().checkpoint()).isBetween(0L, 21L);
    consumer.member.close();

    Acking next = join(GROUP, "", 1, new Acking());
    awaitInfo(info -> info.checkpoint() == 32 && info.lag() == 0);
    assertThat(next.positions()).containsExactly(22L);
  }

  @Test
  void a_group_goes_on_behind_what_was_removed_around_its_checkpoint() {
    given(ACCOUNT, 10);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    RecordingConsumer first = join(4);
    awaitEvents(first, 4);
    first.member.ack(List.of(1L, 3L));
    awaitInfo(info -> info.inFlight() == 2);
    first.member.close();

    assertThat(store.streams().truncate(ACCOUNT, 8)).isEqualTo(11);

    Acking second = join(GROUP, "", 10, new Acking());
    awaitInfo(info -> info.checkpoint() == 10 && info.lag() == 0);
    assertThat(second.positions()).containsExactly(8L, 9L, 10L);
    given(ACCOUNT, 1);
    await().until(() -> second.positions().contains(12L));
  }

  @Test
  void a_group_on_a_stream_outlives_its_deletion() {
    given(ACCOUNT, 3);
    givenGroup(ConsumerGroup.ofStream(GROUP, ACCOUNT));
    assertThat(store.streams().delete(ACCOUNT)).isEqualTo(4);
    Acking consumer = join(GROUP, "", 10, new Acking());
    awaitInfo(info -> info.lag() == 0);
    assertThat(consumer.events).isEmpty();

    given(ACCOUNT, 2);

    await().until(() -> consumer.events.size() == 2);
    assertThat(consumer.positions()).containsExactly(5L, 6L);
  }

  @Test
  void settings_may_change_while_many_consume() throws Exception {
    given(ACCOUNT, 1_000);
    givenGroup(DEFAULTS.maxInFlight(5));
    List<Acking> consumers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      consumers.add(join(GROUP, "c" + i, 20, new Acking()));
    }

    List<ConsumerStrategy> strategies =
        List.of(ConsumerStrategy.ROUND_ROBIN, ConsumerStrategy.PINNED, ConsumerStrategy.SINGLE);
    List<Callable<Boolean>> tasks = new ArrayList<>();
    tasks.add(
        () -> {
          for (int i = 0; i < 20; i++) {
            ConsumerGroupSettings other =
                DEFAULTS
                    .maxInFlight(1 + i % 7)
                    .bufferSize(10 + i)
                    .strategy(strategies.get(i % 3))
                    .checkpointAfter(1 + i, Duration.ofMillis(50));
            groups().update(GROUP, other);
          }
          return true;
        });
    tasks.add(
        () -> {
          given(OTHER, 500);
          return true;
        });
    assertThat(together(tasks)).containsOnly(true);

    awaitInfo(info -> info.checkpoint() == 1_500 && info.lag() == 0 && info.inFlight() == 0);
    List<Long> all = consumers.stream().flatMap(each -> each.positions().stream()).toList();
    assertThat(all).hasSize(1_500).doesNotHaveDuplicates();
    assertThat(parked()).isEmpty();
  }

  @Test
  void a_hundred_groups_on_one_busy_log_get_all_of_it_each() throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String name = "group-" + i;
      names.add(name);
      groups().create(ConsumerGroup.ofLog(name, Query.all()));
    }
    Map<String, Acking> consumers = new HashMap<>();
    for (String name : names) {
      consumers.put(name, join(name, "", 10, new Acking()));
    }

    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String stream = "account-" + i;
      writers.add(
          () -> {
            for (int n = 0; n < 10; n++) {
              given(stream, 1);
            }
            return true;
          });
    }
    assertThat(together(writers)).containsOnly(true);

    List<Long> everything = LongStream.rangeClosed(1, 40).boxed().toList();
    await().until(() -> consumers.values().stream().allMatch(each -> each.events.size() >= 40));
    await().until(() -> groups().list().allMatch(info -> info.lag() == 0));
    assertThat(consumers.values()).allMatch(each -> each.positions().equals(everything));
    assertThat(groups().list()).hasSize(100);
  }

  /** Acks what comes after a few failures of each third event, and tells of nothing. */
  private static final class Erratic extends RecordingConsumer {
    @Override
    void handle(DeliveredEvent event, GroupConsumer consumer) {
      if (event.position() % 3 == 0 && event.retryCount() < 2) {
        consumer.nack(event, NackAction.RETRY, "not yet");
      } else if (event.position() % 50 == 0) {
        consumer.nack(event, NackAction.PARK, "never");
      } else {
        consumer.ack(event);
      }
      consumer.credit(1);
    }
  }

  @Test
  void every_event_is_acked_or_parked_once_in_the_end() throws Exception {
    givenGroup(DEFAULTS.bufferSize(40).maxInFlight(7));
    List<Callable<Boolean>> tasks = new ArrayList<>();
    List<RecordingConsumer> consumers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      consumers.add(join(GROUP, "steady-" + i, 5, new Erratic()));
    }
    for (int i = 0; i < 4; i++) {
      String stream = "account-" + i;
      tasks.add(
          () -> {
            for (int n = 0; n < 25; n++) {
              given(stream, 3);
            }
            return true;
          });
    }
    tasks.add(
        () -> {
          for (int n = 0; n < 10; n++) {
            Erratic passing = new Erratic();
            passing.member = groups().consume(JoinGroup.of(GROUP).as("passing").credit(3), passing);
            passing.member.close();
          }
          return true;
        });

    assertThat(together(tasks)).containsOnly(true);

    awaitInfo(
        info ->
            info.checkpoint() == 300
                && info.lag() == 0
                && info.inFlight() == 0
                && info.retrying() == 0);
    awaitParked(50L, 100L, 150L, 200L, 250L, 300L);
    assertThat(consumers).allMatch(each -> each.closings.get() == 0);
  }

  @Test
  void pinned_streams_stay_in_order_while_many_write_and_consumers_come_and_go() throws Exception {
    givenGroup(DEFAULTS.strategy(ConsumerStrategy.PINNED));
    Map<String, List<Long>> handled = new HashMap<>();
    class InOrder extends RecordingConsumer {
      @Override
      void handle(DeliveredEvent event, GroupConsumer consumer) {
        synchronized (handled) {
          handled
              .computeIfAbsent(event.event().stream(), name -> new ArrayList<>())
              .add(event.event().version());
        }
        consumer.ack(event);
        consumer.credit(1);
      }
    }
    InOrder staying = join(GROUP, "staying", 4, new InOrder());
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String stream = "account-" + i;
      tasks.add(
          () -> {
            for (int n = 0; n < 40; n++) {
              store.append(stream, ExpectedVersion.any(), event("Happened"));
            }
            return true;
          });
    }
    tasks.add(
        () -> {
          for (int i = 0; i < 5; i++) {
            InOrder passing = new InOrder();
            passing.member = groups().consume(JoinGroup.of(GROUP).credit(4), passing);
            await().until(() -> passing.events.size() >= 3 || info().lag() == 0);
            passing.member.close();
          }
          return true;
        });

    assertThat(together(tasks)).containsOnly(true);

    awaitInfo(info -> info.checkpoint() == 320 && info.lag() == 0 && info.inFlight() == 0);
    synchronized (handled) {
      assertThat(handled).hasSize(8);
      // What one consumer held when it left comes again to the next; what is new rises by one.
      handled.forEach(
          (stream, versions) -> {
            long highest = 0;
            for (long version : versions) {
              assertThat(version).as(stream + " " + versions).isLessThanOrEqualTo(highest + 1);
              highest = Math.max(highest, version);
            }
            assertThat(highest).isEqualTo(40);
          });
    }
    assertThat(staying.closings).hasValue(0);
  }

  @Test
  void closing_the_store_ends_the_consumers_without_a_cause() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(1);
    awaitEvents(consumer, 1);
    ConsumerGroupInfo before = info();
    assertThat(before.inFlight()).isEqualTo(1);

    store.close();

    assertThat(consumer.closings).hasValue(1);
    assertThat(consumer.causes).isEmpty();
  }
}
