package io.varve.bank.store;

import io.varve.client.streams.RecordedEvent;

/** A recorded event of a known type whose payload is not what that type says. */
public final class UndecodableEventException extends RuntimeException {

  private static final long serialVersionUID = 1;

  UndecodableEventException(RecordedEvent event, Throwable cause) {
    super(
        "cannot read event "
            + event.type()
            + " in "
            + event.stream()
            + " at version "
            + event.version()
            + ", position "
            + event.position(),
        cause);
  }
}
