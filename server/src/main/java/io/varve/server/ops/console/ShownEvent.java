package io.varve.server.ops.console;

import io.varve.server.event.RecordedEvent;
import io.varve.server.storage.EncodedEvent;
import java.util.Arrays;

/**
 * An event with as much of its payload as is shown, so that a list does not hold the rest.
 *
 * @param event the event, whose payload may be cut
 * @param payloadBytes how long the payload is in truth
 * @param heldBytes about how much memory this takes
 */
record ShownEvent(RecordedEvent event, int payloadBytes, int heldBytes) {

  /** How much of a payload is shown in a list of events. */
  static final int SHORT_BYTES = 16 * 1024;

  /** How much is shown of a payload by itself: more than anybody reads on a page. */
  static final int LONG_BYTES = 1024 * 1024;

  /**
   * Decodes an event.
   *
   * @param maxBytes at most so much of its payload
   */
  static ShownEvent of(EncodedEvent encoded, int maxBytes) {
    RecordedEvent event = encoded.decode();
    byte[] data = event.data();
    if (data.length <= maxBytes) {
      return new ShownEvent(event, data.length, encoded.length());
    }
    RecordedEvent cut =
        new RecordedEvent(
            event.position(),
            event.version(),
            event.recordedAt(),
            event.stream(),
            event.id(),
            event.type(),
            Arrays.copyOf(data, maxBytes),
            event.contentType(),
            event.metadata(),
            event.tags(),
            event.occurredAt(),
            event.tracking());
    return new ShownEvent(cut, data.length, encoded.length() - data.length + maxBytes);
  }

  boolean isCut() {
    return event.data().length < payloadBytes;
  }
}
