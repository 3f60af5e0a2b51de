package io.varve.server.api.kurrent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.ByteString;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.event.StreamState;
import io.varve.server.read.EventCursor;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamDirectory;
import io.varve.server.security.StreamAcl;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is said and decided about streams, as the metadata streams of this protocol: a view of
 * Varve's own record of such changes, whoever made them. The revision of an entry is its position
 * in the log. Thread-safe.
 */
final class StreamDescriptions {
  static final String MAX_COUNT = "$maxCount";
  static final String MAX_AGE = "$maxAge";
  static final String TRUNCATE_BEFORE = "$tb";

  /** As a revision to truncate before: the stream is deleted. */
  static final long DELETED = Long.MAX_VALUE;

  private static final String METADATA_TYPE = "$metadata";
  private static final String TOMBSTONE_TYPE = "$streamDeleted";

  /** Changes that are looked through for what was said last. */
  private static final int MAX_LOOKED_THROUGH = 1_000;

  private final EventReader reader;
  private final StreamDirectory directory;

  StreamDescriptions(EventReader reader, StreamDirectory directory) {
    this.reader = reader;
    this.directory = directory;
  }

  // ---- what was recorded

  /** A change as an event of a metadata stream, or as the end of the stream that it closes. */
  SeenEvent seen(RecordedEvent event) {
    StreamChange change =
        StreamChange.fromJson(event.position().value(), event.type(), event.data());
    if (change.kind() == StreamChange.Kind.TOMBSTONED) {
      return seen(event, change.stream().value(), Long.MAX_VALUE, TOMBSTONE_TYPE, "{}");
    }
    String said = change.description();
    String json =
        said == null
            ? json(saidBefore(change.stream(), event), change.head().state(), isDeleted(change))
            : said;
    return entry(event, change.stream(), json);
  }

  private static SeenEvent entry(RecordedEvent event, StreamId stream, String json) {
    String name = StreamKind.METADATA_PREFIX + stream;
    return seen(event, name, event.position().value(), METADATA_TYPE, json);
  }

  private static SeenEvent seen(
      RecordedEvent event, String stream, long revision, String type, String json) {
    return new SeenEvent(
        CustomMetadata.idOf(event),
        stream,
        revision,
        event.position().value(),
        type,
        true,
        event.recordedAt(),
        ByteString.copyFromUtf8(json),
        // The tag by which a change is found is not its writer's.
        CustomMetadata.show(event.metadata(), List.of()));
  }

  private @Nullable String saidBefore(StreamId stream, RecordedEvent event) {
    return lastSaid(stream, event.position().value() - 1);
  }

  private @Nullable String lastSaid(StreamId stream, long from) {
    if (from < 1) {
      return null;
    }
    EventCursor changes =
        reader.readLog(
            new LogRead(
                StreamChange.changesOf(stream), from, 0, null, null, true, MAX_LOOKED_THROUGH));
    while (!changes.isDone()) {
      for (EventRun run : changes.next().runs()) {
        for (EncodedEvent encoded : run.events()) {
          RecordedEvent event = encoded.decode();
          if (event.stream().equals(StreamChange.STREAM)) {
            String said =
                StreamChange.fromJson(event.position().value(), event.type(), event.data())
                    .description();
            if (said != null) {
              return said;
            }
          }
        }
      }
    }
    return null;
  }

  // ---- how a stream stands

  /**
   * What holds of a stream now, as the last entry of its metadata stream; null if none was made.
   */
  @Nullable SeenEvent last(StreamId stream) {
    RecordedEvent event = lastChange(stream);
    if (event == null) {
      return null;
    }
    StreamChange change =
        StreamChange.fromJson(event.position().value(), event.type(), event.data());
    StreamHead now = directory.headOf(stream);
    boolean reopened = isDeleted(change) && now.life() == StreamLife.OPEN;
    String said = change.description();
    if (said != null && !reopened) {
      return entry(event, stream, said);
    }
    String base = said == null ? saidBefore(stream, event) : said;
    return entry(event, stream, json(base, now.state(), isDeleted(change) && !reopened));
  }

