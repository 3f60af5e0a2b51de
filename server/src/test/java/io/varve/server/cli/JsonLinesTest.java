package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class JsonLinesTest {
  private final LoggerContext context = new LoggerContext();
  private final JsonLines lines = new JsonLines();

  @BeforeEach
  void start() {
    lines.setContext(context);
    lines.start();
  }

  @AfterEach
  void stop() {
    lines.stop();
    context.stop();
  }

  private LoggingEvent event(String message, @Nullable Throwable failure, Object... arguments) {
    return event(Map.of(), message, failure, arguments);
  }

  private LoggingEvent event(
      Map<String, String> context,
      String message,
      @Nullable Throwable failure,
      Object... arguments) {
    Logger logger = this.context.getLogger("io.varve.server.Part");
    LoggingEvent event = new LoggingEvent("fqcn", logger, Level.WARN, message, failure, arguments);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.678901Z"));
    event.setThreadName("varve-writer");
    event.setMDCPropertyMap(context);
    return event;
  }

  private JsonObject line(LoggingEvent event) {
    String text = lines.doLayout(event);
    assertThat(text).endsWith("\n").hasLineCount(1);
    return JsonParser.parseString(text).getAsJsonObject();
  }

  @Test
  void an_event_is_one_object_on_one_line() {
    JsonObject line = line(event("stream {} is\nat {}", null, "a\"b", 7));
    assertThat(line.get("time").getAsString()).isEqualTo("2026-01-02T03:04:05.678901Z");
    assertThat(line.get("level").getAsString()).isEqualTo("WARN");
    assertThat(line.get("logger").getAsString()).isEqualTo("io.varve.server.Part");
    assertThat(line.get("thread").getAsString()).isEqualTo("varve-writer");
    assertThat(line.get("message").getAsString()).isEqualTo("stream a\"b is\nat 7");
    assertThat(line.has("error")).isFalse();
  }

  @Test
  void what_went_wrong_stays_on_the_line() {
    Exception failure = new IllegalStateException("no", new RuntimeException("space left"));
    assertThat(line(event("failed", failure)).get("error").getAsString())
        .contains("IllegalStateException: no", "space left", "JsonLinesTest");
  }

  @Test
  void what_an_event_says_by_name_is_a_member() {
    LoggingEvent event = event(Map.of("call", "7"), "moved", null);
    event.setKeyValuePairs(List.of(new KeyValuePair("position", 12)));
    JsonObject line = line(event);
    assertThat(line.get("call").getAsString()).isEqualTo("7");
    assertThat(line.get("position").getAsString()).isEqualTo("12");
  }
}
