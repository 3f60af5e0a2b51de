package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static io.varve.client.streams.ExpectedVersion.streamExists;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VersionConflictException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Appends and expected versions. */
abstract class AppendConformance extends StoreTests {

  @Test
  void the_first_append_creates_the_stream_at_version_1() {
    NewEvent opened = event("AccountOpened");

    AppendResult result = store.append(ACCOUNT, noStream(), opened);

    assertThat(result.version()).isEqualTo(1);
    assertThat(result.position()).isEqualTo(1);
    assertThat(result.deduplicated()).isFalse();
    assertThat(asWritten(read(ReadStream.of(ACCOUNT)))).containsExactly(opened);
  }

  @Test
  void an_append_answers_with_version_position_and_time_of_its_last_event() {
    given(OTHER, 2);

    AppendResult result = store.append(ACCOUNT, any(), events(3));

    RecordedEvent last = read(ReadStream.of(ACCOUNT)).getLast();
    assertThat(result)
        .isEqualTo(new AppendResult(last.version(), last.position(), last.recordedAt(), false));
    assertThat(result.version()).isEqualTo(3);
  }

  @Test
  void versions_count_from_1_without_gaps_across_appends() {
    given(ACCOUNT, 3);
    given(OTHER, 2);
    given(ACCOUNT, 2);

    assertThat(versions(read(ReadStream.of(ACCOUNT)))).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(versions(read(ReadStream.of(OTHER)))).containsExactly(1L, 2L);
  }

  @Test
  void the_events_of_one_append_get_their_versions_in_its_order_and_share_one_time() {
    List<NewEvent> events = given(ACCOUNT, 100);

    List<RecordedEvent> recorded = read(ReadStream.of(ACCOUNT));

    assertThat(asWritten(recorded)).isEqualTo(events);
    assertThat(recorded.stream().map(RecordedEvent::recordedAt).distinct()).hasSize(1);
  }

  @Test
  void positions_strictly_increase_in_the_order_of_the_appends() {
    for (int i = 0; i < 10; i++) {
      given(i % 2 == 0 ? ACCOUNT : OTHER, 2);
    }

    assertThat(positions(read(ReadLog.all())))
        .hasSize(20)
        .isSorted()
        .doesNotHaveDuplicates()
        .first()
        .isEqualTo(1L);
  }

  @Test
  void the_recorded_time_never_falls_as_the_position_rises() {
    for (int i = 0; i < 50; i++) {
      given(ACCOUNT, 1);
    }

    assertThat(read(ReadLog.all()).stream().map(RecordedEvent::recordedAt)).hasSize(50).isSorted();
  }

  @Test
  void an_event_comes_back_exactly_as_it_was_written() {
    byte[] everyByte = new byte[256];
    for (int i = 0; i < everyByte.length; i++) {
      everyByte[i] = (byte) i;
    }
    NewEvent written =
        NewEvent.builder("GeldEingezahlt-入金-💶")
            .data(everyByte)
            .contentType("application/x-custom")
            .metadata(
                Map.of("correlation", "c-1", "causation", "", "Schlüssel", "Wert\nin zwei Zeilen"))
            .tag("branch:7")
            .tag("currency:€")
            .tag("a")
            .occurredAt(Instant.parse("1969-07-20T20:17:40.123456789Z"))
            .build();

    store.append("konto-ä-💶", any(), written);

    RecordedEvent recorded = read(ReadStream.of("konto-ä-💶")).getFirst();
    assertThat(recorded.asWritten()).isEqualTo(written);
    assertThat(recorded.stream()).isEqualTo("konto-ä-💶");
    assertThat(recorded.tags()).containsExactly("branch:7", "currency:€", "a");
  }

  @Test
  void an_event_may_have_nothing_but_a_type() {
    NewEvent bare = NewEvent.builder("Happened").build();

    store.append(ACCOUNT, any(), bare);

    RecordedEvent recorded = read(ReadStream.of(ACCOUNT)).getFirst();
    assertThat(recorded.data()).isEmpty();
    assertThat(recorded.contentType()).isEmpty();
    assertThat(recorded.metadata()).isEmpty();
    assertThat(recorded.tags()).isEmpty();
    assertThat(recorded.occurredAt()).isNull();
  }

  @Test
  void a_json_payload_keeps_its_text_and_says_what_it_is() {
    String json = "{ \"amount\": 12345678901234567890.10,\n \"note\": \"ü\" }";

    store.append(ACCOUNT, any(), NewEvent.json("MoneyDeposited", json));

    RecordedEvent recorded = read(ReadStream.of(ACCOUNT)).getFirst();
    assertThat(recorded.dataAsString()).isEqualTo(json);
    assertThat(recorded.contentType()).isEqualTo("application/json");
  }

  @Test
  void expecting_no_stream_conflicts_once_there_is_one_and_writes_nothing() {
    given(ACCOUNT, 2);

    assertConflict(noStream(), 2);
  }

  @Test
  void expecting_version_0_means_expecting_no_stream() {
    AppendResult first = store.append(ACCOUNT, exactly(0), events(1));

    assertThat(first.version()).isEqualTo(1);
    assertConflict(exactly(0), 1);
  }

  @Test
  void expecting_the_exact_version_appends_behind_it() {
    given(ACCOUNT, 2);

    assertThat(store.append(ACCOUNT, exactly(2), events(3)).version()).isEqualTo(5);
  }

