package io.varve.server.api.kurrent;

import com.google.protobuf.ByteString;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.server.api.grpc.Checks;
import io.varve.server.config.Limits;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;

/** From the messages of appends to values: every field checked. Thread-safe. */
final class Proposals {
  private static final long OVERHEAD_BYTES = 256;

  private final Checks checks;
  private final Limits limits;

  Proposals(Checks checks) {
    this.checks = checks;
    this.limits = checks.limits();
  }

  // ---- where to

  StreamId stream(AppendOptions options) {
    return Wire.stream(checks, options.getStreamIdentifier());
  }

  StreamId stream(BatchAppendOptions options) {
    return Wire.stream(checks, options.getStreamIdentifier());
  }

  static ExpectedVersion expected(AppendOptions options) {
    return switch (options.getExpectedStreamRevisionCase()) {
      case REVISION -> new ExpectedVersion.Exactly(Wire.version(options.getRevision()));
      case NO_STREAM -> new ExpectedVersion.NoStream();
      case STREAM_EXISTS -> new ExpectedVersion.StreamExists();
      case ANY, EXPECTEDSTREAMREVISION_NOT_SET -> new ExpectedVersion.Any();
    };
  }

  static ExpectedVersion expected(BatchAppendOptions options) {
    return switch (options.getExpectedStreamPositionCase()) {
      case STREAM_POSITION ->
          new ExpectedVersion.Exactly(Wire.version(options.getStreamPosition()));
      case NO_STREAM -> new ExpectedVersion.NoStream();
      case STREAM_EXISTS -> new ExpectedVersion.StreamExists();
      case ANY, EXPECTEDSTREAMPOSITION_NOT_SET -> new ExpectedVersion.Any();
    };
  }

  // ---- events

  NewEvent event(ProposedMessage message) {
    UUID id = Wire.uuid("id", message.getId());
    String type = message.getMetadataOrDefault("type", "");
    String contentType = message.getMetadataOrDefault("content-type", "");
    if (type.isEmpty() || contentType.isEmpty()) {
      throw KurrentErrors.missingProperty();
    }
    return event(id, false, type, contentType, message.getCustomMetadata(), message.getData());
  }

  /**
   * An event.
   *
   * @param fresh whether the server made the id just now
   */
  NewEvent event(
      UUID id,
      boolean fresh,
      String type,
      String contentType,
      ByteString customMetadata,
      ByteString data) {
    checks.text("type", type, limits.typeBytes());
    checks.text("content-type", contentType, limits.contentTypeBytes());
    long bytes = (long) data.size() + customMetadata.size() + 2L * type.length();
    CustomMetadata.Kept kept = CustomMetadata.keep(customMetadata, limits);
    if (data.size() > limits.payloadBytes() || kept.bytes() > limits.metadataBytes()) {
      long most =
          data.size() > limits.payloadBytes() ? limits.payloadBytes() : limits.metadataBytes();
      throw KurrentErrors.eventTooLarge(id.toString(), bytes, most);
    }
    return new NewEvent(
        id, fresh, type, data.toByteArray(), contentType, kept.metadata(), kept.tags(), null);
  }

  /** How many bytes an event is counted as before it is encoded: all that its writer chose. */
  static long bytes(NewEvent event) {
    long bytes = event.data().length + textBytes(event.type()) + textBytes(event.contentType());
    for (Map.Entry<String, String> entry : event.metadata().entrySet()) {
      bytes += textBytes(entry.getKey()) + textBytes(entry.getValue());
    }
    for (String tag : event.tags()) {
      bytes += textBytes(tag);
    }
    return bytes;
  }

  private static long textBytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** How many events an append may have. */
  int maxEvents() {
    return limits.eventsPerAppend();
  }

  /** What is wrong with more: a bound that has nothing to do with bytes. */
  String tooMany() {
    return "must be at most " + maxEvents() + " in one append (events-per-append)";
  }

  /** What an event is counted as that a call holds, with the objects that carry it. */
  static long heldBytes(NewEvent event) {
    return bytes(event) + OVERHEAD_BYTES;
  }

  /** How many bytes all events of an append may take. */
  int maxBytes() {
    return limits.appendBytes();
  }
}
