package io.varve.client.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroupSource;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.Transaction.StreamPart;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the server refuses at the door, with its default limits. Fields are named as in the
 * contract; the first violation is the one that is reported.
 */
final class RequestRules {

  private static final int MAX_STREAM_BYTES = 512;
  private static final int MAX_TYPE_BYTES = 256;
  private static final int MAX_CONTENT_TYPE_BYTES = 256;
  private static final int MAX_DATA_BYTES = 4 << 20;
  private static final int MAX_METADATA_KEY_BYTES = 256;
  private static final int MAX_METADATA_BYTES = 64 << 10;
  private static final int MAX_TAGS = 64;
  private static final int MAX_TAG_BYTES = 256;
  private static final int MAX_EVENTS = 10_000;
  private static final int MAX_APPEND_BYTES = 16 << 20;
  private static final int MAX_STREAMS = 1_000;
  private static final int MAX_CONDITIONS = 100;
  private static final int MAX_CONDITION_TERMS = 1_000;
  private static final int MAX_SOURCE_BYTES = 512;
  private static final int MAX_REASON_BYTES = 1_024;
  private static final int MAX_QUERY_ITEMS = 1_000;
  private static final int MAX_QUERY_ENTRIES = 1_000;

  private static final int MAX_GROUP_BYTES = 256;
  private static final int MAX_CONSUMER_BYTES = 256;
  private static final int MAX_RETRIES = 1_000_000;
  private static final int MAX_EVENTS_HELD = 10_000;
  private static final int MAX_CHECKPOINT_EVENTS = 1_000_000;
  private static final int MAX_POSITIONS = 10_000;

  private RequestRules() {}

  static void checkAppend(String stream, List<NewEvent> events, @Nullable Tracking tracking) {
    checkOwnStream("stream", stream);
    if (events.isEmpty()) {
      throw invalid("events", "must hold at least one event");
    }
    checkLimit("events", events.size(), MAX_EVENTS, "entries");
    checkLimit("events", checkEvents("events", events, new HashSet<>()), MAX_APPEND_BYTES, "bytes");
    checkTracking(tracking);
  }

  static void checkTransaction(Transaction transaction) {
    List<StreamPart> streams = transaction.streams();
    if (streams.isEmpty() && transaction.conditions().isEmpty() && transaction.tracking() == null) {
      throw invalid("streams", "must not be empty without conditions and without tracking");
    }
    checkLimit("streams", streams.size(), MAX_STREAMS, "entries");
    checkLimit("conditions", transaction.conditions().size(), MAX_CONDITIONS, "entries");
    checkLimit("streams", transaction.events().count(), MAX_EVENTS, "events");
    Set<String> names = new HashSet<>();
    Set<UUID> ids = new HashSet<>();
    long bytes = 0;
    for (int i = 0; i < streams.size(); i++) {
      StreamPart part = streams.get(i);
      String field = "streams[" + i + "]";
      if (part.events().isEmpty()) {
        checkStream(field + ".stream", part.stream());
      } else {
        checkOwnStream(field + ".stream", part.stream());
      }
      if (!names.add(part.stream())) {
        throw invalid(
            field + ".stream", "\"" + part.stream() + "\" stands twice in this transaction");
      }
      bytes += checkEvents(field + ".events", part.events(), ids);
    }
    checkLimit("streams", bytes, MAX_APPEND_BYTES, "bytes");
    long terms = 0;
    for (int i = 0; i < transaction.conditions().size(); i++) {
      Query query = transaction.conditions().get(i).query();
      checkQuery("conditions[" + i + "].query", query);
      for (QueryItem item : query.items()) {
        terms +=
            Set.copyOf(item.types()).size()
                + Set.copyOf(item.tags()).size()
                + item.streamPrefixes().size()
                + Set.copyOf(item.categories()).size();
      }
    }
    checkLimit("conditions", terms, MAX_CONDITION_TERMS, "terms in all");
    checkTracking(transaction.tracking());
  }

