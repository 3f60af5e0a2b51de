package io.varve.server.query;

import io.varve.server.event.Query;
import io.varve.server.storage.EventIndex;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.Positions;

/**
 * Finds the first or last event that matches a query. Thread-safe.
 *
 * <p>On the thread that adds events to commits, it sees all that have been added, written or not:
 * this is what append conditions are decided by. Other threads bound what they ask by the head.
 */
public final class MatchFinder {
  /** One event is enough, however large; storage always gives that. */
  private static final int ONE_EVENT_BYTES = 1;

  /** So many events are looked at without a thought, and never more than so many. */
  private static final int FEW_EVENTS = 16;

  private static final int MANY_EVENTS = 1_000;

  private final EventStorage storage;

  public MatchFinder(EventStorage storage) {
    this.storage = storage;
  }

  /**
   * The lowest position whose event matches; 0 for none.
   *
   * @param query an empty one matches everything
   * @param from the lowest position to look at
   * @param to the highest, inclusive; {@link Long#MAX_VALUE} for no bound
   */
  public long firstMatch(Query query, long from, long to) {
    // The index first, then the head: what is above the head and in the index is then in memory.
    EventIndex index = storage.index();
    long lowest = Math.max(1, from);
    long highest = Math.min(to, index.lastPosition());
    if (isShort(query, highest - lowest)) {
      lowest = firstInMemory(query, index, lowest, highest);
    }
    if (lowest > highest) {
      return 0;
    }
    long written = Math.min(highest, storage.head().position());
    long found = lowest > written ? 0 : firstWritten(query, index, lowest, written);
    return found > 0 ? found : firstUnwritten(query, index, Math.max(lowest, written + 1), highest);
  }

  /**
   * Whether looking at so many events in memory is quicker than asking the index for each term.
   * Most conditions are about the last few events, and some have a thousand terms.
   */
  private static boolean isShort(Query query, long events) {
    if (events > MANY_EVENTS) {
      return false;
    }
    long terms = 0;
    for (Query.Item item : query.items()) {
      terms +=
          item.types().size()
              + item.tags().size()
              + item.categories().size()
              + item.streams().size();
    }
    return events * query.items().size() <= FEW_EVENTS + terms / 2;
  }

  /**
   * The first position from which on there may be a match: events in memory that do not match are
   * passed over.
   */
  private static long firstInMemory(Query query, EventIndex index, long from, long to) {
    long at = from;
    while (at <= to) {
      IndexedEvent event = index.event(at);
      if (event == null || query.matches(event.stream().value(), event.type(), event.tags())) {
        return at;
      }
      at++;
    }
    return at;
  }

  private long firstWritten(Query query, EventIndex index, long from, long to) {
    LogPages pages = LogPages.ofOutlines(storage, query);
    long next = from;
    while (next <= to) {
      EventPage page =
          pages.read(() -> index, new LogPages.Way(next, to, false), ONE_EVENT_BYTES, 1);
      if (!page.isEmpty()) {
        return page.runs().getFirst().firstPosition();
      }
      next = page.reached() + 1;
    }
    return 0;
  }

  private static long firstUnwritten(Query query, EventIndex index, long from, long to) {
    if (from > to || query.matchesEverything()) {
      return from > to ? 0 : from;
    }
    Positions candidates = Candidates.of(query, index);
    for (long at = candidates.atOrAfter(from); at <= to; at = candidates.atOrAfter(at + 1)) {
      if (matches(query, index, at)) {
        return at;
      }
    }
    return 0;
  }

  /** The highest position whose event matches, with the same bounds; 0 for none. */
  public long lastMatch(Query query, long from, long to) {
    EventIndex index = storage.index();
    long lowest = Math.max(1, from);
    long highest = Math.min(to, index.lastPosition());
    if (lowest > highest) {
      return 0;
    }
    long written = Math.min(highest, storage.head().position());
    long found = lastUnwritten(query, index, Math.max(lowest, written + 1), highest);
    return found > 0 || lowest > written ? found : lastWritten(query, index, lowest, written);
  }

  private static long lastUnwritten(Query query, EventIndex index, long from, long to) {
    if (from > to || query.matchesEverything()) {
      return from > to ? 0 : to;
    }
    Positions candidates = Candidates.of(query, index);
    for (long at = candidates.atOrBefore(to); at >= from; at = candidates.atOrBefore(at - 1)) {
      if (matches(query, index, at)) {
        return at;
      }
    }
    return 0;
  }

  private long lastWritten(Query query, EventIndex index, long from, long to) {
    LogPages pages = LogPages.ofOutlines(storage, query);
    long next = to;
    while (next >= from) {
      EventPage page =
          pages.read(() -> index, new LogPages.Way(next, from, true), ONE_EVENT_BYTES, 1);
      if (!page.isEmpty()) {
        return page.runs().getFirst().firstPosition();
      }
      next = page.reached() - 1;
    }
    return 0;
  }

  private static boolean matches(Query query, EventIndex index, long position) {
    IndexedEvent event = index.event(position);
    if (event == null) {
      throw new IllegalStateException("the index does not hold the event at " + position);
    }
    return query.matches(event.stream().value(), event.type(), event.tags());
  }
}
