package io.varve.server.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.varve.client.streams.NewEvent;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One line of JSON that stands for an event to be written, in the form in which {@link EventJson}
 * prints them. The payload is {@code json} (any JSON value), {@code text}, {@code data} (Base64),
 * or none.
 *
 * @param stream null: the line does not say
 * @param version the event's version in its stream where the line comes from; 0: not said
 * @param recordedAt when it was recorded where the line comes from; null: not said
 * @param event what is to be written; without an id in the line it has a new one
 * @param hasId whether the line has an id, so that repeating it is safe
 */
record EventLine(
    @Nullable String stream,
    long version,
    @Nullable Instant recordedAt,
    NewEvent event,
    boolean hasId) {

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException with a sentence, if it is malformed
   */
  static EventLine parse(String line) {
    try (JsonReader json = new JsonReader(new StringReader(line))) {
      json.setStrictness(Strictness.STRICT);
      Members members = new Members();
      Set<String> seen = new HashSet<>();
      json.beginObject();
      while (json.hasNext()) {
        String name = json.nextName();
        if (!seen.add(name)) {
          throw new IllegalArgumentException("\"" + name + "\" is there twice");
        }
        members.take(name, json);
      }
      json.endObject();
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("there is something after the event");
      }
      return members.event();
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new IllegalArgumentException("it is not an event in JSON: " + e.getMessage(), e);
    }
  }

  /** What a line says, member by member. */
  private static final class Members {
    private @Nullable String stream;
    private @Nullable String type;
    private @Nullable UUID id;
    private long version;
    private @Nullable Instant recordedAt;
    private @Nullable Instant occurredAt;
    private byte @Nullable [] payload;
    private @Nullable String contentType;
    private String impliedContentType = "";
    private final List<String> tags = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    void take(String name, JsonReader json) throws IOException {
      switch (name) {
        case "stream" -> stream = json.nextString();
        case "type" -> type = json.nextString();
        case "id" -> id = uuid(json.nextString());
        case "version" -> version = json.nextLong();
        case "position" -> json.skipValue(); // the store gives another one
        case "recorded_at" -> recordedAt = time(name, json.nextString());
        case "occurred_at" -> occurredAt = time(name, json.nextString());
        case "content_type" -> contentType = json.nextString();
        case "json" -> {
          payload(EventJson.next(json).getBytes(StandardCharsets.UTF_8));
          impliedContentType = NewEvent.JSON;
        }
        case "text" -> payload(json.nextString().getBytes(StandardCharsets.UTF_8));
        case "data" -> payload(base64(json.nextString()));
        case "tags" -> {
          json.beginArray();
          while (json.hasNext()) {
            tags.add(json.nextString());
          }
          json.endArray();
        }
        case "metadata" -> {
          json.beginObject();
          while (json.hasNext()) {
            metadata.put(json.nextName(), json.nextString());
          }
          json.endObject();
        }
        default -> throw new IllegalArgumentException("an event has no \"" + name + "\"");
      }
    }

    private void payload(byte[] bytes) {
      if (payload != null) {
        throw new IllegalArgumentException("an event has one of json, text and data");
      }
      payload = bytes;
    }

    EventLine event() {
      if (type == null) {
        throw new IllegalArgumentException("\"type\" is missing");
      }
      NewEvent.Builder event =
          NewEvent.builder(type)
              .contentType(contentType == null ? impliedContentType : contentType)
              .tags(tags)
              .metadata(metadata);
      if (payload != null) {
        event.data(payload);
      }
      if (id != null) {
        event.id(id);
      }
      if (occurredAt != null) {
        event.occurredAt(occurredAt);
      }
      return new EventLine(stream, version, recordedAt, event.build(), id != null);
    }

    private static byte[] base64(String text) {
      try {
        return Base64.getDecoder().decode(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("\"data\" is not Base64", e);
      }
    }

    private static Instant time(String name, String text) {
      try {
        return OffsetDateTime.parse(text).toInstant();
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(
            "\"" + name + "\" must be a time such as 2026-11-27T12:00:00Z, was " + text, e);
      }
    }
  }

  /**
   * Reads an event's id.
   *
   * @throws IllegalArgumentException with a sentence, if it is none
   */
  static UUID uuid(String text) {
    if (!text.matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")) {
      throw new IllegalArgumentException(
          "an id must be a UUID such as 0190d5a4-0000-7000-8000-000000000001, was " + text);
    }
    return UUID.fromString(text);
  }
}