  /** The position of the last change of a stream; 0 for none. */
  long lastChangePosition(StreamId stream) {
    RecordedEvent event = lastChange(stream);
    return event == null ? 0 : event.position().value();
  }

  private @Nullable RecordedEvent lastChange(StreamId stream) {
    EventCursor changes =
        reader.readLog(new LogRead(StreamChange.changesOf(stream), 0, 0, null, null, true, 1));
    while (!changes.isDone()) {
      for (EventRun run : changes.next().runs()) {
        return run.events().getFirst().decode();
      }
    }
    return null;
  }

  private static boolean isDeleted(StreamChange change) {
    return change.head().life() == StreamLife.DELETED;
  }

  // ---- as JSON

  /** What was said, with what holds in place of what was said of that. */
  private static String json(@Nullable String said, StreamState state, boolean deleted) {
    JsonObject json = new JsonObject();
    if (said != null) {
      for (Map.Entry<String, JsonElement> member :
          JsonParser.parseString(said).getAsJsonObject().entrySet()) {
        json.add(member.getKey(), member.getValue());
      }
    }
    json.remove(MAX_COUNT);
    json.remove(MAX_AGE);
    json.remove(TRUNCATE_BEFORE);
    if (state.maxCount() > 0) {
      json.addProperty(MAX_COUNT, state.maxCount());
    }
    Duration maxAge = state.maxAge();
    if (maxAge != null) {
      json.addProperty(MAX_AGE, Math.max(1, maxAge.plusNanos(999_999_999).toSeconds()));
    }
    if (deleted) {
      json.addProperty(TRUNCATE_BEFORE, DELETED);
    } else if (state.truncateBefore() > 1) {
      json.addProperty(TRUNCATE_BEFORE, state.truncateBefore() - 1);
    }
    return json.toString();
  }

  /**
   * What an entry of a metadata stream decides.
   *
   * @param text the entry itself
   * @param maxCount 0 for no bound
   * @param maxAge null for no bound
   * @param truncateBefore a version; 0 for none
   * @param delete whether the stream is deleted
   */
  record Decided(
      String text, long maxCount, @Nullable Duration maxAge, long truncateBefore, boolean delete) {

    boolean hidesSomething() {
      return maxCount > 0 || maxAge != null || truncateBefore > 0 || delete;
    }
  }

  static Decided parse(ByteString data) {
    JsonObject json = object(data);
    long truncate = number(json, TRUNCATE_BEFORE);
    long maxAge = number(json, MAX_AGE);
    boolean delete = truncate == DELETED;
    String text = data.isEmpty() ? "{}" : data.toStringUtf8();
    try {
      var _ = StreamAcl.of(text);
    } catch (StreamAcl.Malformed e) {
      throw KurrentErrors.invalid(e.field(), String.valueOf(e.getMessage()));
    }
    return new Decided(
        text,
        number(json, MAX_COUNT),
        maxAge == 0 ? null : Duration.ofSeconds(maxAge),
        delete || truncate == 0 ? 0 : truncate + 1,
        delete);
  }

  private static JsonObject object(ByteString data) {
    if (data.isEmpty()) {
      return new JsonObject();
    }
    String text = data.toString(StandardCharsets.UTF_8);
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      JsonElement json = JsonParser.parseReader(reader);
      if (json.isJsonObject() && reader.peek() == JsonToken.END_DOCUMENT) {
        return json.getAsJsonObject();
      }
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw notAnObject();
    }
    throw notAnObject();
  }

  private static RuntimeException notAnObject() {
    return KurrentErrors.invalid("data", "must be a JSON object in a metadata stream");
  }

  private static long number(JsonObject json, String member) {
    JsonElement value = json.get(member);
    if (value == null || value.isJsonNull()) {
      return 0;
    }
    try {
      if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
        long number = primitive.getAsBigDecimal().longValueExact();
        if (number >= 0) {
          return number;
        }
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw notANumber(member);
    }
    throw notANumber(member);
  }

  private static RuntimeException notANumber(String member) {
    return KurrentErrors.invalid(member, "must be a whole number that is not negative");
  }
}
