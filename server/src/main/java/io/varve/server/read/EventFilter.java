package io.varve.server.read;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Keeps the events of a page that match. Only what must be compared is decoded, and neighbours that
 * match stay one run, so that they are sent as they lie.
 */
public final class EventFilter {
  private final boolean everything;
  private final Predicate<EventSummary> matches;

  private EventFilter(boolean everything, Predicate<EventSummary> matches) {
    this.everything = everything;
    this.matches = matches;
  }

  /** Keeps the events that match a query. */
  public static EventFilter of(Query query) {
    return new EventFilter(
        query.matchesEverything(),
        event -> query.matches(event.stream().value(), event.type(), event.tags()));
  }

  /** Keeps the events of one stream whose version is higher. */
  public static EventFilter ofStreamAfter(StreamId stream, long version) {
    return new EventFilter(
        false, event -> event.version() > version && event.stream().equals(stream));
  }

  /** Whether no event is ever left out. */
  public boolean keepsEverything() {
    return everything;
  }

  /** The events of the page that match, in the page's order. */
  public EventPage apply(EventPage page) {
    if (everything) {
      return page;
    }
    List<EventRun> kept = new ArrayList<>();
    for (EventRun run : page.runs()) {
      List<EncodedEvent> events = run.events();
      List<EventSummary> summaries = new ArrayList<>(events.size());
      for (EncodedEvent event : events) {
        summaries.add(event.summary());
      }
      keep(run, events, summaries, kept);
    }
    return new EventPage(kept);
  }

  /** The same for a run whose events have been decoded before; adds to {@code kept}. */
  public void keep(
      EventRun run, List<EncodedEvent> events, List<EventSummary> summaries, List<EventRun> kept) {
    if (everything) {
      kept.add(run);
      return;
    }
    int first = -1;
    for (int i = 0; i <= events.size(); i++) {
      boolean matching = i < events.size() && matches.test(summaries.get(i));
      if (matching && first < 0) {
        first = i;
      } else if (!matching && first >= 0) {
        kept.add(slice(run, events, summaries, first, i - 1));
        first = -1;
      }
    }
  }

  private static EventRun slice(
      EventRun run, List<EncodedEvent> events, List<EventSummary> summaries, int first, int last) {
    int start = events.get(first).frameStart();
    return new EventRun(
        run.bytes(),
        start,
        events.get(last).end() - start,
        last - first + 1,
        summaries.get(first).position(),
        summaries.get(last).position());
  }
}
