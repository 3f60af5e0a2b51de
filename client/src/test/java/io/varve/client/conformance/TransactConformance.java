package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static io.varve.client.streams.ExpectedVersion.streamExists;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Writes to several streams, all or nothing. */
abstract class TransactConformance extends StoreTests {

  private static final String THIRD = "third-1";

  private static Transaction.Builder transaction() {
    return Transaction.builder();
  }

  @Test
  void a_transaction_writes_to_several_streams_at_once() {
    List<NewEvent> here = events(2);
    List<NewEvent> there = events(3);

    TransactionResult result =
        store.transact(
            transaction().append(ACCOUNT, noStream(), here).append(OTHER, any(), there).build());

    assertThat(result.deduplicated()).isFalse();
    assertThat(asWritten(read(ReadStream.of(ACCOUNT)))).isEqualTo(here);
    assertThat(asWritten(read(ReadStream.of(OTHER)))).isEqualTo(there);
  }

  @Test
  void a_transaction_answers_with_the_streams_that_it_wrote_in_its_order_and_with_its_last_event() {
    given(OTHER, 4);
    given(THIRD, 1);

    TransactionResult result =
        store.transact(
            transaction()
                .append(OTHER, exactly(4), events(2))
                .check(THIRD, exactly(1))
                .append(ACCOUNT, noStream(), events(1))
                .build());

    RecordedEvent last = read(ReadLog.all()).getLast();
    assertThat(result.versions()).containsExactly(entry(OTHER, 6L), entry(ACCOUNT, 1L));
    assertThat(result.version(THIRD)).isZero();
    assertThat(result.position()).isEqualTo(last.position()).isEqualTo(8);
    assertThat(result.recordedAt()).isEqualTo(last.recordedAt());
  }

  @Test
  void
      positions_follow_one_another_with_streams_in_the_order_of_the_request_and_events_in_theirs() {
    given(THIRD, 1);
    List<NewEvent> first = events(2);
    List<NewEvent> second = events(3);
    List<NewEvent> third = events(1);

    store.transact(
        transaction()
            .append(OTHER, any(), first)
            .append(ACCOUNT, any(), second)
            .append("a-stream-that-sorts-first", any(), third)
            .build());

    List<NewEvent> all = new ArrayList<>(first);
    all.addAll(second);
    all.addAll(third);
    List<RecordedEvent> written = read(ReadLog.all().fromPosition(2));
    assertThat(asWritten(written)).isEqualTo(all);
    assertThat(positions(written)).containsExactly(2L, 3L, 4L, 5L, 6L, 7L);
  }

  @Test
  void all_events_of_a_transaction_share_one_time() {
    store.transact(
        transaction()
            .append(ACCOUNT, any(), events(50))
            .append(OTHER, any(), events(50))
            .append(THIRD, any(), events(50))
            .build());

    assertThat(read(ReadLog.all())).hasSize(150);
    assertThat(read(ReadLog.all()).stream().map(RecordedEvent::recordedAt).distinct()).hasSize(1);
  }

  @Test
  void each_stream_is_under_its_own_expected_version() {
    given(ACCOUNT, 3);
    given(OTHER, 1);

    TransactionResult result =
        store.transact(
            transaction()
                .append(ACCOUNT, exactly(3), events(1))
                .append(OTHER, streamExists(), events(1))
                .append(THIRD, noStream(), events(1))
                .append("fourth", exactly(0), events(1))
                .append("fifth", any(), events(1))
                .build());

    assertThat(result.versions().values()).containsExactly(4L, 2L, 1L, 1L, 1L);
  }

  @Test
  void a_version_that_does_not_hold_refuses_all_of_it_and_writes_nothing() {
    given(ACCOUNT, 3);

    for (ExpectedVersion wrong : List.of(noStream(), exactly(0), exactly(2), exactly(4))) {
      VersionConflictException conflict =
          refusal(
              VersionConflictException.class,
              () ->
                  store.transact(
                      transaction()
                          .append(OTHER, any(), events(1))
                          .append(ACCOUNT, wrong, events(1))
                          .append(THIRD, any(), events(1))
                          .build()));

      assertThat(conflict.stream()).isEqualTo(ACCOUNT);
      assertThat(conflict.expected()).isEqualTo(wrong);
      assertThat(conflict.actualVersion()).isEqualTo(3);
    }
    assertThat(read(ReadLog.all())).hasSize(3);
    refusal(StreamNotFoundException.class, () -> read(ReadStream.of(OTHER)));
  }

