package io.varve.server.api.grpc;

import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamState;
import io.varve.proto.v1.TransactRequest;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.EncodedBody;
import io.varve.server.append.TransactCommand;
import io.varve.server.config.Limits;
import io.varve.server.event.AppendCondition;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** From requests to append to commands: every field checked, every event encoded. Thread-safe. */
final class AppendRequests {
  private static final byte[] EMPTY = {};
  private static final Field EVENTS = Field.of("events");

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
    ExpectedVersion expected =
        switch (request.getExpectedCase()) {
          case EXPECTED_NOT_SET -> new ExpectedVersion.Any();
          case VERSION -> exactly("version", request.getVersion());
          case STATE -> inState("state", request.getState(), request.getStateValue());
        };
    Tracking tracking = request.hasTracking() ? tracking(request.getTracking()) : null;
    if (request.getEventsCount() == 0) {
      throw Errors.invalid("events", "must hold at least one event");
    }
    checks.count("events", request.getEventsCount(), limits.eventsPerAppend());
    List<NewEvent> events =
        events(
            EVENTS,
            request.getEventsList(),
            request.getEventsCount() == 1 ? null : new HashSet<>());
    AppendCommand command = AppendCommand.of(stream, expected, events, tracking, clock.instant());
    checks.size("events", encodedBytes(command.events()), limits.appendBytes());
    return command;
  }

  /** The same for a transaction. */
  TransactCommand toCommand(TransactRequest request) {
    if (request.getStreamsCount() == 0
        && request.getConditionsCount() == 0
        && !request.hasTracking()) {
      throw Errors.invalid("streams", "must not be empty without conditions and tracking");
    }
    checks.count("streams", request.getStreamsCount(), limits.transactStreams());
    checks.count("conditions", request.getConditionsCount(), limits.conditions());
    int count = 0;
    for (StreamAppend stream : request.getStreamsList()) {
      count += stream.getEventsCount();
    }
    checks.count("streams events", count, limits.eventsPerAppend());
    Tracking tracking = request.hasTracking() ? tracking(request.getTracking()) : null;
    List<TransactCommand.Part> parts = new ArrayList<>(request.getStreamsCount());
    Set<StreamId> streams = new HashSet<>();
    Set<UUID> ids = new HashSet<>();
    long bytes = 0;
    for (int i = 0; i < request.getStreamsCount(); i++) {
      String field = "streams[" + i + "]";
      TransactCommand.Part part = part(field, request.getStreams(i), ids, tracking);
      if (!streams.add(part.stream())) {
        throw Errors.invalid(
            field + ".stream", "stands twice in this transaction: " + part.stream());
      }
      bytes += encodedBytes(part.events());
      parts.add(part);
    }
    checks.size("streams events", bytes, limits.appendBytes());
    List<AppendCondition> conditions = new ArrayList<>(request.getConditionsCount());
    long terms = 0;
    for (int i = 0; i < request.getConditionsCount(); i++) {
      AppendCondition condition = condition("conditions[" + i + "]", request.getConditions(i));
      terms += condition.query().terms();
      conditions.add(condition);
    }
    if (terms > limits.conditionTerms()) {
      throw Errors.overLimit("conditions", "terms in all", limits.conditionTerms(), terms);
    }
    return TransactCommand.of(parts, conditions, tracking, clock.instant());
  }

  private TransactCommand.Part part(
      String field, StreamAppend part, Set<UUID> ids, @Nullable Tracking tracking) {
    StreamId stream =
        part.getEventsCount() == 0
            ? checks.stream(field + ".stream", part.getStream())
            : checks.writableStream(field + ".stream", part.getStream());
    ExpectedVersion expected =
        switch (part.getExpectedCase()) {
          case EXPECTED_NOT_SET -> {
            if (part.getEventsCount() == 0) {
              throw Errors.invalid(
                  field + ".expected", "must be set for a stream that is only checked");
            }
            yield new ExpectedVersion.Any();
          }
          case VERSION -> exactly(field + ".version", part.getVersion());
          case STATE -> inState(field + ".state", part.getState(), part.getStateValue());
        };
    return TransactCommand.Part.of(
        stream,
        expected,
        events(Field.of(field).and(".events"), part.getEventsList(), ids),
        tracking);
  }

  private AppendCondition condition(String field, io.varve.proto.v1.AppendCondition condition) {
    return new AppendCondition(
        readable(checks.query(field + ".query", condition.getQuery())),
        Checks.place(field + ".after_position", condition.getAfterPosition()),
        condition.hasSince() ? Checks.time(field + ".since", condition.getSince()) : null);
  }

  private Tracking tracking(io.varve.proto.v1.Tracking tracking) {
    return new Tracking(
        checks.trackingSource("tracking.source", tracking.getSource()),
        Checks.placeOfEvent("tracking.position", tracking.getPosition()));
  }

  private static ExpectedVersion exactly(String field, long version) {
    return new ExpectedVersion.Exactly(Checks.place(field, version));
  }

  private static ExpectedVersion inState(String field, StreamState state, int value) {
    return switch (state) {
      case STREAM_STATE_ANY -> new ExpectedVersion.Any();
      case STREAM_STATE_NO_STREAM -> new ExpectedVersion.NoStream();
      case STREAM_STATE_STREAM_EXISTS -> new ExpectedVersion.StreamExists();
      case STREAM_STATE_UNSPECIFIED, UNRECOGNIZED ->
          throw Errors.invalid(
              field,
              "must be STREAM_STATE_ANY, STREAM_STATE_NO_STREAM or STREAM_STATE_STREAM_EXISTS, was "
                  + value);
    };
  }

  private static long encodedBytes(List<EncodedBody> bodies) {
    long bytes = 0;
    for (EncodedBody body : bodies) {
      bytes += body.encoded().length;
    }
    return bytes;
  }

  /**
   * @param ids all ids of the request so far; null: the request has one event
   */
  private List<NewEvent> events(
      Field list, List<io.varve.proto.v1.NewEvent> requested, @Nullable Set<UUID> ids) {
    List<NewEvent> events = new ArrayList<>(requested.size());
    for (int i = 0; i < requested.size(); i++) {
      Field field = list.entry(i);
      NewEvent event = event(field, requested.get(i));
      if (ids != null && !ids.add(event.id())) {
        throw Errors.invalid(
            field.and(".id").toString(), "stands twice in this append: " + event.id());
      }
      events.add(event);
    }
    return events;
  }

  private NewEvent event(Field field, io.varve.proto.v1.NewEvent event) {
    boolean fresh = event.getId().isEmpty();
    UUID id = fresh ? eventIds.get() : Checks.uuid(field.and(".id"), event.getId());
    String type = checks.text(field.and(".type"), event.getType(), limits.typeBytes());
    String contentType =
        checks.optionalText(
            field.and(".content_type"), event.getContentType(), limits.contentTypeBytes());
    byte[] data =
        switch (event.getPayloadCase()) {
          case PAYLOAD_NOT_SET -> EMPTY;
          case DATA -> event.getData().toByteArray();
          case JSON -> Checks.json(field.and(".json"), event.getJson());
        };
    if (event.hasJson()) {
      contentType = Checks.contentTypeOfJson(field.and(".content_type"), contentType);
    }
    checks.size(field.and(event.hasJson() ? ".json" : ".data"), data.length, limits.payloadBytes());
    return new NewEvent(
        id,
        fresh,
        type,
        data,
        contentType,
        checks.metadata(field.and(".metadata"), event.getMetadataMap()),
        checks.tags(field.and(".tags"), event.getTagsList()),
        event.hasOccurredAt()
            ? Checks.time(field.and(".occurred_at"), event.getOccurredAt())
            : null);
  }

  /**
   * Whoever may not read what a condition is about would learn of it from the answer; and leaving
   * it out in silence would let an append through that must not be.
   */
  private static Query readable(Query query) {
    return Caller.ofThisCall().readable(query);
  }
}
