package io.varve.client.eventsourcing.process;

import static io.varve.client.eventsourcing.process.ProcessEvents.fact;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * Reads what {@link ProcessEvents} writes: the facts are metadata, the payload the application's.
 */
final class ProcessEventReader {

  static final EventTypes<ProcessEvent> TYPES =
      EventTypes.readOnly(ProcessEvent.class, ProcessEventReader::read).skipUnknown().build();

  private ProcessEventReader() {}

  /**
   * What the event says.
   *
   * @throws RuntimeException it is none of a process, or lacks a fact
   */
  static ProcessEvent read(RecordedEvent stored) {
    return switch (stored.type()) {
      case ProcessEvents.STARTED -> new ProcessEvent.Started();
      case ProcessEvents.EVENT_TAKEN ->
          new ProcessEvent.EventTaken(
              fact(stored, ProcessEvents.EVENT_TYPE), part(stored), origin(stored));
      case ProcessEvents.EVENT_PARKED ->
          new ProcessEvent.EventParked(
              fact(stored, ProcessEvents.EVENT_TYPE),
              part(stored),
              origin(stored),
              fact(stored, ProcessEvents.ERROR));
      case ProcessEvents.COMMAND_ISSUED ->
          new ProcessEvent.CommandIssued(
              stored.id(),
              fact(stored, ProcessEvents.TARGET),
              fact(stored, ProcessEvents.TARGET_ID),
              fact(stored, ProcessEvents.COMMAND_TYPE),
              stored.metadata().get(ProcessEvents.COMMAND_KEY));
      case ProcessEvents.COMMAND_ACCEPTED -> new ProcessEvent.CommandAccepted(commandId(stored));
      case ProcessEvents.COMMAND_REFUSED ->
          new ProcessEvent.CommandRefused(commandId(stored), refusal(stored));
      case ProcessEvents.TIMER_SCHEDULED ->
          new ProcessEvent.TimerScheduled(fact(stored, ProcessEvents.TIMER), due(stored));
      case ProcessEvents.TIMER_CANCELLED ->
          new ProcessEvent.TimerCancelled(fact(stored, ProcessEvents.TIMER));
      case ProcessEvents.TIMER_FIRED ->
          new ProcessEvent.TimerFired(fact(stored, ProcessEvents.TIMER), due(stored));
      case ProcessEvents.RETRY_REQUESTED -> new ProcessEvent.RetryRequested();
      case ProcessEvents.HELP_NEEDED ->
          new ProcessEvent.HelpNeeded(fact(stored, ProcessEvents.REASON));
      case ProcessEvents.COMPLETING ->
          new ProcessEvent.Completing(fact(stored, ProcessEvents.OUTCOME), reason(stored));
      case ProcessEvents.COMPLETED ->
          new ProcessEvent.Completed(fact(stored, ProcessEvents.OUTCOME), reason(stored));
      default ->
          throw new IllegalStateException(
              stored + " is no event of a process; does something else use this stream?");
    };
  }

  private static int part(RecordedEvent stored) {
    return Integer.parseInt(stored.metadata().getOrDefault(ProcessEvents.EVENT_PART, "0"));
  }

  private static Origin origin(RecordedEvent stored) {
    return new Origin(
        UUID.fromString(fact(stored, ProcessEvents.ORIGIN_ID)),
        fact(stored, ProcessEvents.ORIGIN_STREAM),
        Long.parseLong(fact(stored, ProcessEvents.ORIGIN_VERSION)),
        Long.parseLong(fact(stored, ProcessEvents.ORIGIN_POSITION)),
        Instant.parse(fact(stored, ProcessEvents.ORIGIN_TIME)));
  }

  private static UUID commandId(RecordedEvent stored) {
    return UUID.fromString(fact(stored, ProcessEvents.COMMAND_ID));
  }

  static Refusal refusal(RecordedEvent stored) {
    return new Refusal(
        fact(stored, ProcessEvents.REFUSAL_CODE), fact(stored, ProcessEvents.REFUSAL_MESSAGE));
  }

  private static Instant due(RecordedEvent stored) {
    return Instant.parse(fact(stored, ProcessEvents.DUE));
  }

  private static String reason(RecordedEvent stored) {
    return stored.metadata().getOrDefault(ProcessEvents.REASON, "");
  }

  static RecordedEvent original(String type, Origin origin, RecordedEvent stored) {
    return new RecordedEvent(
        origin.stream(),
        origin.version(),
        origin.position(),
        origin.recordedAt(),
        payload(type, origin.eventId(), stored));
  }

  static RecordedEvent command(String type, RecordedEvent stored) {
    return new RecordedEvent(
        stored.stream(),
        stored.version(),
        stored.position(),
        stored.recordedAt(),
        payload(type, stored.id(), stored));
  }

  /** What the process event carries: its metadata tells the payload's schema version. */
  private static NewEvent payload(String type, UUID id, RecordedEvent stored) {
    NewEvent.Builder event =
        NewEvent.builder(type).id(id).data(stored.data()).contentType(stored.contentType());
    return ProcessEvents.withSchemaOf(event, stored.metadata()).build();
  }
}
