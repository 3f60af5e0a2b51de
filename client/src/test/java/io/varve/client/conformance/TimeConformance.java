package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Reads by time, at and beside every moment at which something was recorded. */
abstract class TimeConformance extends StoreTests {

  /** Several moments, each with events of two streams; returns the log. */
  private List<RecordedEvent> givenMoments() {
    for (int moment = 0; moment < 5; moment++) {
      given(ACCOUNT, 2);
      given(OTHER, 1);
      untilLaterThan(read(ReadStream.of(OTHER).backwards().limit(1)).getFirst().recordedAt());
    }
    return read(ReadLog.all());
  }

  /** Every recorded time, and a nanosecond before and after it. */
  private static Set<Instant> moments(List<RecordedEvent> log) {
    Set<Instant> moments = new TreeSet<>();
    for (RecordedEvent event : log) {
      moments.add(event.recordedAt());
      moments.add(event.recordedAt().minusNanos(1));
      moments.add(event.recordedAt().plusNanos(1));
    }
    return moments;
  }

  private static List<RecordedEvent> those(
      List<RecordedEvent> log, Predicate<RecordedEvent> wanted) {
    return log.stream().filter(wanted).toList();
  }

  @Test
  void a_stream_as_of_any_moment_has_what_was_recorded_at_or_before_it() {
    List<RecordedEvent> log = givenMoments();

    for (Instant moment : moments(log)) {
      List<RecordedEvent> expected =
          those(log, e -> e.stream().equals(ACCOUNT) && !e.recordedAt().isAfter(moment));
      assertThat(read(ReadStream.of(ACCOUNT).asOf(moment))).isEqualTo(expected);
      assertThat(read(ReadStream.of(ACCOUNT).asOf(moment).backwards()))
          .isEqualTo(expected.reversed());
    }
  }

  @Test
  void the_log_from_any_moment_has_what_was_recorded_at_or_after_it() {
    List<RecordedEvent> log = givenMoments();

    for (Instant moment : moments(log)) {
      assertThat(read(ReadLog.all().fromTime(moment)))
          .isEqualTo(those(log, e -> !e.recordedAt().isBefore(moment)));
      assertThat(read(ReadLog.all().fromTime(moment).backwards()))
          .isEqualTo(those(log, e -> !e.recordedAt().isAfter(moment)).reversed());
    }
  }

  @Test
  void the_log_up_to_any_moment_has_what_was_recorded_at_or_before_it() {
    List<RecordedEvent> log = givenMoments();

    for (Instant moment : moments(log)) {
      assertThat(read(ReadLog.all().toTime(moment)))
          .isEqualTo(those(log, e -> !e.recordedAt().isAfter(moment)));
      assertThat(read(ReadLog.all().toTime(moment).backwards()))
          .isEqualTo(those(log, e -> !e.recordedAt().isBefore(moment)).reversed());
    }
  }

  @Test
  void a_query_between_moments_finds_what_matches_between_them() {
    List<RecordedEvent> log = givenMoments();
    Instant from = log.get(log.size() / 3).recordedAt();
    Instant to = log.get(2 * log.size() / 3).recordedAt();

    assertThat(read(ReadLog.all().query(Query.categories("order")).fromTime(from).toTime(to)))
        .isNotEmpty()
        .isEqualTo(
            those(
                log,
                e ->
                    e.stream().equals(OTHER)
                        && !e.recordedAt().isBefore(from)
                        && !e.recordedAt().isAfter(to)));
  }

  @Test
  void moments_before_the_first_event_and_after_the_last_are_moments_too() {
    List<RecordedEvent> log = givenMoments();
    Instant first = Instant.parse("0001-01-01T00:00:00Z");
    Instant last = Instant.parse("9999-12-31T23:59:59.999999999Z");

    assertThat(read(ReadLog.all().fromTime(first))).isEqualTo(log);
    assertThat(read(ReadLog.all().toTime(last))).isEqualTo(log);
    assertThat(read(ReadLog.all().fromTime(last))).isEmpty();
    assertThat(read(ReadLog.all().toTime(first))).isEmpty();
    assertThat(read(ReadStream.of(OTHER).asOf(first))).isEmpty();
    assertThat(read(ReadStream.of(OTHER).asOf(last))).hasSize(5);
  }
}
