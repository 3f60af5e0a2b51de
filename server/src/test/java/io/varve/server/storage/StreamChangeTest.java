package io.varve.server.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.storage.StreamChange.Kind;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamChangeTest {
  private static final StreamId STREAM = new StreamId("konto-\"ß\"");
  private static final StreamState STATE =
      new StreamState(true, 6, Long.MAX_VALUE, Duration.ofSeconds(90, 7), 9);
  private static final StreamHead HEAD =
      new StreamHead(
          0,
          Long.MAX_VALUE - 1, // more than a double can tell from its neighbours
          77,
          Instant.parse("2026-03-01T12:00:00.000000001Z"),
          Instant.parse("1969-07-20T20:17:40Z"),
          STATE);

  @ParameterizedTest
  @EnumSource
  void a_change_comes_back_as_it_was_written(Kind kind) {
    StreamChange change = new StreamChange(kind, STREAM, HEAD, "the customer\nasked", "10.0.0.7:5");

    assertThat(StreamChange.fromJson(1, kind.eventType(), change.toJson())).isEqualTo(change);
  }

  @Test
  void what_else_its_writer_says_comes_back_as_it_was_written() {
    StreamChange change =
        new StreamChange(
            Kind.RETENTION_SET, STREAM, HEAD, "", "x", "{ \"owner\" : \"ü\", \"$acl\": 1e2 }");

    assertThat(StreamChange.fromJson(1, "$RetentionSet", change.toJson())).isEqualTo(change);
  }

  @Test
  void a_change_of_a_stream_without_events_says_nothing_of_them() {
    StreamChange change =
        new StreamChange(
            Kind.RETENTION_SET,
            STREAM,
            StreamHead.NONE.in(new StreamState(false, 0, 3, null, 0)),
            "",
            "x");

    assertThat(new String(change.toJson(), UTF_8))
        .isEqualTo(
            "{\"stream\":\"konto-\\\"ß\\\"\",\"version\":\"0\",\"maxCount\":\"3\",\"reason\":\"\","
                + "\"by\":\"x\"}");
    assertThat(StreamChange.fromJson(1, "$RetentionSet", change.toJson())).isEqualTo(change);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no json",
        "{}",
        "{\"stream\":\"a\",\"reason\":\"\"}",
        "{\"stream\":\"\",\"reason\":\"\",\"by\":\"\"}",
        "{\"stream\":\"a\",\"reason\":\"\",\"by\":\"\",\"version\":\"x\"}",
        "{\"stream\":\"a\",\"reason\":\"\",\"by\":\"\",\"maxAge\":\"an hour\"}",
        "{\"stream\":\"a\",\"reason\":\"\",\"by\":\"\",\"createdAt\":\"yesterday\"}"
      })
  void what_is_no_change_is_damage_that_names_its_position(String json) {
    assertThatThrownBy(() -> StreamChange.fromJson(42, "$StreamDeleted", json.getBytes(UTF_8)))
        .isInstanceOfSatisfying(
            DamagedDataException.class, damaged -> assertThat(damaged.position()).isEqualTo(42))
        .hasMessageContaining("42");
  }

  @Test
  void an_event_of_an_unknown_type_is_no_change() {
    byte[] json = new StreamChange(Kind.DELETED, STREAM, HEAD, "", "x").toJson();

    assertThatThrownBy(() -> StreamChange.fromJson(1, "$StreamMoved", json))
        .isInstanceOf(DamagedDataException.class);
  }
}
