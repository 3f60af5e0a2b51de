package io.varve.server.ops.console;

import com.google.gson.stream.JsonWriter;
import io.varve.server.event.RecordedEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event for the page. Its payload is text if it is UTF-8, and otherwise bytes; what the text is
 * the page finds out, since numbers would lose digits here.
 */
final class EventJson {
  private EventJson() {}

  /** Writes an event. */
  static void write(JsonWriter json, ShownEvent shown) throws IOException {
    RecordedEvent event = shown.event();
    json.beginObject();
    json.name("position").value(event.position().value());
    json.name("version").value(event.version().value());
    json.name("stream").value(event.stream().value());
    json.name("type").value(event.type());
    json.name("id").value(event.id().toString());
    json.name("recordedAt").value(event.recordedAt().toString());
    Instant occurredAt = event.occurredAt();
    json.name("occurredAt").value(occurredAt == null ? null : occurredAt.toString());
    json.name("contentType").value(event.contentType());
    json.name("metadata").beginObject();
    for (Map.Entry<String, String> entry : event.metadata().entrySet()) {
      json.name(entry.getKey()).value(entry.getValue());
    }
    json.endObject();
    json.name("tags").beginArray();
    for (String tag : event.tags()) {
      json.value(tag);
    }
    json.endArray();
    byte[] data = event.data();
    json.name("bytes").value(shown.payloadBytes());
    json.name("cut").value(shown.isCut());
    String text = textOf(data, shown.isCut());
    if (text == null) {
      json.name("base64").value(Base64.getEncoder().encodeToString(data));
    } else {
      json.name("text").value(text);
    }
    json.endObject();
  }

  /** The payload as text; null if it is not UTF-8. A cut may fall within a character. */
  private static @Nullable String textOf(byte[] bytes, boolean cut) {
    for (int less = 0; less <= (cut ? 3 : 0) && less <= bytes.length; less++) {
      String text = decoded(ByteBuffer.wrap(bytes, 0, bytes.length - less));
      if (text != null) {
        return text;
      }
    }
    return null;
  }

  private static @Nullable String decoded(ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      return null; // it is not text, or a cut is to blame
    }
  }
}