  /** A stream that is not the server's own. */
  private static void checkOwnStream(String field, String stream) {
    checkStream(field, stream);
    if (stream.startsWith("$")) {
      throw invalid(
          field, "\"" + stream + "\" starts with \"$\", which only the server's own streams do");
    }
  }

  /** Returns their size in bytes. */
  private static long checkEvents(String field, List<NewEvent> events, Set<UUID> ids) {
    long bytes = 0;
    for (int i = 0; i < events.size(); i++) {
      NewEvent event = events.get(i);
      String name = field + "[" + i + "]";
      if (!ids.add(event.id())) {
        throw invalid(name + ".id", event.id() + " stands twice in this write");
      }
      bytes += checkEvent(name, event);
    }
    return bytes;
  }

  private static void checkTracking(@Nullable Tracking tracking) {
    if (tracking != null) {
      checkSource("tracking.source", tracking.source());
      checkAtLeastOne("tracking.position", tracking.position());
    }
  }

  static void checkSource(String field, String source) {
    int unused = checkText(field, source, MAX_SOURCE_BYTES);
  }

  static void checkRead(ReadStream read) {
    checkStream("stream", read.stream());
    if (read.isFromSnapshot() && (read.isBackwards() || read.fromVersion() > 0)) {
      throw invalid(
          "from_snapshot",
          "cannot be together with " + (read.isBackwards() ? "backwards" : "from_version"));
    }
  }

  static void checkChange(String stream, StreamChange change) {
    checkOwnStream("stream", stream);
    String reason = change.reason();
    checkLimit("reason", reason.getBytes(UTF_8).length, MAX_REASON_BYTES, "bytes");
    checkControls("reason", reason, "\n\t");
  }

  static void checkGroup(ConsumerGroup group) {
    checkGroupName("group.name", group.name());
    switch (group.source()) {
      case ConsumerGroupSource.OfStream of -> checkStream("group.stream", of.stream());
      case ConsumerGroupSource.OfLog of -> checkQuery("group.query", of.query());
    }
    checkSettings("group.settings", group.settings());
  }

  static void checkGroupName(String field, String name) {
    int unused = checkText(field, name, MAX_GROUP_BYTES);
  }

  static void checkSettings(String field, ConsumerGroupSettings settings) {
    checkBetween(
        field + ".ack_timeout", settings.ackTimeout(), Duration.ofMillis(100), Duration.ofDays(1));
    checkLimit(field + ".max_retries", settings.maxRetries(), MAX_RETRIES, "");
    checkLimit(field + ".buffer_size", settings.bufferSize(), MAX_EVENTS_HELD, "events");
    checkLimit(field + ".max_in_flight", settings.maxInFlight(), MAX_EVENTS_HELD, "events");
    checkLimit(
        field + ".checkpoint_after_events",
        settings.checkpointAfterEvents(),
        MAX_CHECKPOINT_EVENTS,
        "events");
    checkBetween(
        field + ".checkpoint_after",
        settings.checkpointAfter(),
        Duration.ofMillis(10),
        Duration.ofHours(1));
  }

