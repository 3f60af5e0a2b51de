package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * How an instance's stream is written, and what the application makes of it when it is read: the
 * types of its events and the keys of their metadata, which package-info describes. Payloads are
 * the application's own; everything else is metadata, so that a person can read it.
 */
final class ProcessEvents<E> {

  static final String STARTED = "ProcessStarted";
  static final String EVENT_TAKEN = "ProcessEventTaken";
  static final String EVENT_PARKED = "ProcessEventParked";
  static final String COMMAND_ACCEPTED = "ProcessCommandAccepted";
  static final String COMMAND_REFUSED = "ProcessCommandRefused";
  static final String TIMER_FIRED = "ProcessTimerFired";
  static final String RETRY_REQUESTED = "ProcessRetryRequested";
  static final String COMMAND_ISSUED = "ProcessCommandIssued";
  static final String TIMER_SCHEDULED = "ProcessTimerScheduled";
  static final String TIMER_CANCELLED = "ProcessTimerCancelled";
  static final String HELP_NEEDED = "ProcessHelpNeeded";
  static final String COMPLETING = "ProcessCompleting";
  static final String COMPLETED = "ProcessCompleted";

  static final String EVENT_TYPE = "process-event-type";
  static final String EVENT_PART = "process-event-part";
  static final String ORIGIN_ID = "process-origin-id";
  static final String ORIGIN_STREAM = "process-origin-stream";
  static final String ORIGIN_VERSION = "process-origin-version";
  static final String ORIGIN_POSITION = "process-origin-position";
  static final String ORIGIN_TIME = "process-origin-recorded-at";
  static final String ERROR = "process-error";
  static final String TARGET = "process-target";
  static final String TARGET_ID = "process-target-id";
  static final String COMMAND_TYPE = "process-command-type";
  static final String COMMAND_KEY = "process-command-key";
  static final String COMMAND_ID = "process-command-id";
  static final String REFUSAL_CODE = "process-refusal-code";
  static final String REFUSAL_MESSAGE = "process-refusal-message";
  static final String TIMER = "process-timer";
  static final String DUE = "process-timer-due";
  static final String OUTCOME = "process-outcome";
  static final String REASON = "process-reason";

  /** The store takes 64 KiB of metadata; a text in it is for people, and this is enough. */
  private static final int LONGEST_TEXT = 4_000;

  private static final UUID NAMESPACE = UUID.fromString("8d1c3c54-5f0e-5b7e-9d0a-3f6f1a0b7c21");

  private final String process;
  private final EventTypes<E> types;
  private final Map<String, CommandTarget<?>> targets;

  ProcessEvents(String process, EventTypes<E> types, Map<String, CommandTarget<?>> targets) {
    this.process = process;
    this.types = types;
    this.targets = Map.copyOf(targets);
  }

  String stream(String id) {
    return process + "-" + id;
  }

  /** The same for the same thing, whoever records it, so that nothing is recorded twice. */
  UUID id(String instance, String... parts) {
    String[] name = new String[parts.length + 2];
    name[0] = process;
    name[1] = instance;
    System.arraycopy(parts, 0, name, 2, parts.length);
    return EventIds.named(NAMESPACE, name);
  }

  // ---- writing

  NewEvent started(UUID id, EventContext context) {
    return plain(STARTED, id, context).build();
  }

  NewEvent taken(UUID id, TypedEvent<E> event, EventContext context) {
    return event(EVENT_TAKEN, id, event, context).build();
  }

  NewEvent parked(UUID id, TypedEvent<E> event, Exception why, EventContext context) {
    return event(EVENT_PARKED, id, event, context).metadata(ERROR, text(why.toString())).build();
  }

  private NewEvent.Builder event(String type, UUID id, TypedEvent<E> event, EventContext context) {
    RecordedEvent recorded = event.recorded();
    NewEvent.Builder builder =
        plain(type, id, context)
            .data(recorded.data())
            .contentType(recorded.contentType())
            .metadata(EVENT_TYPE, recorded.type())
            .metadata(ORIGIN_ID, recorded.id().toString())
            .metadata(ORIGIN_STREAM, recorded.stream())
            .metadata(ORIGIN_VERSION, Long.toString(recorded.version()))
            .metadata(ORIGIN_POSITION, Long.toString(recorded.position()))
            .metadata(ORIGIN_TIME, recorded.recordedAt().toString());
    if (event.part() > 0) {
      builder.metadata(EVENT_PART, Integer.toString(event.part()));
    }
    return withSchemaOf(builder, recorded.metadata());
  }

  NewEvent accepted(UUID id, UUID commandId, EventContext context) {
    return plain(COMMAND_ACCEPTED, id, context).metadata(COMMAND_ID, commandId.toString()).build();
  }

