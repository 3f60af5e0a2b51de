package io.varve.server.storage;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamScope;
import io.varve.server.event.StreamState;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decision about a stream beside its events, as it stands in the log: an event of the system
 * stream {@code $streams} whose JSON payload says who, why, and what holds from then on. Whatever
 * the store keeps of such decisions elsewhere is derived from these events.
 *
 * <p>It also says where the stream stood, since its events may be reclaimed afterwards.
 *
 * @param kind what was done
 * @param stream to which stream
 * @param head where the stream stood, with its state as of the change
 * @param reason why, in the words of whoever did it; may be empty
 * @param by who did it
 * @param description what else its writer says of the stream, as the text of a JSON object; null
 *     for nothing
 */
public record StreamChange(
    Kind kind,
    StreamId stream,
    StreamHead head,
    String reason,
    String by,
    @Nullable String description) {

  /** The system stream that holds all changes. */
  public static final StreamId STREAM = new StreamId("$streams");

  /** What the payload is. */
  public static final String CONTENT_TYPE = "application/json";

  private static final String DESCRIPTION = "description";

  private static final byte[] DESCRIPTION_KEY =
      ('"' + DESCRIPTION + '"').getBytes(StandardCharsets.UTF_8);

  /** A change whose writer says nothing else of the stream. */
  public StreamChange(Kind kind, StreamId stream, StreamHead head, String reason, String by) {
    this(kind, stream, head, reason, by, null);
  }

  /** What was done to a stream. */
  public enum Kind {
    RETENTION_SET("$RetentionSet"),
    TRUNCATED("$StreamTruncated"),
    DELETED("$StreamDeleted"),
    TOMBSTONED("$StreamTombstoned");

    private final String eventType;

    Kind(String eventType) {
      this.eventType = eventType;
    }

    /** The type of the event that records it. */
    public String eventType() {
      return eventType;
    }

    private static Kind of(String eventType) {
      for (Kind kind : values()) {
        if (kind.eventType.equals(eventType)) {
          return kind;
        }
      }
      throw new IllegalArgumentException("no change of a stream is called " + eventType);
    }
  }

  /** The tag by which the changes of one stream are found. */
  public String tag() {
    return tag(stream);
  }

  private static String tag(StreamId stream) {
    return StreamScope.SYSTEM_EVENT_TAG + stream;
  }

  /** Finds the changes of one stream. */
  public static Query changesOf(StreamId stream) {
    return new Query(
        List.of(
            new Query.Item(
                Set.of(), Set.of(tag(stream)), List.of(), Set.of(), Set.of(STREAM.value()))));
  }

  /** The event's payload. */
  public byte[] toJson() {
    StreamState state = head.state();
    Struct.Builder json = Struct.newBuilder();
    put(json, "stream", text(stream.value()));
    put(json, "version", text(head.version()));
    if (head.exists()) {
      put(json, "lastPosition", text(head.lastPosition()));
      put(json, "lastRecordedAt", text(head.lastRecordedAt()));
      put(json, "createdAt", text(head.createdAt()));
    }
    if (state.tombstoned()) {
      put(json, "tombstoned", Value.newBuilder().setBoolValue(true).build());
    }
    if (state.deletedThrough() > 0) {
      put(json, "deletedThrough", text(state.deletedThrough()));
    }
    if (state.maxCount() > 0) {
      put(json, "maxCount", text(state.maxCount()));
    }
    if (state.maxAge() != null) {
      put(json, "maxAge", text(state.maxAge()));
    }
    if (state.truncateBefore() > 0) {
      put(json, "truncateBefore", text(state.truncateBefore()));
    }
    put(json, "reason", text(reason));
    put(json, "by", text(by));
    if (description != null) {
      put(json, DESCRIPTION, text(description));
    }
    try {
      return JsonFormat.printer()
          .omittingInsignificantWhitespace()
          .print(json)
          .getBytes(StandardCharsets.UTF_8);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a change of a stream cannot be printed as JSON", e);
    }
  }

  /** The change that an event of the system stream records. */
  public static StreamChange fromJson(long position, String eventType, byte[] data) {
    try {
      Struct.Builder struct = Struct.newBuilder();
      JsonFormat.parser().merge(new String(data, StandardCharsets.UTF_8), struct);
      Map<String, Value> json = struct.getFieldsMap();
      String maxAge = string(json, "maxAge");
      StreamState state =
          new StreamState(
              json.getOrDefault("tombstoned", Value.getDefaultInstance()).getBoolValue(),
              number(json, "deletedThrough"),
              number(json, "maxCount"),
              maxAge == null ? null : Duration.parse(maxAge),
              number(json, "truncateBefore"));
      StreamHead head =
          new StreamHead(
              0,
              number(json, "version"),
              number(json, "lastPosition"),
              instant(json, "lastRecordedAt"),
              instant(json, "createdAt"),
              state);
      String stream = string(json, "stream");
      String reason = string(json, "reason");
      String by = string(json, "by");
      if (stream == null || reason == null || by == null) {
        throw new IllegalArgumentException("a part is missing");
      }
      return new StreamChange(
          Kind.of(eventType), new StreamId(stream), head, reason, by, string(json, DESCRIPTION));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | DateTimeException e) {
      DamagedDataException damaged =
          new DamagedDataException(
              position, "the change of a stream at position " + position + " cannot be read");
      damaged.initCause(e);
      throw damaged;
    }
  }

  /**
   * Whether a payload can have a {@link #description}: quick, and wrong only in saying that one
   * can.
   */
  public static boolean mayDescribe(byte[] data) {
    // A description is a member of its own, and printed as such.
    byte[] key = DESCRIPTION_KEY;
    for (int from = 0; from <= data.length - key.length; from++) {
      if (data[from] == '"' && Arrays.equals(data, from, from + key.length, key, 0, key.length)) {
        return true;
      }
    }
    return false;
  }

  private static void put(Struct.Builder json, String key, Value value) {
    json.putFields(key, value);
  }

  /** As text, since numbers of JSON are doubles for many readers. */
  private static Value text(Object value) {
    return Value.newBuilder().setStringValue(value.toString()).build();
  }

  private static @Nullable String string(Map<String, Value> json, String key) {
    Value value = json.get(key);
    return value == null ? null : value.getStringValue();
  }

  private static long number(Map<String, Value> json, String key) {
    String text = string(json, key);
    return text == null ? 0 : Long.parseLong(text);
  }

  private static Instant instant(Map<String, Value> json, String key) {
    String text = string(json, key);
    return text == null ? Instant.EPOCH : Instant.parse(text);
  }
}
