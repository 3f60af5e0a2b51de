package io.varve.server;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.List;

/**
 * The whole log as a list, and what queries and conditions say of it if one looks at every event:
 * no index, nothing of the store's own. Events stand at positions 1, 2, 3 … without gaps.
 */
record PlainLog(List<RecordedEvent> events) {
  PlainLog {
    events = List.copyOf(events);
    for (int i = 0; i < events.size(); i++) {
      if (events.get(i).position() != i + 1L) {
        throw new AssertionError("at place " + (i + 1) + " of the log stands " + events.get(i));
      }
    }
  }

  /** Reads all of it, at once. */
  static PlainLog of(EventStore store) {
    try (EventReader reader = store.readLog(ReadLog.all())) {
      return new PlainLog(reader.toList());
    }
  }

  long head() {
    return events.size();
  }

  RecordedEvent at(long position) {
    return events.get(Math.toIntExact(position - 1));
  }

  /** How many events a stream had when the log ended at this position. */
  long version(String stream, long head) {
    return events.stream().limit(head).filter(event -> event.stream().equals(stream)).count();
  }

  /**
   * The lowest position that makes the condition fail, of those up to the head; 0: the condition
   * holds.
   */
  long firstMatch(AppendCondition condition, long head) {
    Instant since = condition.since();
    for (long p = condition.afterPosition() + 1; p <= Math.min(head, head()); p++) {
      RecordedEvent event = at(p);
      if ((since == null || !event.recordedAt().isBefore(since))
          && matches(condition.query(), event)) {
        return p;
      }
    }
    return 0;
  }

  static boolean matches(Query query, RecordedEvent event) {
    return query.items().isEmpty() || query.items().stream().anyMatch(item -> matches(item, event));
  }

  private static boolean matches(QueryItem item, RecordedEvent event) {
    String stream = event.stream();
    int dash = stream.indexOf('-');
    String category = dash < 0 ? stream : stream.substring(0, dash);
    return (item.types().isEmpty() || item.types().contains(event.type()))
        && event.tags().containsAll(item.tags())
        && (item.streamPrefixes().isEmpty()
            || item.streamPrefixes().stream().anyMatch(stream::startsWith))
        && (item.categories().isEmpty() || item.categories().contains(category));
  }
}