  NewEvent refused(UUID id, UUID commandId, Refusal refusal, EventContext context) {
    return plain(COMMAND_REFUSED, id, context)
        .metadata(COMMAND_ID, commandId.toString())
        .metadata(REFUSAL_CODE, refusal.code())
        .metadata(REFUSAL_MESSAGE, refusal.message())
        .build();
  }

  /** The refusal as it is recorded, which is what the application is told from the start. */
  static Refusal recorded(Refusal refusal) {
    return new Refusal(text(refusal.code()), text(refusal.message()));
  }

  NewEvent fired(UUID id, String timer, Instant due, EventContext context) {
    return plain(TIMER_FIRED, id, context)
        .metadata(TIMER, timer)
        .metadata(DUE, due.toString())
        .build();
  }

  NewEvent retryRequested(UUID id, EventContext context) {
    return plain(RETRY_REQUESTED, id, context).build();
  }

  NewEvent issued(UUID id, Effect.Send send, EventContext context) {
    CommandTarget<?> target = targets.get(send.target());
    if (target == null) {
      throw new IllegalStateException(
          "process " + process + " has no target \"" + send.target() + "\"");
    }
    NewEvent written = write(target, send.command(), context);
    NewEvent.Builder builder =
        plain(COMMAND_ISSUED, id, context)
            .data(written.data())
            .contentType(written.contentType())
            .metadata(TARGET, send.target())
            .metadata(TARGET_ID, send.id())
            .metadata(COMMAND_TYPE, written.type());
    if (send.key() != null) {
      builder.metadata(COMMAND_KEY, send.key());
    }
    return withSchemaOf(builder, written.metadata()).build();
  }

  private static <C> NewEvent write(CommandTarget<C> target, Object command, EventContext context) {
    return target.types().encode(target.types().family().cast(command), context);
  }

  NewEvent scheduled(UUID id, String timer, Instant due, EventContext context) {
    return plain(TIMER_SCHEDULED, id, context)
        .metadata(TIMER, timer)
        .metadata(DUE, due.toString())
        .build();
  }

  NewEvent cancelled(UUID id, String timer, EventContext context) {
    return plain(TIMER_CANCELLED, id, context).metadata(TIMER, timer).build();
  }

  NewEvent helpNeeded(UUID id, String reason, EventContext context) {
    return plain(HELP_NEEDED, id, context).metadata(REASON, text(reason)).build();
  }

  /** The end, or its beginning. */
  NewEvent end(String type, UUID id, String outcome, String reason, EventContext context) {
    NewEvent.Builder builder = plain(type, id, context).metadata(OUTCOME, outcome);
    if (!reason.isEmpty()) {
      builder.metadata(REASON, text(reason));
    }
    return builder.build();
  }

  private static NewEvent.Builder plain(String type, UUID id, EventContext context) {
    return NewEvent.builder(type)
        .id(id)
        .metadata(EventContext.CORRELATION_ID, context.correlationId())
        .metadata(EventContext.CAUSATION_ID, context.causationId());
  }

  static NewEvent.Builder withSchemaOf(NewEvent.Builder builder, Map<String, String> metadata) {
    String schema = metadata.get(EventTypes.SCHEMA_VERSION);
    return schema == null ? builder : builder.metadata(EventTypes.SCHEMA_VERSION, schema);
  }

  private static String text(String text) {
    if (text.length() <= LONGEST_TEXT) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(LONGEST_TEXT - 1)) ? 1 : 0;
    return text.substring(0, LONGEST_TEXT - end) + "…";
  }

  // ---- reading

  /**
   * The event that the instance took in, as the program knows it today.
   *
   * @throws io.varve.client.eventsourcing.UndecodableEventException it cannot be read any more
   */
  TypedEvent<E> event(RecordedEvent source, int part) {
    List<TypedEvent<E>> parts = types.decode(source);
    if (part >= parts.size()) {
      throw new IllegalStateException(source + " was taken in, and the program passes it over now");
    }
    return parts.get(part);
  }

  /** The command that the instance has sent, as the program knows it today. */
  Effect.Send command(ProcessEvent.CommandIssued issued, RecordedEvent stored) {
    CommandTarget<?> target = targets.get(issued.target());
    if (target == null) {
      throw new IllegalStateException(
          "process " + process + " has no target \"" + issued.target() + "\"");
    }
    List<?> parts = target.types().decode(issued.command(stored));
    if (parts.size() != 1 || !(parts.getFirst() instanceof TypedEvent<?> only)) {
      throw new IllegalStateException(stored + " is " + parts.size() + " commands now");
    }
    return new Effect.Send(
        issued.target(), issued.targetId(), requireNonNull(only.event()), issued.key());
  }

  static String fact(RecordedEvent stored, String key) {
    String value = stored.metadata().get(key);
    if (value == null) {
      throw new IllegalStateException(stored + " has no \"" + key + "\" in its metadata");
    }
    return value;
  }
}
