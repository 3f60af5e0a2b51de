package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static io.varve.client.streams.ExpectedVersion.streamExists;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Event ids, which make a repeated append safe. */
abstract class IdempotencyConformance extends StoreTests {

  @Test
  void a_repeated_append_is_answered_with_the_original_result_and_writes_nothing() {
    List<NewEvent> events = events(3);
    AppendResult original = store.append(ACCOUNT, noStream(), events);
    given(ACCOUNT, 2);
    untilLaterThan(original.recordedAt());
    long before = read(ReadLog.all()).size();

    AppendResult repeated = store.append(ACCOUNT, noStream(), events);

    assertThat(repeated)
        .isEqualTo(new AppendResult(3, original.position(), original.recordedAt(), true));
    assertThat(read(ReadLog.all())).hasSize((int) before);
  }

  @Test
  void a_repeat_is_found_whatever_version_it_expects() {
    List<NewEvent> events = given(ACCOUNT, 2);
    given(ACCOUNT, 1);

    for (ExpectedVersion expected :
        List.of(any(), noStream(), streamExists(), exactly(1), exactly(3), exactly(99))) {
      AppendResult repeated = store.append(ACCOUNT, expected, events);
      assertThat(repeated.deduplicated()).isTrue();
      assertThat(repeated.version()).isEqualTo(2);
    }
  }

  @Test
  void a_repeat_counts_by_its_ids_and_not_by_what_else_is_in_its_events() {
    NewEvent event = event("AccountOpened");
    store.append(ACCOUNT, noStream(), event);

    NewEvent sameId = NewEvent.builder("SomethingElse").id(event.id()).build();
    AppendResult repeated = store.append(ACCOUNT, any(), sameId);

    assertThat(repeated.deduplicated()).isTrue();
    assertThat(read(ReadStream.of(ACCOUNT)).getFirst().asWritten()).isEqualTo(event);
  }

  @Test
  void a_run_of_neighbours_out_of_a_larger_append_is_found_as_well() {
    List<NewEvent> events = given(ACCOUNT, 5);

    AppendResult repeated = store.append(ACCOUNT, any(), events.subList(1, 4));

    assertThat(repeated.deduplicated()).isTrue();
    assertThat(repeated.version()).isEqualTo(4);
  }

  @Test
  void ids_of_which_some_are_there_and_some_are_not_are_taken() {
    List<NewEvent> known = given(ACCOUNT, 2);
    NewEvent fresh = event("Happened");

    assertTaken(known.get(1), ACCOUNT, 2, ACCOUNT, List.of(known.get(1), fresh));
    assertTaken(known.get(0), ACCOUNT, 1, ACCOUNT, List.of(fresh, known.get(0)));
  }

  @Test
  void ids_that_are_in_another_stream_are_taken() {
    List<NewEvent> known = given(ACCOUNT, 2);

    assertTaken(known.get(0), ACCOUNT, 1, OTHER, known);
  }

  @Test
  void ids_that_are_there_in_another_order_are_taken() {
    List<NewEvent> known = given(ACCOUNT, 2);

    assertTaken(known.get(1), ACCOUNT, 2, ACCOUNT, known.reversed());
  }

  @Test
  void ids_that_are_there_with_others_between_are_taken() {
    List<NewEvent> known = given(ACCOUNT, 3);

    assertTaken(known.get(0), ACCOUNT, 1, ACCOUNT, List.of(known.get(0), known.get(2)));
  }

  @Test
  void ids_that_stand_in_two_streams_are_taken() {
    NewEvent here = given(ACCOUNT, 1).getFirst();
    NewEvent there = given(OTHER, 1).getFirst();

    assertTaken(here, ACCOUNT, 1, ACCOUNT, List.of(here, there));
  }

  @Test
  void an_id_that_is_taken_is_told_before_a_version_that_does_not_hold() {
    List<NewEvent> known = given(ACCOUNT, 1);

    EventIdTakenException refusal =
        refusal(EventIdTakenException.class, () -> store.append(OTHER, exactly(77), known));

    assertThat(refusal.eventId()).isEqualTo(known.getFirst().id());
  }

  @Test
  void a_repeat_on_the_heels_of_the_first_try_is_found() {
    for (int i = 0; i < 100; i++) {
      List<NewEvent> events = events(2);
      CompletableFuture<AppendResult> first = store.appendAsync(ACCOUNT, exactly(2L * i), events);
      CompletableFuture<AppendResult> second = store.appendAsync(ACCOUNT, exactly(2L * i), events);

      assertThat(first.join().deduplicated()).isFalse();
      assertThat(second.join())
          .isEqualTo(
              new AppendResult(
                  2L * i + 2, first.join().position(), first.join().recordedAt(), true));
    }
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(200);
  }

  private void assertTaken(
      NewEvent taken, String inStream, long atPosition, String stream, List<NewEvent> events) {
    int before = read(ReadLog.all()).size();
    assertThat(before).isPositive();

    EventIdTakenException refusal =
        refusal(EventIdTakenException.class, () -> store.append(stream, any(), events));

    assertThat(refusal.eventId()).isEqualTo(taken.id());
    assertThat(refusal.stream()).isEqualTo(inStream);
    assertThat(refusal.position()).isEqualTo(atPosition);
    assertThat(refusal.retryable()).isFalse();
    assertThat(read(ReadLog.all())).hasSize(before);
  }
}
