package io.varve.client.conformance;

import static io.varve.client.streams.AppendCondition.noMatch;
import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Append conditions: what must not have been recorded. */
abstract class ConditionConformance extends StoreTests {

  private TransactionResult writeIf(AppendCondition... conditions) {
    Transaction.Builder transaction = Transaction.builder().append(OTHER, any(), event("Decided"));
    List.of(conditions).forEach(transaction::condition);
    return store.transact(transaction.build());
  }

  private void assertHolds(AppendCondition... conditions) {
    long before = head();
    assertThat(writeIf(conditions).position()).isEqualTo(before + 1);
  }

  private void assertFails(int condition, long position, AppendCondition... conditions) {
    long before = head();

    ConditionFailedException refusal =
        refusal(ConditionFailedException.class, () -> writeIf(conditions));

    assertThat(refusal.conditionIndex()).isEqualTo(condition);
    assertThat(refusal.position()).isEqualTo(position);
    assertThat(refusal.retryable()).isFalse();
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void a_condition_holds_while_no_event_matches_its_query() {
    given(ACCOUNT, 3);

    assertHolds(noMatch(Query.types("Closed")));
  }

  @Test
  void a_condition_fails_once_an_event_matches_and_nothing_is_written() {
    given(ACCOUNT, 2);
    givenOne(ACCOUNT, "Closed");
    given(ACCOUNT, 2);

    assertFails(0, 3, noMatch(Query.types("Closed")));
  }

  @Test
  void a_condition_that_fails_names_the_first_event_that_matches() {
    given(ACCOUNT, 5);

    assertFails(0, 1, noMatch(Query.types("Happened")));
    assertFails(0, 3, noMatch(Query.types("Happened")).after(2));
  }

  @Test
  void only_events_after_the_position_count_and_the_one_at_it_does_not() {
    given(ACCOUNT, 3);

    assertFails(0, 3, noMatch(Query.types("Happened")).after(2));
    assertHolds(noMatch(Query.types("Happened")).after(3));
  }

  @Test
  void a_position_ahead_of_the_log_is_allowed_and_nothing_can_match_yet() {
    given(ACCOUNT, 3);

    assertHolds(noMatch(Query.types("Happened")).after(1_000_000));
    assertHolds(noMatch(Query.all()).after(Long.MAX_VALUE));
  }

  @Test
  void the_head_of_a_read_is_the_position_after_which_a_decision_on_it_holds() {
    given(ACCOUNT, 3);
    long head;
    try (EventReader reader =
        store.readLog(ReadLog.all().query(Query.types("Happened")).backwards().limit(1))) {
      head = reader.headPosition();
      assertThat(reader.toList()).hasSize(1);
    }
    givenOne(OTHER, "Unrelated");

    assertHolds(noMatch(Query.types("Happened")).after(head));
    given(ACCOUNT, 1);
    assertFails(0, 6, noMatch(Query.types("Happened")).after(head));
  }

  @Test
  void only_events_recorded_at_or_after_the_time_count() {
    AppendResult early = givenOne(ACCOUNT, "Booked");
    Instant then = early.recordedAt();
    AppendResult between = untilLaterThan(then);

    assertFails(0, early.position(), noMatch(Query.types("Booked")).since(then));
    assertHolds(noMatch(Query.types("Booked")).since(then.plusNanos(1)));
    assertHolds(noMatch(Query.types("Booked")).since(between.recordedAt()));
    assertFails(0, early.position(), noMatch(Query.types("Booked")).since(Instant.EPOCH));
    assertHolds(noMatch(Query.all()).since(Instant.parse("9999-01-01T00:00:00Z")));
  }

  @Test
  void a_position_and_a_time_must_both_leave_an_event_for_it_to_count() {
    AppendResult early = givenOne(ACCOUNT, "Booked");
    untilLaterThan(early.recordedAt());
    AppendResult late = givenOne(ACCOUNT, "Booked");

    assertFails(
        0,
        late.position(),
        noMatch(Query.types("Booked")).after(early.position()).since(early.recordedAt()));
    assertFails(
        0, late.position(), noMatch(Query.types("Booked")).after(0).since(late.recordedAt()));
    assertHolds(noMatch(Query.types("Booked")).after(late.position()).since(early.recordedAt()));
  }

  @Test
  void several_conditions_must_all_hold_and_the_first_that_fails_is_told() {
    givenOne(ACCOUNT, "A");
    givenOne(ACCOUNT, "B");

    assertHolds(noMatch(Query.types("X")), noMatch(Query.types("Y")), noMatch(Query.tags("z")));
    assertFails(1, 2, noMatch(Query.types("X")), noMatch(Query.types("B")));
    assertFails(
        1, 2, noMatch(Query.types("X")), noMatch(Query.types("B")), noMatch(Query.types("A")));
  }

  @Test
  void a_query_without_items_matches_every_event() {
    assertHolds(noMatch(Query.all()));

    assertFails(0, 1, noMatch(Query.all()));
    assertHolds(noMatch(Query.all()).after(1));
    assertFails(0, 2, noMatch(Query.all()).after(1));
  }

  @Test
  void a_condition_matches_by_types_tags_prefixes_and_categories_as_a_read_does() {
    store.append("course-1", any(), tagged("Defined", "course:1"));
    store.append("student-7", any(), tagged("Enrolled", "student:7", "course:1"));
    given("course-2", 1);

    for (Query query :
        List.of(
            Query.types("Enrolled"),
            Query.types("Never", "Defined"),
            Query.tags("course:1"),
            Query.tags("course:1", "student:7"),
            Query.tags("course:1", "student:8"),
            Query.tags("course:"),
            Query.streamPrefixes("cou"),
            Query.streamPrefixes("student-7", "x"),
            Query.streamPrefixes("ourse"),
            Query.categories("student"),
            Query.categories("stud"),
            Query.of(QueryItem.types("Enrolled").withTags("course:1").withCategories("student")),
            Query.of(QueryItem.types("Enrolled").withCategories("course")),
            Query.of(QueryItem.types("Never"), QueryItem.tags("student:7")))) {
      List<Long> found = positions(read(ReadLog.all().query(query).toPosition(3)));
      if (found.isEmpty()) {
        assertHolds(noMatch(query));
      } else {
        assertFails(0, found.getFirst(), noMatch(query));
      }
    }
  }

  @Test
  void a_condition_does_not_see_the_events_of_its_own_transaction() {
    given(OTHER, 1);

    TransactionResult result =
        store.transact(
            Transaction.builder()
                .append(ACCOUNT, any(), tagged("Claimed", "username:ada"))
                .condition(noMatch(Query.tags("username:ada")))
                .build());

    assertThat(result.position()).isEqualTo(2);
    assertFails(0, 2, noMatch(Query.tags("username:ada")));
  }

  @Test
  void conditions_may_be_checked_without_writing_anything() {
    given(ACCOUNT, 1);

    assertThat(
            store
                .transact(Transaction.builder().condition(noMatch(Query.types("Never"))).build())
                .position())
        .isZero();
    ConditionFailedException refusal =
        refusal(
            ConditionFailedException.class,
            () ->
                store.transact(
                    Transaction.builder().condition(noMatch(Query.types("Happened"))).build()));

    assertThat(refusal.position()).isEqualTo(1);
    assertThat(head()).isEqualTo(1);
  }

  @Test
  void a_condition_holds_together_with_expected_versions() {
    given(ACCOUNT, 2);

    TransactionResult result =
        store.transact(
            Transaction.builder()
                .append(ACCOUNT, exactly(2), event("Closed"))
                .condition(noMatch(Query.types("Closed")))
                .build());

    assertThat(result.version(ACCOUNT)).isEqualTo(3);
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(3);
  }

  @Test
  void a_condition_sees_everything_that_was_accepted_before_it() {
    for (int round = 0; round < 20; round++) {
      String tag = "round:" + round;
      CompletableFuture<AppendResult> append =
          store.appendAsync(ACCOUNT, any(), List.of(tagged("Taken", tag)));
      assertThat(append.join().version()).isEqualTo(round + 1);
      assertFails(0, append.join().position(), noMatch(Query.tags(tag)));
    }
  }

  @Test
  void a_condition_that_fails_touches_none_of_its_neighbours() {
    givenOne(ACCOUNT, "Closed");
    List<CompletableFuture<TransactionResult>> answers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      AppendCondition condition = noMatch(Query.types(i % 2 == 0 ? "Closed" : "Never"));
      answers.add(
          store.transactAsync(
              Transaction.builder()
                  .append("own-" + i, exactly(0), events(2))
                  .condition(condition)
                  .build()));
    }

    for (int i = 0; i < answers.size(); i++) {
      CompletableFuture<TransactionResult> answer = answers.get(i);
      if (i % 2 == 0) {
        assertThatThrownBy(answer::join)
            .isInstanceOf(CompletionException.class)
            .hasCauseInstanceOf(ConditionFailedException.class);
      } else {
        assertThat(answer.join().version("own-" + i)).isEqualTo(2);
      }
    }
    assertThat(head()).isEqualTo(61);
  }

  @Test
  void a_condition_finds_one_event_among_very_many() {
    given(ACCOUNT, 5_000);
    store.append(ACCOUNT, any(), tagged("Claimed", "username:ada"));
    given(ACCOUNT, 5_000);

    assertFails(0, 5_001, noMatch(Query.tags("username:ada")));
    assertHolds(noMatch(Query.tags("username:bob")));
    assertHolds(noMatch(Query.tags("username:ada")).after(5_001));
  }
}
