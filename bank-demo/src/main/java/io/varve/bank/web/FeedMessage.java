package io.varve.bank.web;

import io.varve.client.streams.RecordedEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * An event as one message of the feed, its id the event's log position. Made once, however many
 * readers it is sent to.
 */
final class FeedMessage {

  /** An event as the feed shows it. */
  record FeedEvent(
      UUID eventId,
      String type,
      String stream,
      long version,
      long position,
      Instant recordedAt,
      JsonNode data,
      Map<String, String> metadata) {

    static FeedEvent of(RecordedEvent event) {
      return new FeedEvent(
          event.id(),
          event.type(),
          event.stream(),
          event.version(),
          event.position(),
          event.recordedAt(),
          Json.payload(event),
          event.metadata());
    }
  }

  private final long position;
  private final byte[] text;

  FeedMessage(RecordedEvent event) {
    this.position = event.position();
    this.text =
        ("id: " + position + "\ndata: " + Json.text(FeedEvent.of(event)) + "\n\n")
            .getBytes(StandardCharsets.UTF_8);
  }

  /** The first ones of these, up to a number and a size; at least one if there is one. */
  static List<FeedMessage> first(Iterable<FeedMessage> messages, int most, long mostBytes) {
    List<FeedMessage> first = new ArrayList<>();
    long bytes = 0;
    for (FeedMessage message : messages) {
      bytes += message.bytes();
      if (!first.isEmpty() && (first.size() >= most || bytes > mostBytes)) {
        break;
      }
      first.add(message);
    }
    return first;
  }

  long position() {
    return position;
  }

  int bytes() {
    return text.length;
  }

  /** The message as it is written; nobody changes it. */
  byte[] text() {
    return text;
  }
}
