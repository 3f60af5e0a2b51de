package io.varve.server.api.grpc;

import io.varve.proto.v1.AppendRequest;
import io.varve.server.append.AppendCommand;
import io.varve.server.config.Limits;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/** From append requests to commands: every field checked, every event encoded. Thread-safe. */
final class AppendRequests {
  private static final byte[] EMPTY = {};

  private final Checks checks;
  private final Limits limits;
  private final InstantSource clock;
  private final Supplier<UUID> eventIds;

  /**
   * @param eventIds makes ids for events that come without one
   */
  AppendRequests(Checks checks, InstantSource clock, Supplier<UUID> eventIds) {
    this.checks = checks;
    this.limits = checks.limits();
    this.clock = clock;
    this.eventIds = eventIds;
  }

  /** The command; throws a status exception that says what is wrong. */
  AppendCommand toCommand(AppendRequest request) {
    StreamId stream = checks.writableStream("stream", request.getStream());
    ExpectedVersion expected = expected(request);
    if (request.hasTracking()) {
      throw Errors.notServedYet("AppendRequest.tracking");
    }
    if (request.getEventsCount() == 0) {
      throw Errors.invalid("events", "must hold at least one event");
    }
    checks.count("events", request.getEventsCount(), limits.eventsPerAppend());
    List<NewEvent> events = new ArrayList<>(request.getEventsCount());
    Set<UUID> ids = new HashSet<>();
    for (int i = 0; i < request.getEventsCount(); i++) {
      NewEvent event = event("events[" + i + "]", request.getEvents(i));
      if (!ids.add(event.id())) {
        throw Errors.invalid("events[" + i + "].id", "stands twice in this append: " + event.id());
      }
      events.add(event);
    }
    AppendCommand command = AppendCommand.of(stream, expected, events, clock.instant());
    long bytes = 0;
    for (AppendCommand.Body body : command.events()) {
      bytes += body.encoded().length;
    }
    checks.size("events", bytes, limits.appendBytes());
    return command;
  }

  private static ExpectedVersion expected(AppendRequest request) {
    return switch (request.getExpectedCase()) {
      case EXPECTED_NOT_SET -> new ExpectedVersion.Any();
      case VERSION -> new ExpectedVersion.Exactly(Checks.place("version", request.getVersion()));
      case STATE ->
          switch (request.getState()) {
            case STREAM_STATE_ANY -> new ExpectedVersion.Any();
            case STREAM_STATE_NO_STREAM -> new ExpectedVersion.NoStream();
            case STREAM_STATE_STREAM_EXISTS -> new ExpectedVersion.StreamExists();
            case STREAM_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw Errors.invalid(
                    "state",
                    "must be STREAM_STATE_ANY, STREAM_STATE_NO_STREAM or"
                        + " STREAM_STATE_STREAM_EXISTS, was "
                        + request.getStateValue());
          };
    };
  }

  private NewEvent event(String field, io.varve.proto.v1.NewEvent event) {
    boolean fresh = event.getId().isEmpty();
    UUID id = fresh ? eventIds.get() : Checks.uuid(field + ".id", event.getId());
    String type = checks.text(field + ".type", event.getType(), limits.typeBytes());
    String contentType =
        checks.optionalText(
            field + ".content_type", event.getContentType(), limits.contentTypeBytes());
    byte[] data =
        switch (event.getPayloadCase()) {
          case PAYLOAD_NOT_SET -> EMPTY;
          case DATA -> event.getData().toByteArray();
          case JSON -> Checks.json(field + ".json", event.getJson());
        };
    if (event.hasJson()) {
      contentType = Checks.contentTypeOfJson(field + ".content_type", contentType);
    }
    checks.size(field + (event.hasJson() ? ".json" : ".data"), data.length, limits.payloadBytes());
    return new NewEvent(
        id,
        fresh,
        type,
        data,
        contentType,
        metadata(field + ".metadata", event.getMetadataMap()),
        tags(field + ".tags", event.getTagsList()),
        event.hasOccurredAt() ? Checks.time(field + ".occurred_at", event.getOccurredAt()) : null);
  }

  private Map<String, String> metadata(String field, Map<String, String> metadata) {
    long bytes = 0;
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      String key = entry.getKey();
      checks.text(field + " key", key, limits.metadataKeyBytes());
      if (key.charAt(0) == '$') {
        throw Errors.invalid(
            field + "[\"" + key + "\"]", "must not start with \"$\": those keys are the server's");
      }
      bytes += Checks.utf8Length(key) + Checks.utf8Length(entry.getValue());
    }
    checks.size(field, bytes, limits.metadataBytes());
    return metadata;
  }

  private List<String> tags(String field, List<String> tags) {
    if (tags.isEmpty()) {
      return List.of();
    }
    for (int i = 0; i < tags.size(); i++) {
      checks.text(field + "[" + i + "]", tags.get(i), limits.tagBytes());
    }
    List<String> once = List.copyOf(new LinkedHashSet<>(tags));
    checks.count(field, once.size(), limits.tags());
    return once;
  }
}
