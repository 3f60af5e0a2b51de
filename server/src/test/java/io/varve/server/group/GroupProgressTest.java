package io.varve.server.group;

import static io.varve.server.group.GroupStage.everything;
import static io.varve.server.group.GroupStage.settings;
import static io.varve.server.group.GroupStage.stream;
import static io.varve.server.group.GroupStage.types;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.group.GroupStage.Consumer;
import io.varve.server.group.GroupStage.Got;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.StreamChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What survives, what is stored when, and what stands in the way. */
class GroupProgressTest {
  private static final String G = "g";

  private final GroupStage stage = new GroupStage();

  private Consumer join(String name, long credit) {
    Consumer consumer = stage.join(G, name, credit);
    stage.run();
    return consumer;
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private static GroupSettings storing(int afterEvents, Duration after) {
    GroupSettings usual = settings();
    return new GroupSettings(
        usual.strategy(),
        usual.ackTimeout(),
        usual.maxRetries(),
        usual.bufferSize(),
        usual.maxInFlight(),
        afterEvents,
        after);
  }

  // ---- storing

  @Test
  void progress_is_stored_after_so_many_events_or_so_much_time() {
    stage.create(G, everything(), storing(3, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("one", 100);
    int before = stage.store.writes;

    consumer.ack(1L, 2L);
    stage.run();
    assertThat(stage.store.writes).isEqualTo(before);
    consumer.ack(3L);
    stage.run();
    assertThat(stage.store.writes).isEqualTo(before + 1);
    consumer.ack(4L);
    stage.pass(Duration.ofMillis(1_900));
    assertThat(stage.store.writes).isEqualTo(before + 1);
    stage.pass(Duration.ofMillis(200));

    assertThat(stage.store.writes).isEqualTo(before + 2);
    stage.pass(Duration.ofSeconds(10));
    assertThat(stage.store.writes).as("nothing changes, nothing is stored").isEqualTo(before + 2);
  }

  @Test
  void groups_that_are_due_share_a_write() {
    for (int i = 0; i < 20; i++) {
      stage.create("g" + i, everything(), storing(1_000, Duration.ofSeconds(1)));
      stage.join("g" + i, "", 100);
    }
    stage.run();
    stage.pass(Duration.ofSeconds(2));
    int writes = stage.store.writes;
    int changes = stage.store.changesWritten;
    stage.commit("a-1", "A", 10);
    stage.run();
    stage.consumers.forEach(Consumer::ackAll);
    stage.pass(Duration.ofSeconds(2));

    assertThat(stage.store.changesWritten - changes).isGreaterThanOrEqualTo(20);
    assertThat(stage.store.writes - writes).isLessThanOrEqualTo(6);
  }

  @Test
  void after_a_crash_what_was_stored_is_done_and_all_else_comes_again_with_its_count() {
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 6);
    Consumer one = join("one", 5);
    one.nack(NackAction.RETRY, "", 2L);
    one.ack(1L, 4L);
    stage.run();
    stage.crash();
    Consumer two = join("two", 100);

    assertThat(two.got)
        .containsExactly(
            new Got(2, 1, false), new Got(3, 0, false), new Got(5, 0, false), new Got(6, 0, false));
  }

  @Test
  void a_server_that_is_stopped_forgets_nothing() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 4);
    Consumer one = join("one", 100);
    one.ack(1L, 2L, 4L);
    stage.run();
    stage.restart();

    assertThat(one.end).isEqualTo(new GroupConsumer.End.ServerStopping());
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
    assertThat(join("two", 100).positions()).containsExactly(3L);
  }

  @Test
  void settings_survive() {
    stage.create(G, types("A"), storing(7, Duration.ofSeconds(9)));
    assertThat(stage.done(stage.groups.update(G, storing(8, Duration.ofSeconds(10))))).isTrue();
    stage.crash();

    assertThat(stage.info(G).definition().settings()).isEqualTo(storing(8, Duration.ofSeconds(10)));
    assertThat(stage.info(G).definition().source()).isEqualTo(types("A"));
  }

