package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads of one stream. */
abstract class StreamReadConformance extends StoreTests {

  @Test
  void a_stream_is_read_from_its_first_event_to_its_last() {
    List<NewEvent> events = given(ACCOUNT, 5);
    given(OTHER, 3);

    assertThat(asWritten(read(ReadStream.of(ACCOUNT)))).isEqualTo(events);
  }

  @Test
  void a_read_starts_at_the_version_asked_for() {
    given(ACCOUNT, 5);

    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(1))))
        .containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(4)))).containsExactly(4L, 5L);
  }

  @Test
  void a_read_backwards_starts_at_the_last_event() {
    given(ACCOUNT, 5);

    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards())))
        .containsExactly(5L, 4L, 3L, 2L, 1L);
  }

  @Test
  void a_read_backwards_starts_at_the_version_asked_for() {
    given(ACCOUNT, 5);

    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(3).backwards())))
        .containsExactly(3L, 2L, 1L);
    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(99).backwards())))
        .containsExactly(5L, 4L, 3L, 2L, 1L);
  }

  @Test
  void a_read_has_at_most_as_many_events_as_asked_for() {
    given(ACCOUNT, 5);

    assertThat(versions(read(ReadStream.of(ACCOUNT).limit(2)))).containsExactly(1L, 2L);
    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(4).limit(9))))
        .containsExactly(4L, 5L);
    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards().limit(1)))).containsExactly(5L);
    assertThat(read(ReadStream.of(ACCOUNT).limit(0))).hasSize(5);
  }

  @Test
  void a_stream_that_does_not_exist_is_not_found() {
    given("account-421", 1);

    StreamNotFoundException refusal =
        refusal(
            StreamNotFoundException.class, () -> store.readStream(ReadStream.of(ACCOUNT)).close());

    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
  }

  @Test
  void a_stream_with_nothing_in_range_is_empty() {
    given(ACCOUNT, 2);

    assertThat(read(ReadStream.of(ACCOUNT).fromVersion(3))).isEmpty();
    assertThat(read(ReadStream.of(ACCOUNT).asOf(Instant.EPOCH))).isEmpty();
  }

  @Test
  void a_stream_as_of_a_time_is_what_it_was_then() {
    AppendResult early = givenOne(ACCOUNT, "Early");
    AppendResult between = untilLaterThan(early.recordedAt());
    untilLaterThan(between.recordedAt());
    AppendResult late = givenOne(ACCOUNT, "Late");

    assertThat(types(read(ReadStream.of(ACCOUNT).asOf(early.recordedAt()))))
        .containsExactly("Early");
    assertThat(types(read(ReadStream.of(ACCOUNT).asOf(between.recordedAt()))))
        .containsExactly("Early");
    assertThat(types(read(ReadStream.of(ACCOUNT).asOf(late.recordedAt()))))
        .containsExactly("Early", "Late");
    assertThat(types(read(ReadStream.of(ACCOUNT).asOf(between.recordedAt()).backwards())))
        .containsExactly("Early");
    assertThat(read(ReadStream.of(ACCOUNT).asOf(early.recordedAt().minusNanos(1)))).isEmpty();
  }

  @Test
  void a_read_tells_the_head_of_the_whole_log() {
    given(ACCOUNT, 2);
    given(OTHER, 3);

    try (EventReader reader = store.readStream(ReadStream.of(ACCOUNT))) {
      assertThat(reader.headPosition()).isEqualTo(5);
      assertThat(reader.toList()).hasSize(2);
      assertThat(reader.headPosition()).isEqualTo(5);
    }
  }

  @Test
  void a_read_sees_nothing_that_is_appended_after_it_began() {
    given(ACCOUNT, 100);

    try (EventReader reader = store.readStream(ReadStream.of(ACCOUNT))) {
      Iterator<RecordedEvent> events = reader.iterator();
      assertThat(events.next().version()).isEqualTo(1);
      given(ACCOUNT, 100);
      List<RecordedEvent> rest = new ArrayList<>();
      events.forEachRemaining(rest::add);
      assertThat(rest).hasSize(99);
    }
  }

  @Test
  void a_long_stream_of_large_events_arrives_whole_in_both_directions() {
    for (int i = 0; i < 20; i++) {
      List<NewEvent> batch = new ArrayList<>();
      for (int j = 0; j < 100; j++) {
        batch.add(NewEvent.of("Large", new byte[4_000]));
      }
      given(ACCOUNT, batch);
    }

    List<Long> all = LongStream.rangeClosed(1, 2_000).boxed().toList();
    assertThat(versions(read(ReadStream.of(ACCOUNT)))).isEqualTo(all);
    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards()))).isEqualTo(all.reversed());
  }

  @Test
  void a_reader_may_be_closed_before_its_end_and_gives_nothing_more() {
    given(ACCOUNT, 1_000);

    EventReader reader = store.readStream(ReadStream.of(ACCOUNT));
    Iterator<RecordedEvent> events = reader.iterator();
    assertThat(events.next().version()).isEqualTo(1);
    reader.close();
    reader.close();

    assertThatThrownBy(events::next).isInstanceOf(IllegalStateException.class);
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(1_000);
  }

  @Test
  void a_reader_gives_its_events_once() {
    given(ACCOUNT, 3);

    try (EventReader reader = store.readStream(ReadStream.of(ACCOUNT))) {
      assertThat(reader.iterator().next().version()).isEqualTo(1);
      assertThatThrownBy(reader::iterator).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void a_reader_is_closed_with_the_stream_of_its_events() {
    given(ACCOUNT, 3);

    EventReader reader = store.readStream(ReadStream.of(ACCOUNT));
    try (Stream<RecordedEvent> events = reader.stream()) {
      assertThat(events.limit(2)).hasSize(2);
    }

    assertThatThrownBy(reader::iterator).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_read_that_must_not_begin_before_a_position_waits_for_it() throws Exception {
    given(ACCOUNT, 1);
    CompletableFuture<List<RecordedEvent>> stream =
        CompletableFuture.supplyAsync(() -> read(ReadStream.of(ACCOUNT).notBeforePosition(3)));
    CompletableFuture<List<RecordedEvent>> log =
        CompletableFuture.supplyAsync(() -> read(ReadLog.all().notBeforePosition(3)));

    given(ACCOUNT, 1);
    assertThat(stream).isNotDone();
    assertThat(log).isNotDone();
    given(OTHER, 1);

    await().until(() -> stream.isDone() && log.isDone());
    assertThat(stream.join()).hasSize(2);
    assertThat(log.join()).hasSize(3);
  }

  @Test
  void a_read_that_must_not_begin_before_a_position_that_is_reached_begins_at_once() {
    AppendResult result = givenOne(ACCOUNT, "Happened");

    assertThat(read(ReadStream.of(ACCOUNT).notBeforePosition(result.position()))).hasSize(1);
  }
}
