package io.varve.server.query;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.EventTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Keeps the events of a page that match. Only what must be compared is decoded, and neighbours that
 * match stay one run, so that they are sent as they lie.
 */
public final class EventFilter {
  private final boolean everything;
  private final Predicate<EventSummary> matches;
  private final Supplier<Predicate<EncodedEvent>> matching;

  private EventFilter(
      boolean everything,
      Predicate<EventSummary> matches,
      Supplier<Predicate<EncodedEvent>> matching) {
    this.everything = everything;
    this.matches = matches;
    this.matching = matching;
  }

  /** Keeps the events that match a query. */
  public static EventFilter of(Query query) {
    return new EventFilter(
        query.matchesEverything(),
        event -> query.matches(event.stream().value(), event.type(), event.tags()),
        () -> {
          EventTerms terms = new EventTerms(query.asksForTags());
          return event -> {
            terms.read(event);
            return query.matches(terms.stream(), terms.type(), terms.tags());
          };
        });
  }

  /** Keeps the events of one stream whose version is higher. */
  public static EventFilter ofStreamAfter(StreamId stream, long version) {
    Predicate<EventSummary> matches =
        event -> event.version() > version && event.stream().equals(stream);
    return new EventFilter(false, matches, () -> event -> matches.test(event.summary()));
  }

  /** Whether no event is ever left out. */
  public boolean keepsEverything() {
    return everything;
  }

  /** Says of one event after the other whether it is kept; for one thread. */
  Predicate<EncodedEvent> matching() {
    return matching.get();
  }

  /** The events of the page that match, in the page's order. */
  public EventPage apply(EventPage page) {
    if (everything) {
      return page;
    }
    Predicate<EncodedEvent> wanted = matching();
    List<EventRun> kept = new ArrayList<>();
    for (EventRun run : page.runs()) {
      List<EncodedEvent> events = run.events();
      keep(run, events, i -> wanted.test(events.get(i)), kept);
    }
    return new EventPage(kept, page.reached());
  }

  /** The same for a run whose events have been decoded before; adds to {@code kept}. */
  public void keep(
      EventRun run, List<EncodedEvent> events, List<EventSummary> summaries, List<EventRun> kept) {
    if (everything) {
      kept.add(run);
      return;
    }
    keep(run, events, i -> matches.test(summaries.get(i)), kept);
  }

  /**
   * Keeps the events of a run that are wanted, asked for by their number in it, each once and in
   * their order.
   */
  static void keep(
      EventRun run, List<EncodedEvent> events, IntPredicate wanted, List<EventRun> kept) {
    int first = -1;
    for (int i = 0; i <= events.size(); i++) {
      boolean keeps = i < events.size() && wanted.test(i);
      if (keeps && first < 0) {
        first = i;
      } else if (!keeps && first >= 0) {
        kept.add(slice(run, events, first, i - 1));
        first = -1;
      }
    }
  }

  private static EventRun slice(EventRun run, List<EncodedEvent> events, int first, int last) {
    if (first == 0 && last == events.size() - 1) {
      return run;
    }
    int start = events.get(first).frameStart();
    return new EventRun(
        run.bytes(),
        start,
        events.get(last).end() - start,
        last - first + 1,
        events.get(first).position(),
        events.get(last).position());
  }

  /** The first events of a page of the log, at most {@code limit}, and nothing looked at behind. */
  static EventPage first(EventPage page, long limit) {
    long left = limit;
    List<EventRun> runs = new ArrayList<>();
    for (EventRun run : page.runs()) {
      if (left == 0) {
        break;
      }
      EventRun part = run.first((int) Math.min(left, run.count()));
      runs.add(part);
      left -= part.count();
    }
    return new EventPage(runs, runs.getLast().lastPosition());
  }
}
