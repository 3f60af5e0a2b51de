package io.varve.server.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object on one line, member by member: what every tool prints. Members that say nothing
 * (null, empty text, empty lists) are left out.
 */
final class JsonLine {
  private final StringWriter text = new StringWriter();
  private final JsonWriter json = new JsonWriter(text);

  JsonLine() {
    json.setStrictness(Strictness.STRICT);
    json.setHtmlSafe(false);
    write(json::beginObject);
  }

  JsonLine put(String name, long value) {
    return write(() -> json.name(name).value(value));
  }

  JsonLine put(String name, double value) {
    return write(() -> json.name(name).value(value));
  }

  JsonLine put(String name, boolean value) {
    return write(() -> json.name(name).value(value));
  }

  JsonLine put(String name, @Nullable String value) {
    return value == null || value.isEmpty() ? this : write(() -> json.name(name).value(value));
  }

  JsonLine put(String name, @Nullable Instant value) {
    return value == null ? this : put(name, value.toString());
  }

  JsonLine put(String name, List<String> values) {
    if (values.isEmpty()) {
      return this;
    }
    return write(
        () -> {
          json.name(name).beginArray();
          for (String value : values) {
            json.value(value);
          }
          json.endArray();
        });
  }

  /** In the order of the keys, so that equal maps look equal. */
  JsonLine put(String name, Map<String, String> entries) {
    if (entries.isEmpty()) {
      return this;
    }
    return write(
        () -> {
          json.name(name).beginObject();
          for (Map.Entry<String, String> entry : new TreeMap<>(entries).entrySet()) {
            json.name(entry.getKey()).value(entry.getValue());
          }
          json.endObject();
        });
  }

  /** A member whose value is JSON text already, on one line. */
  JsonLine putJson(String name, String value) {
    return write(() -> json.name(name).jsonValue(value));
  }

  /** The line, without a line end. Nothing can be put any more. */
  String end() {
    write(json::endObject);
    return text.toString();
  }

  private interface Step {
    void run() throws IOException;
  }

  private JsonLine write(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return this;
  }
}
