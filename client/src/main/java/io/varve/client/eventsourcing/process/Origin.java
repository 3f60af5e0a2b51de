package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * Where a process's event was recorded.
 *
 * @param eventId the event's id
 * @param stream the stream
 * @param version its place in the stream, from 1
 * @param position its place in the log, from 1
 * @param recordedAt the server's time of the commit
 */
public record Origin(UUID eventId, String stream, long version, long position, Instant recordedAt) {

  public Origin {
    requireNonNull(eventId);
    requireNonNull(stream);
    requireNonNull(recordedAt);
  }

  static Origin of(RecordedEvent event) {
    return new Origin(
        event.id(), event.stream(), event.version(), event.position(), event.recordedAt());
  }

  /**
   * The stream's name without its category: {@code 42} of {@code account-42}. The whole name if it
   * has no category of its own.
   */
  public String id() {
    return stream.substring(stream.indexOf('-') + 1);
  }
}