  @Test
  void of_several_versions_that_do_not_hold_the_first_in_the_order_of_the_request_is_told() {
    given(ACCOUNT, 1);
    given(OTHER, 2);

    VersionConflictException conflict =
        refusal(
            VersionConflictException.class,
            () ->
                store.transact(
                    transaction()
                        .append(THIRD, noStream(), events(1))
                        .append(OTHER, exactly(9), events(1))
                        .append(ACCOUNT, noStream(), events(1))
                        .build()));

    assertThat(conflict.stream()).isEqualTo(OTHER);
    assertThat(conflict.expected()).isEqualTo(exactly(9));
    assertThat(conflict.actualVersion()).isEqualTo(2);
  }

  @Test
  void a_stream_may_be_checked_without_being_written() {
    given(ACCOUNT, 2);

    store.transact(
        transaction()
            .check(ACCOUNT, exactly(2))
            .check(THIRD, noStream())
            .append(OTHER, any(), events(1))
            .build());

    assertThat(versions(read(ReadStream.of(ACCOUNT)))).containsExactly(1L, 2L);
    assertThat(read(ReadStream.of(OTHER))).hasSize(1);
    refusal(StreamNotFoundException.class, () -> read(ReadStream.of(THIRD)));
  }

  @Test
  void a_checked_stream_of_another_version_refuses_the_whole_transaction() {
    given(ACCOUNT, 2);

    VersionConflictException conflict =
        refusal(
            VersionConflictException.class,
            () ->
                store.transact(
                    transaction()
                        .append(OTHER, any(), events(1))
                        .check(ACCOUNT, exactly(1))
                        .build()));

    assertThat(conflict.stream()).isEqualTo(ACCOUNT);
    assertThat(conflict.actualVersion()).isEqualTo(2);
    assertThat(read(ReadLog.all())).hasSize(2);
  }

  @Test
  void a_transaction_without_events_only_checks_and_answers_with_position_0() {
    given(ACCOUNT, 2);

    TransactionResult result = store.transact(transaction().check(ACCOUNT, exactly(2)).build());

    assertThat(result).isEqualTo(new TransactionResult(Map.of(), 0, null, false));
    refusal(
        VersionConflictException.class,
        () -> store.transact(transaction().check(ACCOUNT, exactly(1)).build()));
    assertThat(read(ReadLog.all())).hasSize(2);
  }

  @Test
  void a_refused_transaction_leaves_no_gap_in_versions_and_positions() {
    given(ACCOUNT, 1);
    refusal(
        VersionConflictException.class,
        () ->
            store.transact(
                transaction()
                    .append(ACCOUNT, any(), events(5))
                    .append(OTHER, exactly(7), events(5))
                    .build()));
    given(ACCOUNT, 1);

    assertThat(versions(read(ReadStream.of(ACCOUNT)))).containsExactly(1L, 2L);
    assertThat(positions(read(ReadLog.all()))).containsExactly(1L, 2L);
  }

  @Test
  void an_acknowledged_transaction_is_visible_to_every_read_that_begins_afterwards() {
    for (int i = 1; i <= 25; i++) {
      TransactionResult result =
          store.transact(
              transaction()
                  .append(ACCOUNT, any(), events(1))
                  .append(OTHER, any(), events(1))
                  .build());
      assertThat(read(ReadStream.of(ACCOUNT))).hasSize(i);
      assertThat(read(ReadStream.of(OTHER))).hasSize(i);
      assertThat(head()).isEqualTo(result.position());
      assertThat(store.getEvent(result.position())).isPresent();
    }
  }

