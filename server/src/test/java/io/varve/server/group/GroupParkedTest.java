package io.varve.server.group;

import static io.varve.server.group.GroupStage.everything;
import static io.varve.server.group.GroupStage.settings;
import static io.varve.server.group.GroupStage.stream;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.event.StreamExclusion;
import io.varve.server.group.GroupStage.Consumer;
import io.varve.server.group.GroupStage.Got;
import io.varve.server.storage.StreamChange;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Parked events: listed, delivered again, forgotten. */
class GroupParkedTest {
  private static final String G = "g";

  private final GroupStage stage = new GroupStage();

  @BeforeEach
  void a_group_that_has_parked_one_to_five_of_ten() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("first", 10);
    consumer.nack(NackAction.PARK, "bad", 1L, 2L, 3L, 4L, 5L);
    consumer.ack(6L, 7L, 8L, 9L, 10L);
    consumer.leave();
    stage.run();
    assertThat(stage.parkedPositions(G)).isEqualTo(range(1, 5));
  }

  private Consumer join(String name, long credit) {
    Consumer consumer = stage.join(G, name, credit);
    stage.run();
    return consumer;
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private void expect(long parked, long replaying) {
    GroupInfo info = stage.info(G);
    assertThat(info.parked()).isEqualTo(parked);
    assertThat(info.replaying()).isEqualTo(replaying);
    assertThat(stage.parkedPositions(G)).hasSize((int) parked);
  }

  @Test
  void what_a_consumer_must_not_be_given_is_parked_and_costs_it_no_credit() {
    Consumer consumer = join("two", 1);
    consumer.denied = only("b-1");
    stage.commit("b-1", "B", 3);
    stage.commit("a-1", "A", 1);
    stage.run();

    assertThat(consumer.positions()).containsExactly(14L);
    assertThat(stage.parkedPositions(G)).isEqualTo(range(1, 5, 11, 13));
    consumer.ack(14L);
    assertThat(stage.replay(G)).isEqualTo(8);
    stage.run();
    consumer.denied = StreamExclusion.NONE;
    assertThat(consumer.positions()).as("those of b-1 are parked again").doesNotContain(11L);
    consumer.leave();
    stage.run();
    assertThat(stage.parkedPositions(G)).contains(11L, 12L, 13L);
  }

  @Test
  void whoever_may_not_read_the_stream_of_a_group_is_no_consumer_of_it() {
    stage.create("s", stream("a-1"), settings());
    Consumer consumer = stage.join("s", "one", 2);
    stage.run();
    assertThat(consumer.got).hasSize(2);

    consumer.denied = only("a-1");
    consumer.ackAll();
    stage.run();

    assertThat(consumer.end).isInstanceOf(GroupConsumer.End.Denied.class);
    assertThat(consumer.got).hasSize(2);
    assertThat(stage.info("s").parked()).isZero();
  }

  private static List<Long> range(long from, long to, long further, long last) {
    return LongStream.concat(
            LongStream.rangeClosed(from, to), LongStream.rangeClosed(further, last))
        .boxed()
        .toList();
  }

  private static StreamExclusion only(String excluded) {
    return new StreamExclusion() {
      @Override
      public boolean has(String stream) {
        return stream.equals(excluded);
      }

      @Override
      public boolean isEmpty() {
        return false;
      }

      @Override
      public boolean mayConcern(Query query) {
        return true;
      }
    };
  }

  @Test
  void parked_events_are_out_of_the_way_and_survive() {
    assertThat(stage.info(G).checkpoint()).isEqualTo(10);
    assertThat(stage.info(G).lag()).isZero();
    stage.crash();

    expect(5, 0);
    assertThat(join("two", 100).got).isEmpty();
  }

  @Test
  void a_replay_delivers_each_once_and_those_stay_parked_that_are_not_done() {
    assertThat(stage.replay(G)).isEqualTo(5);
    assertThat(stage.replay(G)).as("they are being replayed already").isZero();
    Consumer consumer = join("two", 100);

    assertThat(consumer.got)
        .containsExactlyElementsOf(
            range(1, 5).stream().map(position -> new Got(position, 0, true)).toList());
    expect(5, 5);
    consumer.ack(1L, 3L);
    consumer.nack(NackAction.SKIP, "", 2L);
    consumer.nack(NackAction.PARK, "bad again", 4L);
    stage.run();

    expect(2, 1);
    assertThat(consumer.got).hasSize(5);
    assertThat(stage.parked(G)).extracting(Parked::reason).containsExactly("bad again", "bad");
  }

  @Test
  void a_replay_sends_nothing_again_that_is_done() {
    stage.replay(G);
    Consumer consumer = join("two", 100);
    consumer.ackAll();
    stage.run();
    expect(0, 0);
    assertThat(stage.replay(G)).isZero();
    stage.run();
    stage.crash();
    Consumer later = join("later", 100);

    assertThat(stage.replay(G)).isZero();
    stage.run();
    assertThat(later.got).isEmpty();
    assertThat(consumer.got).hasSize(5);
  }

  @Test
  void what_is_parked_after_the_request_is_not_part_of_it() {
    stage.replay(G);
    stage.commit("a-1", "A", 1);
    Consumer consumer = join("two", 1); // the first of the replayed
    consumer.nack(NackAction.PARK, "once more", 1L);
    stage.run();
    consumer.allow(100);
    stage.run();

    assertThat(consumer.positions()).containsExactly(1L, 2L, 3L, 4L, 5L, 11L);
    consumer.nack(NackAction.PARK, "", 11L);
    stage.run();
    expect(6, 4);
    assertThat(stage.replay(G)).isEqualTo(2);
  }

  @Test
  void single_events_are_replayed_by_their_positions() {
    assertThat(stage.replay(G, 2L, 4L, 4L, 7L, 99L)).isEqualTo(2);
    assertThat(stage.replay(G, 4L, 5L)).isEqualTo(1);
    Consumer consumer = join("two", 100);

    assertThat(consumer.positions()).containsExactly(2L, 4L, 5L);
    expect(5, 3);
  }

  @Test
  void an_event_can_be_replayed_or_discarded_while_its_parking_is_being_stored() {
    stage.commit("a-1", "A", 2);
    Consumer consumer = join("two", 100);
    consumer.nack(NackAction.PARK, "bad", 11L, 12L);
    stage.tasks.removeFirst().run();
    assertThat(stage.tasks).as("the write").hasSize(1);
    var replayed = stage.groups.replay(G, List.of(11L));
    var discarded = stage.groups.discard(G, List.of(12L));
    stage.tasks.remove(1).run(); // the group, before the write

    assertThat(stage.<@Nullable Long>done(replayed)).isEqualTo(1);
    assertThat(stage.<@Nullable Long>done(discarded)).isEqualTo(1);
    assertThat(consumer.got.getLast()).isEqualTo(new Got(11, 0, true));
    assertThat(stage.parkedPositions(G)).containsExactly(1L, 2L, 3L, 4L, 5L, 11L);
    expect(6, 1);
  }

  @Test
  void a_replay_that_was_asked_for_survives() {
    stage.replay(G, 2L, 4L);
    stage.crash();
    expect(5, 2);
    Consumer consumer = join("two", 100);
    assertThat(consumer.positions()).containsExactly(2L, 4L);
    consumer.ack(2L);
    stage.pass(Duration.ofSeconds(3));
    stage.crash();

    assertThat(join("three", 100).positions()).containsExactly(4L);
    expect(4, 1);
  }

  @Test
  void a_replayed_event_that_fails_too_often_goes_on_being_parked() {
    stage.done(stage.groups.update(G, GroupTest.retries(1)));
    stage.replay(G, 3L);
    Consumer consumer = join("two", 100);
    consumer.nack(NackAction.RETRY, "still", 3L);
    stage.run();
    assertThat(consumer.got).containsExactly(new Got(3, 0, true), new Got(3, 1, true));
    consumer.nack(NackAction.RETRY, "still bad", 3L);
    stage.run();

    expect(5, 0);
    assertThat(stage.parked(G).get(2).reason()).isEqualTo("still bad");
    assertThat(stage.parked(G).get(2).retryCount()).isEqualTo(1);
    assertThat(consumer.got).hasSize(2);
  }

  @Test
  void replayed_events_go_before_new_ones() {
    stage.commit("a-1", "A", 3);
    stage.replay(G, 2L);
    Consumer consumer = join("two", 100);

    assertThat(consumer.positions()).containsExactly(2L, 11L, 12L, 13L);
  }

  @Test
  void a_consumer_that_goes_gives_back_what_was_replayed() {
    stage.replay(G);
    Consumer two = join("two", 100);
    two.leave();
    stage.run();

    assertThat(join("three", 100).got)
        .containsExactlyElementsOf(
            range(1, 5).stream().map(position -> new Got(position, 0, true)).toList());
  }

  @Test
  void discarded_events_are_forgotten_also_while_they_are_replayed() {
    stage.replay(G);
    Consumer consumer = join("two", 2);
    assertThat(stage.discard(G, 1L, 3L, 3L, 77L)).isEqualTo(2); // one in flight, one waiting
    consumer.nack(NackAction.RETRY, "", 1L);
    consumer.allow(100);
    stage.run();

    assertThat(consumer.positions()).containsExactly(1L, 2L, 4L, 5L);
    expect(3, 3);
    assertThat(stage.discard(G)).isEqualTo(3);
    consumer.nack(NackAction.PARK, "", 2L, 4L);
    consumer.ack(5L);
    stage.run();
    expect(0, 0);
    stage.crash();
    expect(0, 0);
    assertThat(join("three", 100).got).isEmpty();
  }

  @Test
  void more_are_replayed_than_are_held_at_a_time() {
    stage.commit("b-1", "B", 700);
    Consumer parker = join("parker", 1_000);
    while (!parker.held.isEmpty()) {
      parker.nack(NackAction.PARK, "", parker.held.keySet().toArray(Long[]::new));
      stage.run();
    }
    parker.leave();
    expect(705, 0);
    stage.done(
        stage.groups.update(
            G, GroupTest.with(GroupStrategy.PINNED, Duration.ofSeconds(30), 1, 50, 20)));
    assertThat(stage.replay(G)).isEqualTo(705);
    Consumer consumer = join("two", 1_000_000);
    while (!consumer.held.isEmpty()) {
      consumer.ackAll();
      stage.run();
    }

    assertThat(consumer.positions()).hasSize(705).doesNotHaveDuplicates();
    expect(0, 0);
  }

  @Test
  void a_parked_event_that_is_reclaimed_or_hidden_is_passed_over_by_a_replay() {
    stage.storage.forget(2);
    stage.decide("a-1", StreamChange.Kind.TRUNCATED, state -> state.truncatedBefore(2));
    List<Parked> parked = stage.parked(G);
    assertThat(stage.groups.event(parked.get(0))).as("hidden").isNull();
    assertThat(stage.groups.event(parked.get(1))).as("reclaimed").isNull();
    assertThat(requireNonNull(stage.groups.event(parked.get(2))).position()).isEqualTo(3);
    stage.replay(G);
    Consumer consumer = join("two", 100);

    assertThat(consumer.positions()).startsWith(3L, 4L, 5L).doesNotContain(1L, 2L);
    assertThat(stage.parkedPositions(G)).containsExactly(3L, 4L, 5L);
  }

  @Test
  void groups_do_not_see_each_others_parked_events() {
    stage.create("other", stream("a-1"), settings());
    Consumer consumer = stage.join("other", "", 100);
    stage.run();
    consumer.nack(NackAction.PARK, "", 4L);
    stage.run();

    assertThat(stage.parkedPositions("other")).containsExactly(4L);
    assertThat(stage.discard("other")).isEqualTo(1);
    assertThat(stage.parkedPositions(G)).isEqualTo(range(1, 5));
  }
}
