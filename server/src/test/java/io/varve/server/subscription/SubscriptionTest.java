package io.varve.server.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.subscription.Stage.Member;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionTest {
  private static final SubscriptionStart FROM_START = new SubscriptionStart.After(0);
  private static final SubscriptionStart FROM_NOW = new SubscriptionStart.Now();
  private static final long MUCH = 1_000_000;

  private Stage stage = stage(100_000, 1_000, 50);

  @AfterEach
  void no_promise_was_broken() {
    assertThat(stage.violations).isEmpty();
  }

  private static Stage stage(long recentBytes, int pageBytes, int checkpointAfterEvents) {
    return new Stage(
        new SubscriptionSettings(recentBytes, pageBytes, checkpointAfterEvents, Stage.IDLE));
  }

  // ---- one after the other

  @Test
  void a_subscriber_is_confirmed_then_caught_up_then_gets_what_is_committed() {
    stage.commit("s", "A", 2);
    Member member = stage.toLog(Query.everything(), FROM_START);
    member.allow(MUCH);
    stage.run();
    assertThat(member.said).containsExactly("confirmed", "events", "caught up");

    stage.commit("s", "A", 1);
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "events", "caught up", "events");
    assertThat(member.delivered).containsExactly(1L, 2L, 3L);
  }

  @Test
  void a_subscriber_from_now_gets_only_what_comes_after() {
    stage.commit("s", "A", 5);
    Member log = stage.toLog(Query.everything(), FROM_NOW);
    Member stream = stage.toStream(new StreamId("s"), FROM_NOW);
    stage.commit("s", "A", 1);
    log.allow(MUCH);
    stream.allow(MUCH);
    stage.run();

    assertThat(log.delivered).containsExactly(6L);
    assertThat(stream.delivered).containsExactly(6L);
  }

  @Test
  void nothing_is_said_to_a_subscriber_that_is_not_ready() {
    Member member = stage.toLog(Query.everything(), FROM_START);
    stage.commit("s", "A", 3);
    stage.run();
    assertThat(member.said).isEmpty();

    member.allow(1);
    stage.run();
    assertThat(member.said).containsExactly("confirmed");
    member.allow(1);
    stage.run();
    assertThat(member.said).containsExactly("confirmed", "events");
  }

  @Test
  void a_stream_that_does_not_exist_yet_is_waited_for() {
    stage.commit("other", "A", 3);
    Member member = stage.toStream(new StreamId("later"), FROM_START);
    member.allow(MUCH);
    stage.run();
    assertThat(member.said).containsExactly("confirmed", "caught up");

    stage.commit("other", "A", 1);
    stage.commit("later", "A", 2);
    stage.run();

    assertThat(member.delivered).containsExactly(5L, 6L);
  }

  @Test
  void a_subscription_ahead_of_its_stream_or_of_the_log_leaves_out_what_comes_before() {
    stage.commit("s", "A", 2);
    Member stream = stage.toStream(new StreamId("s"), new SubscriptionStart.After(4));
    Member log = stage.toLog(Query.everything(), new SubscriptionStart.After(7));
    stream.allow(MUCH);
    log.allow(MUCH);
    for (int i = 0; i < 6; i++) {
      stage.run();
      stage.commit("s", "A", 1);
    }
    stage.run();

    assertThat(stream.delivered).containsExactly(5L, 6L, 7L, 8L);
    assertThat(log.delivered).containsExactly(8L);
  }

  @Test
  void an_idle_subscriber_hears_where_it_is_every_few_seconds_and_not_more_often() {
    Member member = stage.toLog(Stage.types("B"), FROM_START);
    member.allow(MUCH);
    stage.commit("s", "A", 3);
    stage.run();
    member.said.clear();
    for (int i = 0; i < 23; i++) {
      stage.pass(Duration.ofMillis(500));
      stage.run();
    }
    assertThat(member.said).hasSize(2).containsOnly("checkpoint");
    assertThat(member.known).isEqualTo(3);
  }

  @Test
  void a_level_filtered_subscriber_knows_where_it_is_within_the_promised_distance() {
    stage = stage(100_000, 1, 15); // a page is a commit of ten events
    Member member = stage.toLog(Stage.types("B"), FROM_START);
    member.allow(MUCH);
    stage.run();
    long last = 0;
    for (int i = 1; i <= 20; i++) {
      stage.commit("s", "A", 10);
      stage.run();
      assertThat(10L * i - member.known).isLessThan(25);
      assertThat(member.known).isGreaterThanOrEqualTo(last);
      last = member.known;
    }
    assertThat(member.said).containsOnlyOnce("caught up").contains("checkpoint");
  }

  @Test
  void what_does_not_match_is_passed_over_in_one_step_and_not_looked_at() {
    stage = stage(1, 1_000, 15); // nothing in memory but the newest
    for (int i = 0; i < 40; i++) {
      stage.commit("s", "A", 10);
    }
    Member none = stage.toLog(Stage.types("B"), FROM_START);
    none.allow(MUCH);
    int before = stage.storage.logReads();
    stage.run();

    assertThat(none.said).containsExactly("confirmed", "caught up");
    assertThat(none.known).isEqualTo(400);
    assertThat(stage.storage.logReads()).isEqualTo(before);
  }

  @Test
  void a_step_that_passes_over_much_is_followed_by_a_word_about_it() {
    stage = stage(1, 1_000, 15);
    stage.commit("s", "B", 1);
    for (int i = 0; i < 40; i++) {
      stage.commit("s", "A", 10);
    }
    Member member = stage.toLog(Stage.types("B"), FROM_START);
    member.allow(2);
    stage.run();
    assertThat(member.said).containsExactly("confirmed", "events");
    stage.commit("s", "A", 10);
    member.allow(1);
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "events", "checkpoint");
    assertThat(member.known).isEqualTo(401);
  }

  // ---- level and behind

  @Test
  void a_level_subscriber_that_is_slower_than_memory_is_told_and_loses_nothing() {
    stage = stage(1, 500, 50);
    Member member = stage.toLog(Query.everything(), FROM_START);
    member.allow(2);
    stage.run();
    assertThat(member.said).containsExactly("confirmed", "caught up");
    for (int i = 0; i < 5; i++) {
      stage.commit("s", "A", 3);
    }
    stage.run();
    member.allow(MUCH);
    stage.run();

    assertThat(member.said.subList(2, member.said.size()))
        .startsWith("fell behind", "events")
        .endsWith("caught up");
    assertThat(member.delivered).hasSize(15);
  }

  @Test
  void an_event_that_is_not_in_memory_yet_does_not_look_like_one_that_has_left() {
    Member member = stage.toLog(Query.everything(), FROM_START);
    member.allow(MUCH);
    stage.run();
    stage.commit("s", "A", 1);
    stage.run();
    for (int i = 0; i < 5; i++) {
      var runs = stage.write(List.of(Stage.draft("s", "A", 500 + i, 10)));
      member.signal(); // between the move of the head and the publication
      stage.run();
      stage.publish(runs);
      stage.run();
    }

    assertThat(member.said).doesNotContain("fell behind");
    assertThat(member.delivered).hasSize(6);
  }

  @Test
  void what_is_kept_in_memory_is_bounded_by_what_it_takes_there() {
    RecentCommits recent = new RecentCommits(100_000);
    for (int i = 0; i < 5_000; i++) {
      stage.write(List.of(Stage.draft("s", "A", i, 0))).forEach(recent::add);
    }

    long oldest = 1;
    while (recent.holding(oldest) == null) {
      oldest++;
    }
    long kept = 5_000 - oldest + 1;
    assertThat(kept).isBetween(50L, 250L); // about 600 bytes each, all objects counted
    assertThat(recent.isPast(oldest - 1)).isTrue();
    assertThat(recent.isPast(oldest)).isFalse();
    assertThat(recent.isPast(5_001)).isFalse();
  }

  // ---- ends

  @Test
  void a_subscriber_that_becomes_ready_while_its_turn_ends_gets_another() {
    stage.commit("s", "A", 3);
    Member member = stage.toLog(Query.everything(), FROM_START);
    member.afterNotReady =
        () -> {
          member.afterNotReady = () -> {};
          member.allow(MUCH);
        };
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "events", "caught up");
  }

  @Test
  void a_commit_while_subscribers_are_woken_wakes_those_too_that_have_had_their_turn() {
    Member one = stage.toLog(Query.everything(), FROM_START);
    Member other = stage.toLog(Query.everything(), FROM_START);
    one.allow(MUCH);
    other.allow(MUCH);
    stage.run();
    stage.commit("s", "A", 1);
    int[] woken = {0};
    stage.afterSubmit =
        () -> {
          if (++woken[0] == 2) { // whoever was woken first is done before the second is
            stage.tasks.removeFirst().run();
            stage.commit("s", "A", 1);
          }
        };
    stage.run();

    assertThat(woken[0]).isGreaterThanOrEqualTo(2);
    assertThat(one.delivered).containsExactly(1L, 2L);
    assertThat(other.delivered).containsExactly(1L, 2L);
  }

  @Test
  void what_is_hidden_of_a_stream_is_not_delivered_though_it_is_in_memory() {
    stage.commit("s", "A", 5);
    stage.truncate("s", 4);
    StreamId stream = new StreamId("s");
    Member member =
        stage.new Member(0, entry -> entry.stream().equals(stream) && entry.version() >= 4);
    member.subscription = stage.subscriptions.toStream(stream, FROM_START, member);
    member.allow(MUCH);
    stage.run();

    assertThat(member.delivered).containsExactly(4L, 5L);
  }

  @Test
  void nothing_is_delivered_after_the_close() {
    Member member = stage.toLog(Query.everything(), FROM_START);
    member.allow(MUCH);
    stage.commit("s", "A", 3);
    member.close();
    stage.run();
    stage.commit("s", "A", 3);
    stage.run();

    assertThat(member.said).isEmpty();
    assertThat(stage.subscriptions.count()).isZero();
  }

  @Test
  void every_subscriber_is_told_that_the_server_stops_and_hears_nothing_more() {
    Member member = stage.toLog(Query.everything(), FROM_START);
    Member unready = stage.toLog(Query.everything(), FROM_START);
    member.allow(MUCH);
    stage.run();
    stage.subscriptions.close();
    stage.run();
    Member late = stage.toLog(Query.everything(), FROM_START);
    late.allow(MUCH);
    stage.run();
    stage.commit("s", "A", 3);
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "caught up", "stopping");
    assertThat(unready.said).containsExactly("stopping");
    assertThat(late.said).containsExactly("stopping");
  }

  @Test
  void a_read_that_fails_ends_the_subscription_with_a_word() {
    stage.storage.beforeLookUp(
        () -> {
          throw new IllegalStateException("the disk is gone");
        });
    Member member = stage.toStream(new StreamId("s"), FROM_START);
    stage.write(List.of(Stage.draft("s", "A", 500, 10)));
    member.allow(MUCH);
    stage.run();
    stage.commit("s", "A", 1);
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "failed");
  }

  @Test
  void an_error_ends_the_subscription_with_a_word_too() {
    stage.storage.beforeLookUp(
        () -> {
          throw new StackOverflowError("too deep");
        });
    Member member = stage.toStream(new StreamId("s"), FROM_START);
    stage.write(List.of(Stage.draft("s", "A", 500, 10)));
    member.allow(MUCH);
    stage.run();

    assertThat(member.said).containsExactly("confirmed", "failed");
  }

  // ---- everything at once

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatever_happens_in_whatever_order_everybody_gets_everything_once_and_in_order(long seed) {
    Random random = new Random(seed);
    stage = stage(1 + random.nextInt(30_000), 1 + random.nextInt(3_000), 20);
    for (int i = 0; i < 2_500; i++) {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3 -> stage.randomCommit(random);
        case 4 -> join(random);
        case 5, 6, 7 -> anybody(random, member -> member.allow(1 + random.nextInt(4)));
        case 8 -> anybody(random, Member::signal);
        case 9 -> stage.pass(Duration.ofMillis(random.nextInt(9_000)));
        case 10 ->
            anybody(
                random,
                member -> {
                  if (random.nextInt(20) == 0) {
                    member.close();
                  }
                });
        default -> stage.runOne(random);
      }
    }
    stage.members.stream().filter(member -> !member.over).forEach(member -> member.allow(MUCH));
    stage.run();

    assertThat(stage.model.head()).isGreaterThan(1_000);
    for (Member member : stage.members) {
      if (member.over) {
        assertThat(member.delivered)
            .isEqualTo(member.expected().subList(0, member.delivered.size()));
        continue;
      }
      assertThat(member.delivered).as("seed %d", seed).isEqualTo(member.expected());
      assertThat(member.level).as("level in the end").isTrue();
    }
    assertResumes(random);
  }

  /**
   * A subscription that resumes after any position it was told gets the rest, and nothing twice.
   */
  private void assertResumes(Random random) {
    Query query = Stage.types("T1", "T2");
    Member original = stage.toLog(query, FROM_START);
    original.allow(MUCH);
    stage.run();
    for (int i = 0; i < 10; i++) {
      long from = original.resumable.get(random.nextInt(original.resumable.size()));
      Member resumed = stage.toLog(query, new SubscriptionStart.After(from));
      resumed.allow(MUCH);
      stage.run();
      assertThat(resumed.delivered)
          .isEqualTo(original.delivered.stream().filter(position -> position > from).toList());
    }
  }

  private void join(Random random) {
    SubscriptionStart start =
        random.nextInt(3) == 0
            ? FROM_NOW
            : new SubscriptionStart.After(random.nextLong(stage.model.head() + 30));
    if (random.nextBoolean()) {
      stage.toStream(new StreamId("s-" + random.nextInt(5)), start);
    } else {
      Query query =
          switch (random.nextInt(3)) {
            case 0 -> Query.everything();
            case 1 -> Stage.types("T1");
            default -> Stage.types("T1", "T3", "nothing");
          };
      stage.toLog(query, start);
    }
  }

  private void anybody(Random random, Consumer<Member> action) {
    List<Member> open = stage.members.stream().filter(member -> !member.over).toList();
    if (!open.isEmpty()) {
      action.accept(open.get(random.nextInt(open.size())));
    }
  }
}