  private static void checkBetween(String field, Duration time, Duration least, Duration most) {
    if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
      throw invalid(field, "must be " + least + " to " + most + ", was " + time);
    }
  }

  static void checkJoin(JoinGroup request) {
    checkGroupName("start.group", request.group());
    String consumer = request.consumer();
    checkLimit("start.consumer", consumer.getBytes(UTF_8).length, MAX_CONSUMER_BYTES, "bytes");
    checkControls("start.consumer", consumer, "");
  }

  static void checkPositions(String field, Collection<Long> positions) {
    checkLimit(field, positions.size(), MAX_POSITIONS, "entries");
  }

  static void checkNack(Collection<Long> positions, String reason) {
    checkPositions("nack.positions", positions);
    checkLimit("nack.reason", reason.getBytes(UTF_8).length, MAX_REASON_BYTES, "bytes");
    checkControls("nack.reason", reason, "\n\t");
  }

  static void checkSnapshot(Snapshot snapshot) {
    checkStream("snapshot.stream", snapshot.stream());
    checkAtLeastOne("snapshot.version", snapshot.version());
    checkLimit("snapshot.data", snapshot.dataLength(), MAX_DATA_BYTES, "bytes");
    if (!snapshot.contentType().isEmpty()) {
      int unused =
          checkText("snapshot.content_type", snapshot.contentType(), MAX_CONTENT_TYPE_BYTES);
    }
  }

  /** Returns the event's size in bytes. */
  private static long checkEvent(String field, NewEvent event) {
    int type = checkText(field + ".type", event.type(), MAX_TYPE_BYTES);
    checkLimit(field + ".data", event.dataLength(), MAX_DATA_BYTES, "bytes");
    int contentType =
        event.contentType().isEmpty()
            ? 0
            : checkText(field + ".content_type", event.contentType(), MAX_CONTENT_TYPE_BYTES);
    long metadata = checkMetadata(field + ".metadata", event.metadata());
    checkLimit(field + ".tags", event.tags().size(), MAX_TAGS, "entries");
    long tags = 0;
    for (int i = 0; i < event.tags().size(); i++) {
      tags += checkText(field + ".tags[" + i + "]", event.tags().get(i), MAX_TAG_BYTES);
    }
    return type + event.dataLength() + contentType + metadata + tags;
  }

  private static long checkMetadata(String field, Map<String, String> metadata) {
    long bytes = 0;
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      String key = entry.getKey();
      int keyBytes = checkText(field + " key", key, MAX_METADATA_KEY_BYTES);
      if (key.startsWith("$")) {
        throw invalid(
            field, "key \"" + key + "\" starts with \"$\", which only the server's own keys do");
      }
      bytes += keyBytes + entry.getValue().getBytes(UTF_8).length;
    }
    checkLimit(field, bytes, MAX_METADATA_BYTES, "bytes");
    return bytes;
  }

  static void checkStream(String field, String stream) {
    int unused = checkText(field, stream, MAX_STREAM_BYTES);
  }

  static void checkAtLeastOne(String field, long value) {
    if (value < 1) {
      throw invalid(field, "must be 1 or higher, was " + value);
    }
  }

  static void checkQuery(Query query) {
    checkQuery("query", query);
  }

  private static void checkQuery(String name, Query query) {
    checkLimit(name + ".items", query.items().size(), MAX_QUERY_ITEMS, "entries");
    for (int i = 0; i < query.items().size(); i++) {
      QueryItem item = query.items().get(i);
      String field = name + ".items[" + i + "]";
      checkEntries(field + ".types", item.types());
      checkEntries(field + ".tags", item.tags());
      checkEntries(field + ".stream_prefixes", item.streamPrefixes());
      checkEntries(field + ".categories", item.categories());
    }
  }

  private static void checkEntries(String field, List<String> entries) {
    checkLimit(field, entries.size(), MAX_QUERY_ENTRIES, "entries");
    if (entries.contains("")) {
      throw invalid(field, "must not hold an empty text");
    }
  }

  /** Checks text that must be there, and returns its length in bytes of UTF-8. */
  private static int checkText(String field, String text, int maxBytes) {
    if (text.isEmpty()) {
      throw invalid(field, "must not be empty");
    }
    if (!UTF_8.newEncoder().canEncode(text)) {
      throw invalid(field, "holds half a surrogate pair");
    }
    int bytes = text.getBytes(UTF_8).length;
    checkLimit(field, bytes, maxBytes, "bytes");
    checkControls(field, text, "");
    return bytes;
  }

  private static void checkControls(String field, String text, String allowed) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) && allowed.indexOf(c) < 0) {
        String code = String.format("U+%04X", (int) c);
        throw invalid(field, "must not contain control characters, has " + code + " at index " + i);
      }
    }
  }

  private static void checkLimit(String field, long actual, long limit, String unit) {
    if (actual > limit) {
      throw invalid(field, "must be at most " + limit + " " + unit + ", was " + actual);
    }
  }

  static InvalidRequestException invalid(String field, String description) {
    return new InvalidRequestException(
        field + " " + description, List.of(new FieldViolation(field, description)), null);
  }
}