  @Test
  void an_append_at_a_stale_version_conflicts_and_writes_nothing() {
    given(ACCOUNT, 3);

    assertConflict(exactly(2), 3);
  }

  @Test
  void an_append_at_a_version_to_come_conflicts_and_writes_nothing() {
    given(ACCOUNT, 3);

    assertConflict(exactly(4), 3);
  }

  @Test
  void a_conflict_over_a_stream_that_is_not_there_says_version_0() {
    VersionConflictException exact =
        refusal(VersionConflictException.class, () -> store.append(ACCOUNT, exactly(1), events(1)));
    VersionConflictException exists =
        refusal(
            VersionConflictException.class, () -> store.append(ACCOUNT, streamExists(), events(1)));

    assertThat(exact.actualVersion()).isZero();
    assertThat(exists.actualVersion()).isZero();
    assertThat(exists.expected()).isEqualTo(streamExists());
    assertThat(read(ReadLog.all())).isEmpty();
  }

  @Test
  void expecting_that_the_stream_exists_appends_at_any_version_of_it() {
    given(ACCOUNT, 3);

    assertThat(store.append(ACCOUNT, streamExists(), events(1)).version()).isEqualTo(4);
  }

  @Test
  void expecting_nothing_appends_in_any_case() {
    assertThat(store.append(ACCOUNT, any(), events(1)).version()).isEqualTo(1);
    assertThat(store.append(ACCOUNT, any(), events(1)).version()).isEqualTo(2);
  }

  @Test
  void a_conflict_leaves_no_gap_in_versions_and_positions() {
    given(ACCOUNT, 1);
    refusal(VersionConflictException.class, () -> store.append(ACCOUNT, noStream(), events(5)));
    given(ACCOUNT, 1);

    assertThat(versions(read(ReadStream.of(ACCOUNT)))).containsExactly(1L, 2L);
    assertThat(positions(read(ReadLog.all()))).containsExactly(1L, 2L);
  }

  @Test
  void events_that_were_refused_may_be_appended_again_under_the_right_version() {
    given(ACCOUNT, 1);
    List<NewEvent> events = events(2);
    refusal(VersionConflictException.class, () -> store.append(ACCOUNT, noStream(), events));

    AppendResult result = store.append(ACCOUNT, exactly(1), events);

    assertThat(result.version()).isEqualTo(3);
    assertThat(result.deduplicated()).isFalse();
  }

  @Test
  void stream_names_differ_in_case_and_in_what_follows_a_common_prefix() {
    given("account-1", 1);
    given("account-10", 2);
    given("Account-1", 3);

    assertThat(read(ReadStream.of("account-1"))).hasSize(1);
    assertThat(read(ReadStream.of("account-10"))).hasSize(2);
    assertThat(read(ReadStream.of("Account-1"))).hasSize(3);
  }

  @Test
  void appends_in_flight_are_decided_in_the_order_of_the_calls() {
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      NewEvent event = NewEvent.of("Counted", Integer.toString(i).getBytes(UTF_8));
      answers.add(store.appendAsync(ACCOUNT, exactly(i), List.of(event)));
    }

    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i).join().version()).isEqualTo(i + 1);
    }
    assertThat(read(ReadStream.of(ACCOUNT)))
        .allMatch(e -> e.dataAsString().equals(Long.toString(e.version() - 1)));
  }

  @Test
  void a_refused_append_among_many_in_flight_touches_none_of_its_neighbours() {
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ExpectedVersion expected = i % 3 == 2 ? exactly(1_000) : any();
      answers.add(store.appendAsync(ACCOUNT, expected, events(1)));
    }

    for (int i = 0; i < answers.size(); i++) {
      CompletableFuture<AppendResult> answer = answers.get(i);
      if (i % 3 == 2) {
        assertThatThrownBy(answer::join)
            .isInstanceOf(CompletionException.class)
            .hasCauseInstanceOf(VersionConflictException.class);
      } else {
        assertThat(answer.join().version()).isPositive();
      }
    }
    assertThat(versions(read(ReadStream.of(ACCOUNT)))).hasSize(20).last().isEqualTo(20L);
  }

  @Test
  void an_acknowledged_append_is_visible_to_every_read_that_begins_afterwards() {
    for (int i = 1; i <= 50; i++) {
      AppendResult result = givenOne(ACCOUNT, "Happened");
      assertThat(read(ReadStream.of(ACCOUNT).backwards().limit(1)).getFirst().version())
          .isEqualTo(i);
      assertThat(read(ReadLog.all().backwards().limit(1)).getFirst().position())
          .isEqualTo(result.position());
      assertThat(store.getEvent(result.position())).isPresent();
    }
  }

  private void assertConflict(ExpectedVersion expected, long actualVersion) {
    VersionConflictException conflict =
        refusal(VersionConflictException.class, () -> store.append(ACCOUNT, expected, events(2)));

    assertThat(conflict.stream()).isEqualTo(ACCOUNT);
    assertThat(conflict.expected()).isEqualTo(expected);
    assertThat(conflict.actualVersion()).isEqualTo(actualVersion);
    assertThat(conflict.retryable()).isFalse();
    assertThat(read(ReadLog.all())).hasSize((int) actualVersion);
  }
}