  @Test
  void a_subscriber_gets_the_events_of_a_transaction_in_their_order() {
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), listener)) {
      for (int i = 0; i < 10; i++) {
        store.transact(
            transaction()
                .append(ACCOUNT, any(), events(2))
                .append(OTHER, any(), events(1))
                .build());
      }
      await().until(() -> listener.events.size() == 30);
      assertThat(subscription.closed()).isNotDone();
    }

    assertThat(listener.events).isEqualTo(read(ReadLog.all()));
  }

  // ---- event ids

  @Test
  void a_repeated_transaction_is_answered_with_the_original_result_and_writes_nothing() {
    Transaction transaction =
        transaction()
            .append(ACCOUNT, noStream(), events(2))
            .append(OTHER, noStream(), events(1))
            .build();
    TransactionResult original = store.transact(transaction);
    given(ACCOUNT, 2);
    untilLaterThan(read(ReadLog.all()).getLast().recordedAt());
    long before = head();

    TransactionResult repeated = store.transact(transaction);

    assertThat(repeated)
        .isEqualTo(
            new TransactionResult(
                original.versions(), original.position(), original.recordedAt(), true));
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void a_repeat_is_found_whatever_it_expects_of_streams_conditions_and_tracking() {
    List<NewEvent> here = events(2);
    List<NewEvent> there = events(1);
    TransactionResult original =
        store.transact(
            transaction()
                .append(ACCOUNT, any(), here)
                .append(OTHER, any(), there)
                .tracking("source", 5)
                .build());

    TransactionResult repeated =
        store.transact(
            transaction()
                .append(ACCOUNT, exactly(77), here)
                .append(OTHER, noStream(), there)
                .check(THIRD, streamExists())
                .condition(AppendCondition.noMatch(Query.all()))
                .tracking("source", 1)
                .build());

    assertThat(repeated.deduplicated()).isTrue();
    assertThat(repeated.versions()).isEqualTo(original.versions());
    assertThat(repeated.position()).isEqualTo(original.position());
    assertThat(head()).isEqualTo(3);
  }

  @Test
  void one_stream_of_a_transaction_repeated_as_an_append_is_found() {
    List<NewEvent> here = events(2);
    List<NewEvent> there = events(2);
    TransactionResult original =
        store.transact(
            transaction().append(ACCOUNT, any(), here).append(OTHER, any(), there).build());

    AppendResult repeated = store.append(ACCOUNT, noStream(), here);

    assertThat(repeated.deduplicated()).isTrue();
    assertThat(repeated.version()).isEqualTo(2);
    assertThat(repeated.position()).isEqualTo(original.position() - 2);
  }

  @Test
  void an_append_repeated_as_a_transaction_is_found() {
    List<NewEvent> events = given(ACCOUNT, 3);

    TransactionResult repeated =
        store.transact(transaction().append(ACCOUNT, noStream(), events).build());

    assertThat(repeated.deduplicated()).isTrue();
    assertThat(repeated.version(ACCOUNT)).isEqualTo(3);
    assertThat(head()).isEqualTo(3);
  }

  @Test
  void ids_of_which_some_are_there_and_some_are_not_are_taken() {
    NewEvent known = given(OTHER, 1).getFirst();

    assertTaken(
        known,
        transaction()
            .append(ACCOUNT, any(), event("Happened"))
            .append(OTHER, any(), known)
            .build());
  }

  @Test
  void ids_that_are_in_another_stream_are_taken() {
    List<NewEvent> known = given(OTHER, 2);

    assertTaken(known.getFirst(), transaction().append(ACCOUNT, any(), known).build());
  }

  @Test
  void ids_whose_streams_come_in_another_order_are_taken() {
    List<NewEvent> here = events(1);
    List<NewEvent> there = events(1);
    store.transact(transaction().append(ACCOUNT, any(), here).append(OTHER, any(), there).build());

    assertTaken(
        there.getFirst(),
        transaction().append(OTHER, any(), there).append(ACCOUNT, any(), here).build());
  }

  @Test
  void ids_that_are_not_next_to_one_another_in_the_log_are_taken() {
    NewEvent here = given(ACCOUNT, 1).getFirst();
    given(THIRD, 1);
    NewEvent there = given(OTHER, 1).getFirst();

    assertTaken(
        here, transaction().append(ACCOUNT, any(), here).append(OTHER, any(), there).build());
  }

  private void assertTaken(NewEvent taken, Transaction transaction) {
    long before = head();

    EventIdTakenException refusal =
        refusal(EventIdTakenException.class, () -> store.transact(transaction));

    assertThat(refusal.eventId()).isEqualTo(taken.id());
    assertThat(store.getEvent(refusal.position()).orElseThrow().id()).isEqualTo(taken.id());
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void events_that_were_refused_may_be_written_again_when_everything_holds() {
    given(ACCOUNT, 1);
    List<NewEvent> events = events(2);
    refusal(
        VersionConflictException.class,
        () -> store.transact(transaction().append(ACCOUNT, noStream(), events).build()));

    TransactionResult result =
        store.transact(transaction().append(ACCOUNT, exactly(1), events).build());

    assertThat(result.deduplicated()).isFalse();
    assertThat(result.version(ACCOUNT)).isEqualTo(3);
  }

  @Test
  void a_repeat_on_the_heels_of_the_first_try_is_found() {
    for (int i = 0; i < 20; i++) {
      Transaction transaction =
          transaction()
              .append(ACCOUNT, exactly(i), events(1))
              .append(OTHER, exactly(i), events(1))
              .build();
      CompletableFuture<TransactionResult> first = store.transactAsync(transaction);
      CompletableFuture<TransactionResult> second = store.transactAsync(transaction);

      assertThat(List.of(first.join().deduplicated(), second.join().deduplicated()))
          .containsExactlyInAnyOrder(false, true);
      assertThat(first.join().versions()).isEqualTo(second.join().versions());
      assertThat(first.join().position()).isEqualTo(second.join().position());
    }
    assertThat(read(ReadLog.all())).hasSize(40);
  }

  // ---- what is decided first

  @Test
  void an_id_that_is_taken_is_told_before_a_version_that_does_not_hold() {
    NewEvent known = given(ACCOUNT, 1).getFirst();

    EventIdTakenException refusal =
        refusal(
            EventIdTakenException.class,
            () ->
                store.transact(
                    transaction()
                        .check(THIRD, exactly(9))
                        .append(OTHER, exactly(77), known)
                        .build()));

    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
  }

  @Test
  void a_version_that_does_not_hold_is_told_before_a_condition() {
    given(ACCOUNT, 1);

    VersionConflictException conflict =
        refusal(
            VersionConflictException.class,
            () ->
                store.transact(
                    transaction()
                        .condition(AppendCondition.noMatch(Query.all()))
                        .append(ACCOUNT, noStream(), events(1))
                        .build()));

    assertThat(conflict.actualVersion()).isEqualTo(1);
  }

  @Test
  void a_condition_that_does_not_hold_is_told_before_a_tracking() {
    store.append(ACCOUNT, any(), events(1), new Tracking("source", 5));

    refusal(
        ConditionFailedException.class,
        () ->
            store.transact(
                transaction()
                    .append(OTHER, any(), events(1))
                    .condition(AppendCondition.noMatch(Query.all()))
                    .tracking("source", 5)
                    .build()));
    refusal(
        TrackingNotRisingException.class,
        () ->
            store.transact(
                transaction().append(OTHER, any(), events(1)).tracking("source", 5).build()));
    assertThat(head()).isEqualTo(1);
  }

  // ---- without waiting

  @Test
  void transactions_in_flight_are_each_answered_for_themselves() {
    given(ACCOUNT, 1);
    List<CompletableFuture<TransactionResult>> answers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      answers.add(
          store.transactAsync(
              transaction()
                  .append("own-" + i, noStream(), events(1))
                  .check(ACCOUNT, i % 3 == 0 ? exactly(99) : exactly(1))
                  .build()));
    }

    for (int i = 0; i < answers.size(); i++) {
      CompletableFuture<TransactionResult> answer = answers.get(i);
      if (i % 3 == 0) {
        assertThatThrownBy(answer::join)
            .isInstanceOf(CompletionException.class)
            .hasCauseInstanceOf(VersionConflictException.class);
      } else {
        assertThat(answer.join().version("own-" + i)).isEqualTo(1);
      }
    }
    assertThat(head()).isEqualTo(41);
  }
}
