package io.varve.server.api.kurrent;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.varve.server.event.RecordedEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;

/**
 * An event as this protocol shows it.
 *
 * @param id its id
 * @param stream its stream
 * @param revision its number in the stream
 * @param position its position in the log
 * @param type its type
 * @param json whether its payload is JSON
 * @param recordedAt when it was recorded
 * @param data its payload
 * @param customMetadata its writer's own bytes
 */
record SeenEvent(
    UUID id,
    String stream,
    long revision,
    long position,
    String type,
    boolean json,
    Instant recordedAt,
    ByteString data,
    ByteString customMetadata) {
  static final String JSON = "application/json";
  static final String BYTES = "application/octet-stream";

  /** The type of an event that stands for another. */
  static final String LINK = "$>";

  /** An event of an ordinary stream. */
  static SeenEvent of(RecordedEvent event) {
    return new SeenEvent(
        CustomMetadata.idOf(event),
        event.stream().value(),
        event.version().value() - 1,
        event.position().value(),
        event.type(),
        isJson(event.contentType()),
        event.recordedAt(),
        UnsafeByteOperations.unsafeWrap(event.data()), // nobody changes a recorded payload
        CustomMetadata.show(event));
  }

  private static boolean isJson(String contentType) {
    int parameters = contentType.indexOf(';');
    String type = parameters < 0 ? contentType : contentType.substring(0, parameters);
    String plain = type.strip().toLowerCase(Locale.ROOT);
    return plain.equals(JSON) || plain.endsWith("+json");
  }

  /**
   * An event of a stream that links to this one. Its revision is this event's position: it rises,
   * it stays what it is whatever else is reclaimed, and finding a place by it costs nothing.
   */
  SeenEvent linkedFrom(String view) {
    String target = revision + "@" + stream;
    UUID linkId =
        UUID.nameUUIDFromBytes((view + "@" + id + "@" + position).getBytes(StandardCharsets.UTF_8));
    return new SeenEvent(
        linkId,
        view,
        position,
        position,
        LINK,
        false,
        recordedAt,
        ByteString.copyFromUtf8(target),
        ByteString.EMPTY);
  }

  /**
   * The message.
   *
   * @param idAsText whether the caller wants ids as text
   */
  io.varve.proto.kurrent.RecordedEvent toProto(boolean idAsText) {
    return io.varve.proto.kurrent.RecordedEvent.newBuilder()
        .setId(Wire.uuid(id, idAsText))
        .setStreamIdentifier(Wire.stream(stream))
        .setStreamRevision(revision)
        .setPreparePosition(position)
        .setCommitPosition(position)
        .putMetadata("type", type)
        .putMetadata("content-type", json ? JSON : BYTES)
        .putMetadata("created", Long.toString(Wire.ticks(recordedAt)))
        .setCustomMetadata(customMetadata)
        .setData(data)
        .build();
  }
}
