package io.varve.client.eventsourcing.process;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import java.util.List;

/** What streams hold. */
final class Streams {

  private Streams() {}

  static List<RecordedEvent> events(EventStore store, String stream) {
    try (EventReader reader = store.readStream(ReadStream.of(stream))) {
      return reader.toList();
    } catch (StreamNotFoundException e) {
      return List.of();
    }
  }

  static List<String> types(EventStore store, String stream) {
    return events(store, stream).stream().map(RecordedEvent::type).toList();
  }
}
