package io.varve.client.eventsourcing.process;

import io.varve.client.streams.RecordedEvent;

/** An instance's stream holds what no runner has written there, or not so. */
final class UnreadableInstanceException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final String instance;
  private final boolean foreign;

  UnreadableInstanceException(
      String instance, RecordedEvent event, boolean foreign, RuntimeException cause) {
    super(
        "stream \""
            + event.stream()
            + "\" cannot be read as an instance, at version "
            + event.version()
            + ": "
            + cause.getMessage(),
        cause);
    this.instance = instance;
    this.foreign = foreign;
  }

  /** The id of the instance that the stream would be. */
  String instance() {
    return instance;
  }

  /** Whether it is so from the stream's first event on: it is something else's stream. */
  boolean isForeign() {
    return foreign;
  }
}
