package io.varve.server.group;

import static io.varve.server.group.GroupStage.everything;
import static io.varve.server.group.GroupStage.settings;
import static io.varve.server.group.GroupStage.stream;
import static io.varve.server.group.GroupStage.types;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.group.GroupStage.Consumer;
import io.varve.server.group.GroupStage.Got;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What one group does with its events and its consumers. */
class GroupTest {
  private static final String G = "g";

  private final GroupStage stage = new GroupStage();

  // ---- words

  static GroupSettings with(
      GroupStrategy strategy, Duration ackTimeout, int maxRetries, int bufferSize, int inFlight) {
    GroupSettings usual = settings();
    return new GroupSettings(
        strategy,
        ackTimeout,
        maxRetries,
        bufferSize,
        inFlight,
        usual.checkpointAfterEvents(),
        usual.checkpointAfter());
  }

  static GroupSettings retries(int maxRetries) {
    return with(GroupStrategy.ROUND_ROBIN, Duration.ofSeconds(30), maxRetries, 500, 100);
  }

  static GroupSettings timeout(Duration ackTimeout, int maxRetries) {
    return with(GroupStrategy.ROUND_ROBIN, ackTimeout, maxRetries, 500, 100);
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private Consumer join(String name, long credit) {
    Consumer consumer = stage.join(G, name, credit);
    stage.run();
    return consumer;
  }

  // ---- reading and delivering

  @Test
  void events_are_delivered_once_and_in_order_as_far_as_there_is_credit() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 7);
    Consumer consumer = join("one", 5);
    stage.commit("a-1", "A", 7);
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 5));
    consumer.allow(100);
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 14));
    assertThat(consumer.got).allMatch(got -> got.retryCount() == 0 && !got.replayed());
  }

  @Test
  void a_consumer_holds_no_more_than_it_may_whatever_its_credit() {
    stage.create(
        G, everything(), with(GroupStrategy.ROUND_ROBIN, Duration.ofSeconds(30), 10, 500, 3));
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("one", 100);

    assertThat(consumer.positions()).isEqualTo(range(1, 3));
    consumer.ack(2L);
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 4));
  }

  @Test
  void nothing_more_is_read_while_the_buffer_is_full() {
    stage.create(
        G, everything(), with(GroupStrategy.ROUND_ROBIN, Duration.ofSeconds(30), 10, 4, 100));
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("one", 100);

    assertThat(consumer.positions()).isEqualTo(range(1, 4));
    consumer.ack(1L, 2L);
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 6));
    assertThat(stage.info(G).inFlight()).isEqualTo(4);
  }

  @Test
  void a_consumer_whose_transport_is_full_gets_nothing_until_it_is_ready() {
    stage.create(G, everything(), settings());
    Consumer consumer = join("one", 100);
    consumer.ready = false;
    stage.commit("a-1", "A", 3);
    stage.run();

    assertThat(consumer.got).isEmpty();
    consumer.beReady();
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 3));
  }

  @Test
  void large_events_come_one_by_one() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 4, 100_000);
    Consumer consumer = join("one", 100);

    assertThat(consumer.positions()).isEqualTo(range(1, 4));
    assertThat(consumer.messageBytes).hasSize(4);
  }

  @Test
  void a_group_on_a_stream_gets_the_stream_alone_and_counts_in_versions() {
    stage.commit("a-1", "A", 2);
    stage.commit("b-1", "A", 3);
    stage.commit("a-1", "A", 2);
    stage.create(G, stream("a-1"), new GroupStart.After(1), settings());
    Consumer consumer = join("one", 100);

    assertThat(consumer.positions()).containsExactly(2L, 6L, 7L);
    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
    assertThat(stage.info(G).lag()).isEqualTo(3);
    consumer.ack(2L, 6L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(3);
    assertThat(stage.info(G).lag()).isEqualTo(1);
  }

  @Test
  void a_group_may_start_from_now_in_the_log_and_in_a_stream() {
    stage.commit("a-1", "A", 3);
    stage.create("log", everything(), new GroupStart.Now(), settings());
    stage.create("stream", stream("a-1"), new GroupStart.Now(), settings());
    stage.create("later", everything(), new GroupStart.After(5), settings());
    List<Consumer> all =
        List.of(stage.join("log", "", 9), stage.join("stream", "", 9), stage.join("later", "", 9));
    stage.run();
    stage.commit("a-1", "A", 1);
    stage.commit("b-1", "A", 2);
    stage.run();

    assertThat(all.get(0).positions()).containsExactly(4L, 5L, 6L);
    assertThat(all.get(1).positions()).containsExactly(4L);
    assertThat(all.get(2).positions()).containsExactly(6L);
  }

  @Test
  void a_filtered_group_moves_its_checkpoint_when_nothing_matches_and_never_over_an_unanswered() {
    stage.create(G, types("Wanted"), settings());
    Consumer consumer = join("one", 100);
    stage.commit("a-1", "Other", 50);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(50);
    assertThat(stage.info(G).lag()).isZero();
    stage.commit("a-1", "Wanted", 1);
    stage.commit("a-1", "Other", 50);
    stage.run();

    assertThat(consumer.positions()).containsExactly(51L);
    assertThat(stage.info(G).checkpoint()).isEqualTo(50);
    assertThat(stage.info(G).lag()).isEqualTo(1);
    stage.pass(Duration.ofSeconds(3));
    stage.crash();
    assertThat(stage.info(G).checkpoint()).isEqualTo(50);
    Consumer again = join("again", 100);
    assertThat(again.positions()).containsExactly(51L);
    again.ack(51L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(101);
  }

  // ---- answers

  @Test
  void the_checkpoint_stays_below_the_first_event_that_is_not_answered() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 5);
    Consumer consumer = join("one", 100);

    consumer.ack(1L, 2L, 4L, 5L);
    stage.run();
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
    consumer.ack(3L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(5);
  }

  @Test
  void answers_for_events_that_a_consumer_does_not_hold_change_nothing() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 3);
    Consumer one = join("one", 2);
    Consumer two = join("two", 1);

    one.ack(3L, 77L, 0L);
    two.nack(NackAction.PARK, "not mine", 1L, 2L, 99L);
    two.nack(NackAction.STOP, "not mine", 1L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isZero();
    assertThat(stage.info(G).inFlight()).isEqualTo(3);
    assertThat(stage.info(G).parked()).isZero();
    assertThat(one.taken + two.taken).isEqualTo(3);
  }

  @Test
  void an_event_that_fails_comes_again_at_once_and_then_after_ever_longer() {
    stage.create(G, everything(), retries(3));
    stage.commit("a-1", "A", 1);
    Consumer consumer = join("one", 100);

    consumer.nack(NackAction.RETRY, "", 1L);
    stage.run();
    assertThat(consumer.got).containsExactly(new Got(1, 0, false), new Got(1, 1, false));
    consumer.nack(NackAction.RETRY, "", 1L);
    stage.run();
    assertThat(consumer.got).hasSize(2);
    assertThat(stage.info(G).retrying()).isEqualTo(1);
    stage.pass(Duration.ofMillis(60));
    assertThat(consumer.got).hasSize(3);
    consumer.nack(NackAction.RETRY, "", 1L);
    stage.pass(Duration.ofMillis(60));
    assertThat(consumer.got).hasSize(3);
    stage.pass(Duration.ofMillis(60));

    assertThat(consumer.got).hasSize(4).last().isEqualTo(new Got(1, 3, false));
  }

  @Test
  void what_failed_goes_before_what_is_new() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 5);
    Consumer consumer = join("one", 2);
    consumer.nack(NackAction.RETRY, "", 2L);
    consumer.allow(2);
    stage.run();

    assertThat(consumer.positions()).containsExactly(1L, 2L, 2L, 3L);
  }

  @Test
  void with_no_retries_the_first_failure_parks() {
    stage.create(G, everything(), retries(0));
    stage.commit("a-1", "A", 2);
    Consumer consumer = join("one", 100);

    consumer.nack(NackAction.RETRY, "broken", 1L);
    stage.run();

    assertThat(stage.parked(G))
        .singleElement()
        .satisfies(
            parked -> {
              assertThat(parked.position()).isEqualTo(1);
              assertThat(parked.stream().value()).isEqualTo("a-1");
              assertThat(parked.version()).isEqualTo(1);
              assertThat(parked.reason()).isEqualTo("broken");
              assertThat(parked.retryCount()).isZero();
            });
    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
  }

  @Test
  void a_skipped_event_is_done() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 2);
    Consumer consumer = join("one", 100);

    consumer.nack(NackAction.SKIP, "", 1L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
    assertThat(stage.info(G).parked()).isZero();
  }

  // ---- time

  @Test
  void what_is_not_answered_in_time_has_failed_and_goes_to_whoever_is_next() {
    stage.create(G, everything(), timeout(Duration.ofSeconds(1), 1));
    stage.commit("a-1", "A", 1);
    Consumer one = join("one", 1);
    Consumer two = join("two", 1);

    stage.pass(Duration.ofSeconds(1));
    assertThat(two.got).isEmpty();
    stage.pass(Duration.ofMillis(40));
    assertThat(two.got).containsExactly(new Got(1, 1, false));
    stage.pass(Duration.ofSeconds(2));

    assertThat(one.got).hasSize(1);
    assertThat(stage.parked(G))
        .singleElement()
        .satisfies(
            parked -> {
              assertThat(parked.reason()).isEqualTo("was not answered within 1 s");
              assertThat(parked.retryCount()).isEqualTo(1);
            });
  }

  @Test
  void a_late_ack_of_an_event_that_is_not_done_yet_counts() {
    stage.create(G, everything(), timeout(Duration.ofSeconds(1), 10));
    stage.commit("a-1", "A", 2);
    Consumer slow = join("slow", 2);
    Consumer other = join("other", 1);
    stage.pass(Duration.ofMillis(1_040));
    assertThat(other.positions()).containsExactly(1L);

    slow.ack(1L, 2L); // the first is with the other now, the second waits
    other.ack(1L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
    assertThat(stage.info(G).inFlight()).isZero();
    assertThat(stage.info(G).consumers()).allMatch(consumer -> consumer.inFlight() == 0);
  }

  @Test
  void a_consumer_slower_than_its_time_out_gets_through_all_the_same() {
    stage.create(G, everything(), timeout(Duration.ofMillis(100), 1_000_000));
    stage.commit("a-1", "A", 20);
    Consumer slow = join("slow", 1_000_000);

    for (long done = 0; done < 20; done++) {
      stage.pass(Duration.ofMillis(300)); // three time-outs for each event
      long oldest = slow.held.keySet().stream().mapToLong(at -> at).min().orElseThrow();
      slow.ack(oldest);
      stage.run();
    }

    assertThat(stage.info(G).checkpoint()).isEqualTo(20);
    assertThat(stage.info(G).parked()).isZero();
  }

  @Test
  void a_pause_of_the_whole_server_makes_nobody_late() {
    stage.create(G, everything(), timeout(Duration.ofMillis(400), 0));
    stage.commit("a-1", "A", 1);
    Consumer consumer = join("one", 100);
    stage.pass(Duration.ofMillis(300));

    stage.suspend(Duration.ofMinutes(5));
    stage.run();
    stage.pass(Duration.ofMillis(900)); // what waited in the sockets is read
    assertThat(stage.info(G).inFlight()).isEqualTo(1);
    consumer.ack(1L);
    stage.run();

    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
    assertThat(stage.info(G).parked()).isZero();
  }

  @Test
  void an_ack_that_came_in_before_the_time_was_looked_at_is_not_late() {
    stage.create(G, everything(), timeout(Duration.ofMillis(200), 0));
    stage.commit("a-1", "A", 1);
    Consumer consumer = join("one", 100);

    stage.tick(Duration.ofMillis(300));
    consumer.ack(1L);
    stage.run();

    assertThat(stage.info(G).parked()).isZero();
    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
  }

  // ---- consumers that come and go

  @Test
  void round_robin_gives_each_its_turn_and_passes_over_who_has_no_credit() {
    stage.create(G, everything(), settings());
    Consumer one = join("one", 100);
    Consumer two = join("two", 1);
    Consumer three = join("three", 100);
    stage.commit("a-1", "A", 7);
    stage.run();

    assertThat(one.positions()).containsExactly(1L, 4L, 6L);
    assertThat(two.positions()).containsExactly(2L);
    assertThat(three.positions()).containsExactly(3L, 5L, 7L);
  }

  @Test
  void a_single_consumer_gets_everything_and_the_next_takes_over() {
    stage.create(G, everything(), with(GroupStrategy.SINGLE, Duration.ofSeconds(30), 10, 500, 100));
    Consumer one = join("one", 3);
    Consumer two = join("two", 100);
    stage.commit("a-1", "A", 5);
    stage.run();

    assertThat(one.positions()).isEqualTo(range(1, 3));
    assertThat(two.got).isEmpty();
    one.ack(1L);
    one.leave();
    stage.run();

    assertThat(two.positions()).isEqualTo(range(2, 5));
    assertThat(one.end).isEqualTo(new GroupConsumer.End.Left());
  }

  @Test
  void what_a_consumer_held_that_is_gone_goes_to_others_and_is_no_failure() {
    stage.create(G, everything(), retries(0));
    stage.commit("a-1", "A", 4);
    Consumer one = join("one", 4);
    one.ack(2L);
    one.leave();
    stage.run();
    assertThat(stage.info(G).inFlight()).isZero();
    Consumer two = join("two", 100);

    assertThat(two.got)
        .containsExactly(new Got(1, 0, false), new Got(3, 0, false), new Got(4, 0, false));
  }

  @Test
  void what_a_consumer_says_after_its_end_is_dropped() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 2);
    Consumer one = join("one", 2);
    one.leave();
    one.ack(1L);
    one.nack(NackAction.STOP, "late", 2L);
    one.allow(5);
    one.leave();
    stage.run();

    assertThat(stage.info(G).checkpoint()).isZero();
    assertThat(stage.info(G).stop()).isNull();
    assertThat(stage.info(G).consumers()).isEmpty();
  }

  @Test
  void a_failure_to_hand_events_to_one_consumer_is_that_ones_alone() {
    stage.create(G, everything(), retries(0));
    Consumer broken = join("broken", 100);
    Consumer other = join("other", 100);
    broken.breaks = true;
    stage.commit("a-1", "A", 6);
    stage.run();

    assertThat(broken.end).isInstanceOf(GroupConsumer.End.Failed.class);
    assertThat(other.end).isNull();
    assertThat(other.positions()).containsExactlyInAnyOrderElementsOf(range(1, 6));
    assertThat(other.got).allMatch(got -> got.retryCount() == 0);
    assertThat(stage.info(G).problem()).isEmpty();
  }

  // ---- pinned

  private static GroupSettings pinned() {
    return with(GroupStrategy.PINNED, Duration.ofSeconds(30), 10, 500, 100);
  }

  private String streamOf(long position) {
    return stage.model.entries().get((int) position - 1).stream().value();
  }

  private List<String> streamsOf(Consumer consumer) {
    return consumer.positions().stream().map(this::streamOf).distinct().sorted().toList();
  }

  private void commitToEach(int streams, int events) {
    for (int i = 0; i < events; i++) {
      for (int stream = 0; stream < streams; stream++) {
        stage.commit("s-" + stream, "A", 1);
      }
    }
  }

  @Test
  void pinned_streams_stay_with_their_consumer_and_are_shared_out_evenly() {
    stage.create(G, everything(), pinned());
    Consumer one = join("one", 1_000);
    Consumer two = join("two", 1_000);
    commitToEach(6, 5);
    stage.run();

    assertThat(streamsOf(one)).hasSize(3);
    assertThat(streamsOf(two)).hasSize(3).doesNotContainAnyElementsOf(streamsOf(one));
    assertThat(one.positions()).isSorted();
    assertThat(two.positions()).isSorted();
  }

  @Test
  void a_pinned_stream_moves_to_a_newcomer_once_nothing_of_it_is_in_flight() {
    stage.create(G, everything(), pinned());
    Consumer one = join("one", 1_000);
    commitToEach(4, 1);
    stage.run();
    Consumer two = join("two", 1_000);
    commitToEach(4, 1);
    stage.run();

    assertThat(two.got).as("all streams are with the other still").isEmpty();
    assertThat(one.positions())
        .containsExactlyInAnyOrderElementsOf(
            LongStream.concat(
                    LongStream.rangeClosed(1, 4),
                    one.positions().stream().mapToLong(at -> at).filter(at -> at > 4))
                .boxed()
                .toList());
    one.ack(1L, 2L, 3L, 4L);
    stage.run();

    assertThat(streamsOf(two)).hasSize(2);
    assertThat(two.positions()).allMatch(at -> at > 4);
    assertThat(stage.info(G).inFlight()).isEqualTo(4);
  }

  @Test
  void pinned_streams_that_were_to_move_are_not_lost_when_the_newcomer_goes_again() {
    stage.create(G, everything(), pinned());
    Consumer one = join("one", 1_000);
    commitToEach(4, 1);
    stage.run();
    Consumer two = join("two", 1_000);
    commitToEach(4, 1);
    stage.run();
    two.leave();
    stage.run();

    assertThat(one.positions()).containsExactlyInAnyOrderElementsOf(range(1, 8));
    one.ackAll();
    stage.run();
    assertThat(stage.info(G).checkpoint()).isEqualTo(8);
  }

  @Test
  void a_pinned_consumer_that_goes_leaves_its_streams_to_the_others_in_order() {
    stage.create(G, everything(), pinned());
    Consumer one = join("one", 1_000);
    Consumer two = join("two", 1_000);
    commitToEach(4, 3);
    stage.run();
    one.leave();
    stage.run();

    for (int stream = 0; stream < 4; stream++) {
      String name = "s-" + stream;
      assertThat(two.positions().stream().filter(at -> streamOf(at).equals(name)))
          .hasSize(3)
          .isSorted();
    }
  }

  @Test
  void a_pinned_consumer_that_never_gives_credit_gets_no_stream() {
    stage.create(G, everything(), pinned());
    Consumer idle = join("idle", 0);
    Consumer busy = join("busy", 1_000);
    commitToEach(4, 2);
    stage.run();

    assertThat(busy.positions()).hasSize(8);
    assertThat(idle.got).isEmpty();
    idle.allow(10);
    busy.ackAll();
    stage.run();
    commitToEach(4, 1);
    stage.run();

    assertThat(streamsOf(idle)).hasSize(2);
  }

  @Test
  void another_strategy_takes_effect_under_load_and_keeps_what_is_in_flight() {
    stage.create(G, everything(), settings());
    Consumer one = join("one", 4);
    Consumer two = join("two", 4);
    stage.commit("s-0", "A", 4); // with both
    commitToEach(2, 6);
    stage.run();
    List<Long> before = List.copyOf(one.held.keySet());

    assertThat(stage.done(stage.groups.update(G, pinned()))).isTrue();
    one.allow(100);
    two.allow(100);
    stage.run();
    assertThat(one.held.keySet().stream().filter(at -> streamOf(at).equals("s-0")))
        .as("a stream waits until nobody holds anything of it")
        .containsExactlyElementsOf(
            before.stream().filter(at -> streamOf(at).equals("s-0")).toList());
    one.ackAll();
    two.ackAll();
    stage.run();

    one.ackAll();
    two.ackAll();
    stage.run();
    assertThat(one.positions().stream().skip(4).map(this::streamOf))
        .doesNotContainAnyElementsOf(two.positions().stream().skip(4).map(this::streamOf).toList());
    assertThat(stage.info(G).checkpoint()).isEqualTo(16);
    assertThat(one.got.size() + two.got.size()).as("nothing twice").isEqualTo(16);
  }

  // ---- stopping

  @Test
  void a_stopped_group_delivers_nothing_until_somebody_joins_anew() {
    stage.create(G, everything(), retries(0));
    stage.commit("a-1", "A", 3);
    Consumer one = join("one", 2);
    Consumer two = join("two", 1);
    one.nack(NackAction.STOP, "no schema", one.positions().getLast());
    stage.run();

    GroupStop stop = requireNonNull(stage.info(G).stop());
    assertThat(stop.consumer()).isEqualTo("one");
    assertThat(stop.reason()).isEqualTo("no schema");
    assertThat(stop.position()).isEqualTo(one.positions().getLast());
    assertThat(one.end).isEqualTo(new GroupConsumer.End.Stopped(stop));
    assertThat(two.end).isEqualTo(new GroupConsumer.End.Stopped(stop));
    stage.crash();
    assertThat(stage.info(G).stop()).as("it is remembered").isEqualTo(stop);
    Consumer next = join("next", 3);

    assertThat(next.got.getFirst()).isEqualTo(new Got(stop.position(), 0, false));
    assertThat(next.positions()).containsExactlyInAnyOrder(1L, 2L, 3L);
    assertThat(stage.info(G).stop()).isNull();
    next.leave();
    stage.run();
    assertThat(join("later", 3).positions()).as("once").isEqualTo(range(1, 3));
  }

  // ---- groups that come and go

  @Test
  void a_deleted_group_ends_its_consumers_and_its_name_is_free() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 3);
    Consumer consumer = join("one", 100);
    consumer.nack(NackAction.PARK, "", 1L);
    assertThat(stage.done(stage.groups.delete(G))).isTrue();

    assertThat(consumer.end).isEqualTo(new GroupConsumer.End.Deleted());
    assertThat(stage.<@Nullable GroupInfo>done(stage.groups.info(G))).isNull();
    assertThat(stage.groups.join(G, "", 1, consumer)).isNull();
    stage.create(G, everything(), settings());
    assertThat(stage.info(G).parked()).isZero();
    assertThat(stage.info(G).checkpoint()).isZero();
    stage.crash();
    assertThat(stage.info(G).parked()).isZero();
  }

  @Test
  void of_two_creations_of_one_name_one_succeeds() {
    GroupDefinition definition =
        new GroupDefinition(G, everything(), new GroupStart.Now(), settings(), GroupStage.START);
    var first = stage.groups.create(definition);
    var second = stage.groups.create(definition);

    assertThat(stage.done(first)).isTrue();
    assertThat(stage.done(second)).isFalse();
    assertThat(stage.done(stage.groups.create(definition))).isFalse();
  }

  @Test
  void a_group_that_could_not_be_stored_is_not_there() {
    stage.store.fault = MemoryGroupStore.Fault.NOT_WRITTEN;
    var created =
        stage.groups.create(
            new GroupDefinition(
                G, everything(), new GroupStart.Now(), settings(), GroupStage.START));
    stage.run();
    assertThat(created).isCompletedExceptionally();
    stage.store.fault = MemoryGroupStore.Fault.NONE;

    assertThat(stage.<@Nullable GroupInfo>done(stage.groups.info(G))).isNull();
    stage.create(G, everything(), settings());
  }
}
