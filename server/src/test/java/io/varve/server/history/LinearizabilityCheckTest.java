package io.varve.server.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Tracking;
import io.varve.server.history.Call.Condition;
import io.varve.server.history.Call.Draft;
import io.varve.server.history.Call.Part;
import io.varve.server.history.Call.Write;
import io.varve.server.history.PlainStore.Fault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever judges is judged first: histories of which one knows whether they are linearizable. */
class LinearizabilityCheckTest {
  private static final int RUNS = Integer.getInteger("varve.histories.small", 1_000);
  private static final long SEED = Long.getLong("varve.seed", 1);

  private static final String S = "s-1";
  private static final String OTHER = "s-2";
  private static final ExpectedVersion ANY = new ExpectedVersion.Any();
  private static final ExpectedVersion NO_STREAM = new ExpectedVersion.NoStream();
  private static final Selection TAGGED = new Selection(Set.of(), Set.of("tag"));

  private final List<Operation> operations = new ArrayList<>();
  private final List<LoggedEvent> log = new ArrayList<>();

  // ---- made up by hand

  @Test
  void what_one_caller_does_after_the_other_is_right() {
    happened(0, 1, append(S, NO_STREAM, 1), written(1, 1));
    happened(2, 3, append(S, exactly(1), 2), written(2, 2));
    happened(4, 5, append(S, exactly(1), 3), new Answer.Conflict(S, 2));
    happened(6, 7, new Call.VersionOf(S), new Answer.Value(2));
    logged(S, 1, 1);
    logged(S, 2, 2);

    assertAccepted();
  }

  @Test
  void a_read_beside_a_write_may_see_it_or_not() {
    happened(0, 10, append(S, ANY, 1), written(1, 1));
    happened(1, 9, new Call.VersionOf(S), new Answer.Value(1));
    happened(1, 9, new Call.VersionOf(S), new Answer.NotFound());
    logged(S, 1, 1);

    assertAccepted();
  }

