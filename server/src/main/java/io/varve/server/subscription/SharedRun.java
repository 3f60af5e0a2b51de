package io.varve.server.subscription;

import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run in memory, decoded at most a few times for all the filters that look at it. Thread-safe.
 */
final class SharedRun {
  private final EventRun run;

  /** Made by whoever first needs it; two at once make it twice, alike. */
  private volatile @Nullable Decoded decoded;

  /** The single events and what filters look at, in the same order. */
  record Decoded(List<EncodedEvent> events, List<EventSummary> summaries) {}

  SharedRun(EventRun run) {
    this.run = run;
  }

  EventRun run() {
    return run;
  }

  Decoded decoded() {
    Decoded known = decoded;
    if (known == null) {
      List<EncodedEvent> events = run.events();
      List<EventSummary> summaries = new ArrayList<>(events.size());
      for (EncodedEvent event : events) {
        summaries.add(event.summary());
      }
      known = new Decoded(events, summaries);
      decoded = known;
    }
    return known;
  }
}
