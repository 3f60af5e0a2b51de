package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventJsonTest {
  private static final Instant TIME = Instant.parse("2026-11-27T12:00:00.5Z");
  private static final UUID ID = UUID.fromString("0190d5a4-0000-7000-8000-000000000001");

  @Test
  void a_json_payload_is_part_of_the_line() {
    RecordedEvent event =
        recorded(
            NewEvent.builder("Opened")
                .json("{ \"owner\" : \"Ada\",\n \"amount\": 12345678901234567890.10 }"));

    assertThat(EventJson.readable(event))
        .isEqualTo(
            "{\"position\":7,\"stream\":\"account-1\",\"version\":3,\"type\":\"Opened\","
                + "\"json\":{\"owner\":\"Ada\",\"amount\":12345678901234567890.10},"
                + "\"id\":\"0190d5a4-0000-7000-8000-000000000001\","
                + "\"recorded_at\":\"2026-11-27T12:00:00.500Z\"}");
  }

  @Test
  void what_the_writer_added_is_told() {
    RecordedEvent event =
        recorded(
            NewEvent.builder("Opened")
                .tag("b:2")
                .tag("a:1")
                .metadata("user", "u1")
                .metadata("cause", "c1")
                .occurredAt(TIME));

    assertThat(EventJson.readable(event))
        .contains("\"tags\":[\"b:2\",\"a:1\"]", "\"metadata\":{\"cause\":\"c1\",\"user\":\"u1\"}")
        .contains("\"occurred_at\":\"2026-11-27T12:00:00.500Z\"")
        .doesNotContain("json", "text", "data\":\"", "content_type");
  }

  @Test
  void text_is_text_and_bytes_are_base64() {
    assertThat(EventJson.readable(recorded(NewEvent.builder("T").data("grüß\n".getBytes(UTF_8)))))
        .contains("\"text\":\"grüß\\n\"");
    assertThat(EventJson.readable(recorded(NewEvent.builder("T").data(new byte[] {-1, 0, 1}))))
        .contains("\"data\":\"/wAB\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "{\"a\":1}{", "nul", "{'a':1}", "[1,]", "{\"a\":}", "// x", "NaN", "01"})
  void a_payload_that_says_it_is_json_and_is_not_is_shown_as_the_text_it_is(String text) {
    String line =
        EventJson.readable(
            recorded(NewEvent.builder("T").data(text.getBytes(UTF_8)).contentType(NewEvent.JSON)));

    assertThat(line).doesNotContain("\"json\":").contains("\"content_type\":\"application/json\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "\"text\"", "null", "true", "[]", "-0.0e+7", "[[],{\"\":[1]}]"})
  void any_json_value_may_be_a_payload(String json) {
    assertThat(EventJson.onOneLine(json)).contains(json);
  }

  @Test
  void a_payload_too_deep_to_show_is_text() {
    assertThat(EventJson.onOneLine("[".repeat(50_000) + "]".repeat(50_000))).isEmpty();
  }

  @Test
  void the_exact_form_keeps_the_payload_as_it_was_written() {
    String json = "{ \"a\" : 1.0 }\n";

    assertThat(EventJson.exact(recorded(NewEvent.builder("T").json(json))))
        .contains("\"text\":\"{ \\\"a\\\" : 1.0 }\\n\",\"content_type\":\"application/json\"");
  }

  private static RecordedEvent recorded(NewEvent.Builder event) {
    return new RecordedEvent("account-1", 3, 7, TIME, event.id(ID).build());
  }
}