  @Test
  void a_stale_read_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, new Call.VersionOf(S), new Answer.NotFound());
    logged(S, 1, 1);

    assertRefused("was asked, which does not know of it");
  }

  @Test
  void a_stale_read_of_a_query_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, readTagged(), new Answer.Events(0, List.of()));
    logged(S, 1, 1);

    assertRefused("was asked, which does not know of it");
  }

  @Test
  void a_query_that_misses_an_event_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, readTagged(), new Answer.Events(1, List.of()));
    logged(S, 1, 1);

    assertRefused("in no state");
  }

  @Test
  void two_reads_that_go_back_in_time_are_refused() {
    happened(0, 10, append(S, ANY, 1), written(1, 1));
    happened(1, 2, new Call.VersionOf(S), new Answer.Value(1));
    happened(3, 4, new Call.VersionOf(S), new Answer.NotFound());
    logged(S, 1, 1);

    assertRefused("was answered before, and knows of it");
  }

  @Test
  void a_lost_update_is_refused() {
    happened(0, 1, append(S, NO_STREAM, 1), written(1, 1));
    happened(2, 8, append(S, exactly(1), 2), written(2, 2));
    happened(2, 8, append(S, exactly(1), 3), written(3, 3));
    logged(S, 1, 1);
    logged(S, 2, 2);
    logged(S, 3, 3);

    assertRefused("was to be refused");
  }

  @Test
  void a_read_from_the_future_is_refused() {
    happened(0, 1, new Call.VersionOf(S), new Answer.Value(1));
    happened(2, 3, append(S, ANY, 1), written(1, 1));
    logged(S, 1, 1);

    assertRefused("was answered before, and knows of it");
  }

  @Test
  void a_head_that_no_write_has_reached_is_refused() {
    happened(0, 1, new Call.ReadLog(Selection.EVERYTHING, 1, false, 0), events(0));
    happened(0, 1, new Call.ReadLog(Selection.EVERYTHING, 1, false, 0), events(1));

    assertRefused("in no state");
  }

  @Test
  void a_write_that_is_visible_before_a_lower_position_is_refused() {
    happened(0, 20, append(S, ANY, 1), written(1, 1));
    happened(0, 20, append(OTHER, ANY, 2), written(1, 2));
    happened(1, 2, new Call.VersionOf(OTHER), new Answer.Value(1));
    happened(3, 4, new Call.VersionOf(S), new Answer.NotFound());
    logged(S, 1, 1);
    logged(OTHER, 1, 2);

    assertRefused("knows of it");
  }

  @Test
  void a_write_that_is_visible_early_to_a_query_is_refused() {
    happened(0, 20, append(S, ANY, 1), written(1, 1));
    logged(S, 1, 1);
    happened(1, 2, readTagged(), new Answer.Events(0, List.copyOf(log)));

    assertRefused("in no state");
  }

  @Test
  void a_head_within_a_transaction_is_refused() {
    happened(0, 1, transaction(part(S, ANY, 1), part(OTHER, ANY, 2)), written(List.of(1L, 1L), 2));
    logged(S, 1, 1);
    logged(OTHER, 1, 2);
    happened(0, 1, readTagged(), new Answer.Events(1, List.of(log.getFirst())));

    assertRefused("in no state");
  }

  @Test
  void half_a_transaction_is_refused() {
    happened(0, 1, transaction(part(S, ANY, 1), part(OTHER, ANY, 2)), new Answer.Unknown());
    logged(S, 1, 1);

    assertRefused("nobody can have written");
  }

  @Test
  void writes_in_an_order_against_their_times_are_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 2));
    happened(2, 3, append(OTHER, ANY, 2), written(1, 1));
    logged(OTHER, 1, 1, 2);
    logged(S, 1, 2, 1);

    assertRefused("has no moment");
  }

  @Test
  void a_refusal_that_nothing_justifies_is_refused() {
    happened(0, 1, append(S, NO_STREAM, 1), new Answer.Conflict(S, 1));

    assertRefused("in no state");
  }

  @Test
  void a_refusal_by_what_was_not_there_yet_is_refused() {
    happened(0, 1, append(S, NO_STREAM, 1), new Answer.Conflict(S, 1));
    happened(2, 3, append(S, ANY, 2), written(1, 1));
    logged(S, 1, 1, 2);

    assertRefused("knows of it");
  }

  @Test
  void a_refusal_by_what_was_there_no_longer_is_refused() {
    happened(0, 1, append(S, NO_STREAM, 1), written(1, 1));
    happened(2, 3, append(S, ANY, 2), written(2, 2));
    happened(4, 5, append(S, exactly(7), 3), new Answer.Conflict(S, 1));
    logged(S, 1, 1);
    logged(S, 2, 2);

    assertRefused("was asked, which does not know of it");
  }

  @Test
  void a_refusal_though_the_expectation_held_is_refused() {
    happened(0, 1, append(S, NO_STREAM, 1), written(1, 1));
    happened(2, 3, append(S, exactly(1), 2), new Answer.Conflict(S, 1));
    logged(S, 1, 1);

    assertRefused("in no state");
  }

  @Test
  void a_condition_is_failed_by_the_first_match_only() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, append(S, ANY, 2), written(2, 2));
    happened(4, 5, conditional(3, 0), new Answer.ConditionFailed(0, 1));
    happened(4, 5, conditional(4, 1), new Answer.ConditionFailed(0, 2));
    happened(4, 5, conditional(5, 2), written(1, 3));
    logged(S, 1, 1);
    logged(S, 2, 2);
    logged(OTHER, 1, 3, 5);
    assertAccepted();

    happened(6, 7, conditional(6, 0), new Answer.ConditionFailed(0, 2));
    assertRefused("in no state");
  }

  @Test
  void a_write_whose_condition_did_not_hold_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, conditional(2, 0), written(1, 2));
    logged(S, 1, 1);
    logged(OTHER, 1, 2);

    assertRefused("was to be refused");
  }

  @Test
  void a_condition_is_not_failed_by_what_does_not_match() {
    happened(0, 1, new Write(List.of(part(S, ANY, 1, "else")), List.of(), null), written(1, 1));
    happened(2, 3, conditional(2, 0), new Answer.ConditionFailed(0, 1));
    log.add(new LoggedEvent(id(1), S, "T", Set.of("else"), 1, 1));

    assertRefused("in no state");
  }

  @Test
  void a_write_that_was_told_and_is_not_there_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));

    assertRefused("does not have it");
  }

  @Test
  void an_unknown_outcome_may_take_effect_late_or_never() {
    happened(0, 1, append(S, ANY, 1), new Answer.Unknown());
    happened(0, 1, append(S, ANY, 2), new Answer.Unknown());
    happened(2, 3, new Call.VersionOf(S), new Answer.NotFound());
    happened(4, 5, new Call.VersionOf(S), new Answer.Value(1));
    logged(S, 1, 1);

    assertAccepted();
  }

  @Test
  void an_unknown_outcome_that_took_effect_twice_is_refused() {
    happened(0, 1, append(S, ANY, 1), new Answer.Unknown());
    happened(2, 3, append(S, ANY, 1), written(2, 2));
    logged(S, 1, 1);
    logged(S, 2, 2, 1);

    assertRefused("twice");
  }

  @Test
  void a_repeat_that_is_told_as_the_first_is_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 1));
    happened(2, 3, append(S, ANY, 1), written(1, 1));
    logged(S, 1, 1);

    assertRefused("each was told");
  }

  @Test
  void a_repeat_is_deduplicated_once_somebody_may_have_written_it() {
    happened(0, 1, append(S, ANY, 1), new Answer.Unknown());
    happened(2, 3, append(S, ANY, 1), new Answer.Written(List.of(1L), 1, true));
    logged(S, 1, 1);
    assertAccepted();

    operations.removeFirst();
    assertRefused("nobody can have written");
  }

  @Test
  void an_unknown_outcome_that_takes_effect_after_the_server_s_end_is_refused() {
    operations.add(new Operation("a", append(S, ANY, 1), new Answer.Unknown(), 0, 5)); // dead at 5
    happened(6, 7, new Call.VersionOf(S), new Answer.NotFound());
    happened(8, 9, new Call.VersionOf(S), new Answer.Value(1));
    logged(S, 1, 1);

    assertRefused("has no moment");
  }

  @Test
  void a_refused_write_that_is_there_is_refused() {
    happened(0, 1, append(S, ANY, 1), new Answer.NotDecided());
    logged(S, 1, 1);

    assertRefused("nobody can have written");
  }

  @Test
  void gaps_are_refused() {
    happened(0, 1, append(S, ANY, 1), written(1, 2));
    logged(S, 1, 2);
    assertRefused("at place 1");

    log.clear();
    logged(S, 2, 1, 1);
    assertRefused("version 1 was due");
  }

  @Test
  void progress_that_falls_is_refused() {
    happened(0, 1, tracked(1, 7), written(1, 1));
    happened(2, 3, tracked(2, 5), written(2, 2));
    logged(S, 1, 1);
    logged(S, 2, 2);

    assertRefused("was to be refused");
  }

  @Test
  void progress_that_stays_is_refused() {
    happened(0, 1, tracked(1, 7), written(1, 1));
    happened(2, 3, tracked(2, 7), written(2, 2));
    logged(S, 1, 1);
    logged(S, 2, 2);

    assertRefused("was to be refused");
  }

  @Test
  void progress_is_seen_with_its_events() {
    happened(0, 20, tracked(1, 7), written(1, 1));
    happened(1, 2, new Call.ProgressOf("source"), new Answer.Value(7));
    logged(S, 1, 1);
    assertAccepted();

    happened(3, 4, new Call.VersionOf(S), new Answer.NotFound());
    assertRefused("knows of it");
  }

  @Test
  void a_delivery_of_what_is_not_there_yet_is_refused() {
    happened(2, 3, append(S, ANY, 1), written(1, 1));
    logged(S, 1, 1);
    happened(0, 1, new Call.Delivery("all"), new Answer.Found(log.getFirst()));

    assertRefused("knows of it");
  }

  // ---- drawn at random

  @Test
  void histories_of_a_sound_store_are_accepted() {
    for (long seed = SEED; seed < SEED + 60; seed++) {
      Random random = new Random(seed);
      PlainStore store = new PlainStore(Fault.NONE, random);
      List<Operation> run = OverlappingRun.of(random, store, 1 + random.nextInt(8), 300);

      assertThat(LinearizabilityCheck.of(run, store.log()).violations())
          .as("-Dvarve.seed=%d", seed)
          .isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void histories_of_a_store_with_a_fault_are_refused(Fault fault) {
    int refused = 0;
    for (long seed = 1; seed <= 10; seed++) {
      Random random = new Random(seed);
      PlainStore store = new PlainStore(fault, random);
      List<Operation> run = OverlappingRun.of(random, store, 4, 500);
      if (!LinearizabilityCheck.of(run, store.log()).linearizable()) {
        refused++;
      }
    }
    assertThat(refused).as("of 10 histories").isGreaterThanOrEqualTo(5);
  }

  @Test
  void of_small_histories_it_says_what_a_search_of_all_orders_says() {
    int accepted = 0;
    int refused = 0;
    Fault[] faults = Fault.values();
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      Random random = new Random(seed);
      PlainStore store = new PlainStore(faults[random.nextInt(faults.length)], random);
      List<Operation> run =
          OverlappingRun.of(random, store, 2 + random.nextInt(2), 4 + random.nextInt(4));

      boolean found =
          SearchOfAllOrders.findsOne(new PlainStore(Fault.NONE, random), run, store.log());
      LinearizabilityCheck.Verdict verdict = LinearizabilityCheck.of(run, store.log());
      assertThat(verdict.linearizable())
          .as("-Dvarve.seed=%d: %s%n%s%n%s", seed, run, store.log(), verdict.violations())
          .isEqualTo(found);
      if (found) {
        accepted++;
      } else {
        refused++;
      }
    }
    System.out.println(
        "LinearizabilityCheckTest: seed %d, %d small histories accepted, %d refused"
            .formatted(SEED, accepted, refused));
    assertThat(accepted).isGreaterThanOrEqualTo(RUNS / 10);
    assertThat(refused).isGreaterThanOrEqualTo(RUNS / 50);
  }

  // ---- in few words

  private static UUID id(long id) {
    return new UUID(0, id);
  }

  private static ExpectedVersion exactly(long version) {
    return new ExpectedVersion.Exactly(version);
  }

  private static Part part(String stream, ExpectedVersion expected, long id) {
    return part(stream, expected, id, "tag");
  }

  private static Part part(String stream, ExpectedVersion expected, long id, String tag) {
    return new Part(stream, expected, List.of(new Draft(id(id), "T", Set.of(tag))));
  }

  private static Write append(String stream, ExpectedVersion expected, long id) {
    return transaction(part(stream, expected, id));
  }

  private static Write transaction(Part... parts) {
    return new Write(Arrays.asList(parts), List.of(), null);
  }

  /** To the other stream, if nothing that is tagged stands after a position. */
  private static Write conditional(long id, long after) {
    return new Write(List.of(part(OTHER, ANY, id)), List.of(new Condition(TAGGED, after)), null);
  }

  private static Write tracked(long id, long progress) {
    return new Write(List.of(part(S, ANY, id)), List.of(), new Tracking("source", progress));
  }

  private static Call readTagged() {
    return new Call.ReadLog(TAGGED, 0, false, 0);
  }

  private static Answer events(long head) {
    return new Answer.Events(head, List.of());
  }

  private static Answer written(long version, long position) {
    return written(List.of(version), position);
  }

  private static Answer written(List<Long> versions, long position) {
    return new Answer.Written(versions, position, false);
  }

  private void happened(long invoked, long answered, Call call, Answer answer) {
    operations.add(
        new Operation(
            "somebody",
            call,
            answer,
            invoked,
            answer instanceof Answer.Unknown ? Long.MAX_VALUE : answered));
  }

  /** The event whose id is its position is in the log. */
  private void logged(String stream, long version, long position) {
    logged(stream, version, position, position);
  }

  private void logged(String stream, long version, long position, long id) {
    log.add(new LoggedEvent(id(id), stream, "T", Set.of("tag"), version, position));
  }

  private void assertAccepted() {
    assertThat(LinearizabilityCheck.of(operations, log).violations()).isEmpty();
  }

  private void assertRefused(String because) {
    assertThat(LinearizabilityCheck.of(operations, log).violations())
        .isNotEmpty()
        .anySatisfy(violation -> assertThat(violation).contains(because));
  }
}
