package io.varve.bank.web;

import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** A recorded event as JSON. */
record EventView(
    UUID eventId,
    String type,
    long version,
    long position,
    Instant recordedAt,
    JsonNode data,
    Map<String, String> metadata) {

  static EventView of(RecordedEvent event) {
    return new EventView(
        event.id(),
        event.type(),
        event.version(),
        event.position(),
        event.recordedAt(),
        Json.payload(event),
        event.metadata());
  }
}
