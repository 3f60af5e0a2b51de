package io.varve.server.api.kurrent;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.protobuf.ByteString;
import io.varve.server.config.Limits;
import io.varve.server.event.RecordedEvent;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The free bytes that an event of this protocol carries, in Varve's metadata and tags.
 *
 * <p>Bytes that are a JSON object: its texts become metadata and its {@code $tags} tags, so that
 * readers of either API find them. Whatever of the bytes cannot be made again from those is kept
 * whole, under a key of its own. Events that were written through Varve's own API show their
 * metadata and tags as such an object.
 */
public final class CustomMetadata {
  /** The bytes whole, if they are text. A writer of Varve's own API may set it as well. */
  static final String EXACT = "kurrentdb-custom-metadata";

  /** The same in Base64, if they are not. */
  static final String EXACT_BASE64 = "kurrentdb-custom-metadata-base64";

  /** The writer's id of an event that is kept under another, see {@link EventIds}. */
  public static final String EVENT_ID = "kurrentdb-event-id";

  /** The key under which the id of a conversation is kept, as Varve's toolkit does. */
  static final String CORRELATION_ID = "correlation-id";

  private static final String TAGS = "$tags";

  /** The protocol's names of what Varve's toolkit has its own names for. */
  private static final Map<String, String> NAMES =
      Map.of("$correlationId", CORRELATION_ID, "$causationId", "causation-id");

  private static final Map<String, String> FOREIGN_NAMES =
      Map.of(CORRELATION_ID, "$correlationId", "causation-id", "$causationId");

  private static final Set<String> OWN = Set.of(EXACT, EXACT_BASE64, EVENT_ID);

  private CustomMetadata() {}

  /** What Varve keeps of the bytes. */
  public record Kept(Map<String, String> metadata, List<String> tags) {

    /** How many bytes the metadata takes. */
    long bytes() {
      long bytes = 0;
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        bytes += utf8Length(entry.getKey()) + utf8Length(entry.getValue());
      }
      return bytes;
    }
  }

  // ---- keeping

  /** What is kept of the bytes; may be over the limit. */
  public static Kept keep(ByteString custom, Limits limits) {
    if (custom.isEmpty()) {
      return new Kept(Map.of(), List.of());
    }
    String text = text(custom);
    if (text == null) {
      String base64 = Base64.getEncoder().encodeToString(custom.toByteArray());
      return new Kept(Map.of(EXACT_BASE64, base64), List.of());
    }
    Kept facts = facts(text, limits);
    if (facts == null) {
      return new Kept(Map.of(EXACT, text), List.of());
    }
    if (json(facts.metadata(), facts.tags()).equals(text)) {
      return facts;
    }
    Map<String, String> both = new LinkedHashMap<>(facts.metadata());
    both.put(EXACT, text);
    Kept kept = new Kept(both, facts.tags());
    return kept.bytes() <= limits.metadataBytes()
        ? kept
        : new Kept(Map.of(EXACT, text), facts.tags());
  }

  private static @Nullable String text(ByteString bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.asReadOnlyByteBuffer()).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** The texts and tags of a JSON object; null if it is none. */
  private static @Nullable Kept facts(String text, Limits limits) {
    Map<String, String> metadata = new LinkedHashMap<>();
    Set<String> tags = new LinkedHashSet<>();
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    try {
      reader.beginObject();
      while (reader.hasNext()) {
        String name = reader.nextName();
        if (name.equals(TAGS) && reader.peek() == JsonToken.BEGIN_ARRAY) {
          readTags(reader, tags, limits);
        } else if (reader.peek() == JsonToken.STRING) {
          String value = reader.nextString();
          String key = NAMES.getOrDefault(name, name);
          if (isKey(key, limits) && isWellFormed(value)) {
            metadata.put(key, value);
          }
        } else {
          reader.skipValue();
        }
      }
      reader.endObject();
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        return null;
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      return null; // not JSON, or no object: the reader has no gentler way of saying so
    }
    return new Kept(metadata, List.copyOf(tags));
  }

  private static void readTags(JsonReader reader, Set<String> tags, Limits limits)
      throws IOException {
    reader.beginArray();
    while (reader.hasNext()) {
      if (reader.peek() != JsonToken.STRING) {
        reader.skipValue();
        continue;
      }
      String tag = reader.nextString();
      if (isText(tag, limits.tagBytes()) && tags.size() < limits.tags()) {
        tags.add(tag);
      }
    }
    reader.endArray();
  }

  private static boolean isKey(String key, Limits limits) {
    return isText(key, limits.metadataKeyBytes()) && key.charAt(0) != '$' && !OWN.contains(key);
  }

  private static boolean isText(String text, int maxBytes) {
    return !text.isEmpty()
        && utf8Length(text) <= maxBytes
        && text.chars().noneMatch(Character::isISOControl)
        && isWellFormed(text);
  }

  private static boolean isWellFormed(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  // ---- showing

  /** The bytes as the protocol's readers see them. */
  static ByteString show(RecordedEvent event) {
    return show(event.metadata(), event.tags());
  }

  static ByteString show(Map<String, String> metadata, List<String> tags) {
    String exact = metadata.get(EXACT);
    if (exact != null) {
      return ByteString.copyFromUtf8(exact);
    }
    String base64 = metadata.get(EXACT_BASE64);
    if (base64 != null) {
      try {
        return ByteString.copyFrom(Base64.getDecoder().decode(base64));
      } catch (IllegalArgumentException e) {
        return ByteString.copyFromUtf8(base64); // not written here: shown as it is
      }
    }
    return ByteString.copyFromUtf8(json(metadata, tags));
  }

  /** The event's id as its writer knows it. */
  static UUID idOf(RecordedEvent event) {
    String given = event.metadata().get(EVENT_ID);
    if (given == null) {
      return event.id();
    }
    try {
      return UUID.fromString(given);
    } catch (IllegalArgumentException e) {
      return event.id(); // not written here
    }
  }

  /** Metadata and tags as one JSON object; empty if there is nothing. */
  private static String json(Map<String, String> metadata, List<String> tags) {
    List<Map.Entry<String, String>> shown = new ArrayList<>();
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      if (!OWN.contains(entry.getKey())) {
        shown.add(entry);
      }
    }
    if (shown.isEmpty() && tags.isEmpty()) {
      return "";
    }
    StringWriter text = new StringWriter();
    JsonWriter writer = new JsonWriter(text);
    writer.setStrictness(Strictness.STRICT);
    try {
      writer.beginObject();
      for (Map.Entry<String, String> entry : shown) {
        writer
            .name(FOREIGN_NAMES.getOrDefault(entry.getKey(), entry.getKey()))
            .value(entry.getValue());
      }
      if (!tags.isEmpty()) {
        writer.name(TAGS).beginArray();
        for (String tag : tags) {
          writer.value(tag);
        }
        writer.endArray();
      }
      writer.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    return text.toString();
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
