package io.varve.server.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/**
 * Events as lines of JSON. The members are named as in the contract's {@code RecordedEvent}; the
 * payload is {@code json}, {@code text} (UTF-8) or {@code data} (Base64), and absent if it is
 * empty.
 */
final class EventJson {
  /** Deeper payloads are shown as text. */
  private static final int MAX_DEPTH = 200;

  private EventJson() {}

  /** An event for people and scripts: a JSON payload is part of the JSON. */
  static String readable(RecordedEvent event) {
    return begun(event).end();
  }

  /** The same, for a line in which more is said of the event. */
  static JsonLine begun(RecordedEvent event) {
    JsonLine line = place(event);
    byte[] data = event.data();
    Optional<String> json =
        isJson(event.contentType()) ? utf8(data).flatMap(EventJson::onOneLine) : Optional.empty();
    if (json.isPresent()) {
      line.putJson("json", json.get());
      if (!event.contentType().equals(NewEvent.JSON)) {
        line.put("content_type", event.contentType());
      }
    } else {
      exactPayload(line, data).put("content_type", event.contentType());
    }
    return rest(line, event);
  }

  /** An event from which the very same bytes can be made again. */
  static String exact(RecordedEvent event) {
    JsonLine line = exactPayload(place(event), event.data());
    return rest(line.put("content_type", event.contentType()), event).end();
  }

  private static JsonLine place(RecordedEvent event) {
    return new JsonLine()
        .put("position", event.position())
        .put("stream", event.stream())
        .put("version", event.version())
        .put("type", event.type());
  }

  private static JsonLine exactPayload(JsonLine line, byte[] data) {
    Optional<String> text = utf8(data);
    return text.isPresent()
        ? line.put("text", text.get())
        : line.put("data", Base64.getEncoder().encodeToString(data));
  }

  private static JsonLine rest(JsonLine line, RecordedEvent event) {
    return line.put("tags", event.tags())
        .put("metadata", event.metadata())
        .put("occurred_at", event.occurredAt())
        .put("id", event.id().toString())
        .put("recorded_at", event.recordedAt());
  }

  private static boolean isJson(String contentType) {
    String bare = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return bare.equals(NewEvent.JSON) || bare.endsWith("+json");
  }

  /** The text whose UTF-8 form these bytes are; empty if they are none. */
  private static Optional<String> utf8(byte[] data) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** The same JSON value without line ends, its numbers digit by digit; empty if it is not JSON. */
  static Optional<String> onOneLine(String json) {
    StringWriter line = new StringWriter();
    try (JsonReader from = new JsonReader(new StringReader(json));
        JsonWriter to = new JsonWriter(line)) {
      from.setStrictness(Strictness.STRICT);
      from.setNestingLimit(MAX_DEPTH);
      to.setStrictness(Strictness.LENIENT); // a payload may be a bare number or text
      to.setHtmlSafe(false);
      copy(from, to);
      return from.peek() == JsonToken.END_DOCUMENT
          ? Optional.of(line.toString())
          : Optional.empty();
    } catch (MalformedJsonException | EOFException | IllegalStateException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  /** The value that comes next in a document, as JSON text on one line. */
  static String next(JsonReader from) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonWriter to = new JsonWriter(text)) {
      to.setStrictness(Strictness.LENIENT);
      to.setHtmlSafe(false);
      copy(from, to);
    }
    return text.toString();
  }

  private static void copy(JsonReader from, JsonWriter to) throws IOException {
    int depth = 0;
    do {
      switch (from.peek()) {
        case BEGIN_OBJECT -> {
          from.beginObject();
          to.beginObject();
          depth++;
        }
        case END_OBJECT -> {
          from.endObject();
          to.endObject();
          depth--;
        }
        case BEGIN_ARRAY -> {
          from.beginArray();
          to.beginArray();
          depth++;
        }
        case END_ARRAY -> {
          from.endArray();
          to.endArray();
          depth--;
        }
        case NAME -> to.name(from.nextName());
        case STRING -> to.value(from.nextString());
        case NUMBER -> to.jsonValue(from.nextString());
        case BOOLEAN -> to.value(from.nextBoolean());
        case NULL -> {
          from.nextNull();
          to.nullValue();
        }
        case END_DOCUMENT -> throw new EOFException("no value");
      }
    } while (depth > 0);
  }
}
