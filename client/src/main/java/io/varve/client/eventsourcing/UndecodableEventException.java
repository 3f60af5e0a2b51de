package io.varve.client.eventsourcing;

import io.varve.client.streams.RecordedEvent;
import org.jspecify.annotations.Nullable;

/**
 * A recorded event cannot be read as one of the application's: its type is not registered, or its
 * payload is not what the type's codec can read. The event stays as it is in the store.
 */
public final class UndecodableEventException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final transient RecordedEvent event;

  /** Says which event it is, and why it cannot be read. */
  public UndecodableEventException(RecordedEvent event, String why, @Nullable Throwable cause) {
    super(
        "cannot read event \""
            + event.type()
            + "\" in stream \""
            + event.stream()
            + "\" at version "
            + event.version()
            + " (position "
            + event.position()
            + "): "
            + why,
        cause);
    this.event = event;
  }

  /** The event. */
  public RecordedEvent event() {
    return event;
  }
}