  // ---- a disk that fails

  @Test
  void a_group_whose_progress_cannot_be_stored_says_so_delivers_nothing_and_goes_on_by_itself() {
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 4);
    Consumer consumer = join("one", 2);
    stage.pass(Duration.ofSeconds(3));
    stage.store.fault = MemoryGroupStore.Fault.NOT_WRITTEN;
    consumer.ack(1L);
    stage.run();

    assertThat(stage.info(G).problem()).isEqualTo("progress cannot be stored: the disk is full");
    consumer.allow(100);
    consumer.ack(2L);
    stage.pass(Duration.ofSeconds(5));
    assertThat(consumer.got).hasSize(2);
    stage.store.fault = MemoryGroupStore.Fault.NONE;
    stage.pass(Duration.ofSeconds(2));

    assertThat(stage.info(G).problem()).isEmpty();
    assertThat(consumer.positions()).isEqualTo(range(1, 4));
    stage.crash();
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
  }

  @Test
  void an_event_is_parked_once_whatever_became_of_the_write() {
    for (MemoryGroupStore.Fault fault :
        List.of(MemoryGroupStore.Fault.NOT_WRITTEN, MemoryGroupStore.Fault.WRITTEN_AND_NOT_TOLD)) {
      String group = "g-" + fault;
      stage.create(group, everything(), settings());
      if (stage.model.head() == 0) {
        stage.commit("a-1", "A", 3);
      }
      Consumer consumer = stage.join(group, "one", 100);
      stage.run();
      stage.store.fault = fault;
      consumer.nack(NackAction.PARK, "bad", 2L);
      stage.pass(Duration.ofSeconds(3));
      stage.store.fault = MemoryGroupStore.Fault.NONE;
      stage.crash();
      Consumer again = stage.join(group, "again", 100);
      stage.run();
      for (Got got : List.copyOf(again.got)) {
        if (got.position() == 2) {
          again.nack(NackAction.PARK, "bad", 2L);
        }
      }
      stage.run();

      assertThat(stage.info(group).parked()).isEqualTo(1);
      assertThat(stage.parkedPositions(group)).containsExactly(2L);
      assertThat(again.positions().contains(2L))
          .isEqualTo(fault == MemoryGroupStore.Fault.NOT_WRITTEN);
    }
  }

  @Test
  void a_group_that_cannot_read_says_so_and_goes_on_by_itself() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 50, 200); // more than is kept in memory
    stage.storage.beforeRead(
        () -> {
          throw new StorageException("a bad sector");
        });
    Consumer consumer = join("one", 100);

    assertThat(stage.info(G).problem()).isEqualTo("events cannot be read: a bad sector");
    assertThat(consumer.end).isNull();
    stage.pass(Duration.ofSeconds(3));
    assertThat(stage.info(G).problem()).isNotEmpty();
    stage.storage.beforeRead(() -> {});
    stage.pass(Duration.ofMillis(1_100));

    assertThat(stage.info(G).problem()).isEmpty();
    assertThat(consumer.positions()).isEqualTo(range(1, 50));
  }

  @Test
  void an_event_that_cannot_be_read_again_is_with_nobody_and_has_not_failed() {
    stage.create(G, everything(), GroupTest.retries(1));
    stage.commit("a-1", "A", 2);
    Consumer consumer = join("one", 100);
    stage.storage.beforeRead(
        () -> {
          throw new StorageException("a bad sector");
        });
    consumer.nack(NackAction.RETRY, "", 1L);
    stage.run();

    assertThat(stage.info(G).inFlight()).isEqualTo(1);
    assertThat(stage.info(G).retrying()).isEqualTo(1);
    assertThat(stage.info(G).problem()).isNotEmpty();
    stage.storage.beforeRead(() -> {});
    stage.pass(Duration.ofMillis(1_100));
    assertThat(consumer.got).hasSize(3).last().isEqualTo(new Got(1, 1, false));
  }

  @Test
  void a_group_that_fails_as_it_should_not_begins_anew_from_what_is_stored() {
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 50, 200);
    Consumer consumer = join("one", 10);
    consumer.ack(1L, 2L);
    stage.run();
    stage.storage.beforeRead(
        () -> {
          throw new IllegalStateException("nobody has thought of this");
        });
    consumer.allow(40);
    stage.run();

    assertThat(consumer.end).isInstanceOf(GroupConsumer.End.Failed.class);
    stage.storage.beforeRead(() -> {});
    stage.pass(Duration.ofMillis(1_100));
    assertThat(stage.info(G).problem()).isEmpty();
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
    assertThat(join("two", 100).positions()).isEqualTo(range(3, 50));
  }

  @Test
  void a_group_that_begins_anew_while_its_progress_cannot_be_stored_goes_on_once_it_has() {
    Consumer consumer = consumerOfFiftyOfWhich(2);
    stage.store.fault = MemoryGroupStore.Fault.NOT_WRITTEN;
    consumer.ack(3L);
    stage.tasks.removeFirst().run(); // the turn, which has it stored
    failUnexpectedly(consumer);
    stage.run(); // only now it turns out that it cannot be stored
    stage.store.fault = MemoryGroupStore.Fault.NONE;
    stage.pass(Duration.ofSeconds(3));

    assertThat(stage.info(G).problem()).isEmpty();
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
    assertThat(join("two", 100).positions()).isEqualTo(range(3, 50));
  }

  @Test
  void a_group_that_begins_anew_and_finds_damage_delivers_nothing_and_leaves_it_as_it_is() {
    Consumer consumer = consumerOfFiftyOfWhich(2);
    failUnexpectedly(consumer);
    stage.store.damage = "the progress does not match its checksum";
    stage.pass(Duration.ofSeconds(3));

    assertThat(stage.info(G).problem()).isEqualTo(stage.store.damage);
    assertThat(join("two", 100).positions()).isEmpty();
    assertThat(stage.done(stage.groups.update(G, storing(2, Duration.ofSeconds(1))))).isTrue();
    stage.pass(Duration.ofSeconds(3));
    stage.restart();
    stage.store.damage = "";
    stage.crash();
    assertThat(stage.info(G).checkpoint()).isEqualTo(2);
  }

  /** Has ten of fifty events, too large to be kept in memory, and has answered the first ones. */
  private Consumer consumerOfFiftyOfWhich(int acked) {
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 50, 200);
    Consumer consumer = join("one", 10);
    consumer.ack(range(1, acked));
    stage.run();
    return consumer;
  }

  /** The group's next turn fails as it should not. */
  private void failUnexpectedly(Consumer consumer) {
    stage.storage.beforeRead(
        () -> {
          throw new IllegalStateException("nobody has thought of this");
        });
    consumer.allow(40);
    stage.tasks.removeLast().run();
    assertThat(consumer.end).isInstanceOf(GroupConsumer.End.Failed.class);
    stage.storage.beforeRead(() -> {});
  }

  // ---- removed ranges

  @Test
  void a_truncated_range_is_passed_over_wherever_the_group_stands() {
    stage.commit("a-1", "A", 10);
    stage.create(G, stream("a-1"), settings());
    Consumer consumer = join("one", 4);
    consumer.nack(NackAction.RETRY, "", 2L);
    consumer.leave();
    stage.run();
    stage.decide("a-1", StreamChange.Kind.TRUNCATED, state -> state.truncatedBefore(8));
    Consumer again = join("again", 100);

    assertThat(again.positions()).isEqualTo(range(8, 10));
    assertThat(stage.info(G).checkpoint()).isEqualTo(7);
    again.ackAll();
    stage.run();
    assertThat(stage.info(G).checkpoint()).isEqualTo(10);
    assertThat(stage.info(G).lag()).isZero();
  }

  @Test
  void a_deleted_stream_holds_up_nothing_and_goes_on_when_it_is_opened_again() {
    stage.commit("a-1", "A", 5);
    stage.create(G, stream("a-1"), settings());
    Consumer consumer = join("one", 2);
    stage.decide("a-1", StreamChange.Kind.DELETED, state -> state.deletedAt(5));
    stage.run();
    consumer.allow(100);
    stage.run();

    assertThat(consumer.positions()).isEqualTo(range(1, 2));
    consumer.ackAll();
    stage.run();
    assertThat(stage.info(G).lag()).isZero();
    stage.commit("a-1", "A", 2);
    stage.run();

    assertThat(consumer.positions()).containsExactly(1L, 2L, 7L, 8L);
    consumer.ackAll();
    stage.run();
    assertThat(stage.info(G).checkpoint()).isEqualTo(7);
  }

  @Test
  void reclaimed_events_of_the_log_are_passed_over_also_at_the_checkpoint() {
    stage.commit("a-1", "A", 40, 200);
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    Consumer consumer = join("one", 5);
    consumer.ack(1L, 2L);
    stage.run();
    stage.crash(); // 3 to 5 are to come again
    for (long position = 2; position <= 38; position++) {
      stage.storage.forget(position);
    }
    Consumer again = join("again", 100);

    assertThat(again.positions()).containsExactly(39L, 40L);
    again.ackAll();
    stage.run();
    assertThat(stage.info(G).checkpoint()).isEqualTo(40);
    assertThat(stage.info(G).lag()).isZero();
  }

  @Test
  void an_event_to_be_parked_that_is_reclaimed_is_not_parked() {
    stage.commit("a-1", "A", 2);
    stage.create(G, everything(), settings());
    Consumer consumer = join("one", 100);
    stage.storage.forget(1);
    consumer.nack(NackAction.PARK, "bad", 1L);
    stage.run();

    assertThat(stage.info(G).parked()).isZero();
    assertThat(stage.info(G).checkpoint()).isEqualTo(1);
  }

  // ---- a log that was put back

  @Test
  void a_group_ahead_of_a_log_that_was_put_back_is_set_back_and_says_so_also_later() {
    stage.create(G, everything(), storing(1, Duration.ofSeconds(2)));
    stage.create("behind", everything(), storing(1, Duration.ofSeconds(2)));
    stage.create("later", everything(), new GroupStart.After(1_000), settings());
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("one", 100);
    consumer.nack(NackAction.PARK, "bad", 3L, 9L);
    consumer.ack(1L, 2L, 4L, 6L, 7L, 8L);
    stage.run();

    GroupStage shorter = afterPuttingBack(6);
    GroupInfo info = shorter.info(G);
    assertThat(info.checkpoint()).isEqualTo(4);
    assertThat(info.problem())
        .startsWith("the log ended at position 6 when the store was opened")
        .contains("had come to 10");
    assertThat(info.parked()).isEqualTo(1);
    assertThat(shorter.parkedPositions(G)).containsExactly(3L);
    assertThat(shorter.info("behind").problem()).isEmpty();
    assertThat(shorter.info("later").problem()).isEmpty();
    assertThat(shorter.info("later").checkpoint()).isEqualTo(1_000);

    // The second start, with a log that has grown past where the group had been.
    shorter.commit("a-1", "A", 20);
    shorter.crash();
    assertThat(shorter.info(G).problem()).isEqualTo(info.problem());
    Consumer again = shorter.join(G, "again", 100);
    shorter.run();
    assertThat(again.positions()).isEqualTo(range(5, 26).stream().filter(at -> at != 6).toList());

    assertThat(shorter.done(shorter.groups.update(G, settings()))).isTrue();
    assertThat(shorter.info(G).problem()).isEmpty();
    shorter.crash();
    assertThat(shorter.info(G).problem()).isEmpty();
  }

  @Test
  void a_group_on_a_stream_is_set_back_in_the_stream() {
    stage.create(G, stream("a-1"), storing(1, Duration.ofSeconds(2)));
    stage.commit("a-1", "A", 10);
    Consumer consumer = join("one", 100);
    consumer.ackAll();
    stage.run();

    GroupStage shorter = afterPuttingBack(6);
    assertThat(shorter.info(G).checkpoint()).isEqualTo(6);
    shorter.commit("a-1", "A", 2);
    Consumer again = shorter.join(G, "again", 100);
    shorter.run();

    assertThat(again.positions()).containsExactly(7L, 8L);
  }

  /** The same groups, over a log that ends after so many events of the same. */
  private GroupStage afterPuttingBack(int events) {
    GroupStage log = new GroupStage();
    log.commit("a-1", "A", events);
    GroupStage shorter =
        new GroupStage(GroupLimits.defaults(), log.storage, stage.store, log.model);
    return shorter;
  }

  // ---- many, and large

  @Test
  void a_hundred_groups_on_one_busy_log_read_it_from_memory() {
    for (int i = 0; i < 100; i++) {
      stage.create(
          "g" + i,
          i % 3 == 0 ? types("A") : i % 3 == 1 ? stream("s-" + i % 4) : everything(),
          settings());
      stage.join("g" + i, "", 1_000_000);
    }
    stage.run();
    int reads = stage.storage.logReads();
    for (int round = 0; round < 50; round++) {
      stage.commit("s-" + round % 4, round % 2 == 0 ? "A" : "B", 3);
      stage.run();
      stage.consumers.forEach(Consumer::ackAll);
      stage.run();
    }

    assertThat(stage.storage.logReads() - reads).isZero();
    for (int i = 0; i < 100; i++) {
      assertThat(stage.info("g" + i).lag()).isZero();
    }
  }

  @Test
  void stalled_groups_with_large_events_hold_no_more_than_the_store_allows() {
    long bound = 3_000_000;
    GroupStage large = new GroupStage(new GroupLimits(bound));
    List<Consumer> stalled = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      large.commit("s-" + i, "A", 1, 500_000);
    }
    for (int i = 0; i < 30; i++) {
      String name = "g" + i;
      large.create(
          name,
          new GroupSource.OfLog(Query.everything()),
          i % 2 == 0
              ? settings()
              : GroupTest.with(GroupStrategy.PINNED, Duration.ofSeconds(30), 10, 500, 2));
      stalled.add(large.join(name, "one", 1));
      stalled.add(large.join(name, "two", 1));
      large.run();
      assertThat(large.groups.heldBytes()).isLessThanOrEqualTo(bound);
    }
    stalled.forEach(consumer -> assertThat(consumer.got).hasSize(1));

    for (int round = 0; round < 40; round++) {
      for (Consumer consumer : stalled) {
        consumer.ackAll();
        consumer.allow(2);
      }
      large.run();
      assertThat(large.groups.heldBytes()).isLessThanOrEqualTo(bound);
    }

    for (int i = 0; i < 30; i++) {
      assertThat(large.info("g" + i).checkpoint()).isEqualTo(30);
    }
    assertThat(large.groups.heldBytes()).as("nothing is left over").isZero();
  }

  @Test
  void what_is_held_is_let_go_of_when_the_last_consumer_goes() {
    stage.create(G, everything(), settings());
    stage.commit("a-1", "A", 100, 200);
    Consumer consumer = join("one", 3);
    assertThat(stage.groups.heldBytes()).isPositive();
    consumer.leave();
    stage.run();

    assertThat(stage.groups.heldBytes()).isZero();
    assertThat(join("two", 1_000).positions()).isEqualTo(range(1, 100));
  }
}
