package io.varve.server.ops.console;

import com.google.gson.stream.JsonWriter;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A bounded piece of a read, decoded.
 *
 * @param events the events, in the order of the reading
 * @param reached the last place that was looked at; 0 when nothing was
 * @param done whether the read is at its end
 */
record EventList(List<ShownEvent> events, long reached, boolean done) {
  /** A read that finds little ends here, and is gone on with when somebody asks. */
  private static final int MAX_PAGES = 20;

  /** About how much one answer holds, large payloads being cut. */
  static final long MAX_BYTES = 2L * 1024 * 1024;

  static EventList none() {
    return new EventList(List.of(), 0, true);
  }

  /** The next events of a read, whose own limit is {@code limit}. */
  static EventList of(EventCursor cursor, int limit) {
    List<ShownEvent> events = new ArrayList<>();
    long reached = 0;
    long bytes = 0;
    for (int pages = 0; pages < MAX_PAGES && !cursor.isDone() && bytes < MAX_BYTES; pages++) {
      EventPage page = cursor.next();
      reached = page.reached();
      for (EventRun run : page.runs()) {
        for (EncodedEvent event : run.events()) {
          ShownEvent shown = ShownEvent.of(event, ShownEvent.SHORT_BYTES);
          events.add(shown);
          bytes += shown.heldBytes();
        }
      }
    }
    return new EventList(events, reached, cursor.isDone() && events.size() < limit);
  }

  /** Writes the events, and behind which place to go on. */
  void write(JsonWriter json) throws IOException {
    json.name("events").beginArray();
    for (ShownEvent event : events) {
      EventJson.write(json, event);
    }
    json.endArray();
    json.name("reached").value(reached);
    json.name("done").value(done);
  }
}
