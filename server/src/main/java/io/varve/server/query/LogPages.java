package io.varve.server.query;

import io.varve.server.event.Query;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventIndex;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.Positions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pages of the log under a query, read from where events match. For one read, which goes on where a
 * page has ended; used by one thread at a time.
 */
public final class LogPages {
  /*
   * The index yields candidates, and the log is read around them, a group at a time: candidates that are near one
   * another lie in the same chunk, and reading it once costs about as much as reading one event of it. Within a group
   * only the candidates are decoded.
   *
   * A group that is full, and dense, is where the index is no help: from there a whole piece of the log is read and
   * each event looked at, as without an index. The next group decides anew.
   */
  private static final int GROUP_SIZE = 64;

  /** Candidates further apart are read one by one. */
  private static final int MAX_GAP = 64;

  /** A full group that spans no more is dense: about every eighth event is a candidate. */
  private static final int DENSE_SPAN = 8 * GROUP_SIZE;

  /** So often the log is read for one page; then the page is done, though it may be empty. */
  private static final int MAX_READS = 64;

  private final Supplier<EventIndex> index;
  private final Source forwards;
  private final Source backwards;
  private final Query query;
  private final boolean everything;
  private final EventFilter filter;
  private @Nullable Ahead ahead;

  /** Where a reading goes: from a position to another, inclusive, in either direction. */
  record Way(long from, long to, boolean backwards) {

    boolean isBehind(long position) {
      return backwards ? position < to : position > to;
    }

    long nextOf(long position) {
      return backwards ? position - 1 : position + 1;
    }
  }

  /** Reads a piece of the log in one direction; see {@link EventStorage#readLog}. */
  private interface Source {
    EventPage read(long from, long to, int maxBytes);
  }

  public LogPages(EventStorage storage, Query query) {
    this(storage::index, storage::readLog, storage::readLogBackwards, query);
  }

  private LogPages(Supplier<EventIndex> index, Source forwards, Source backwards, Query query) {
    this.index = index;
    this.forwards = forwards;
    this.backwards = backwards;
    this.query = query;
    this.everything = query.matchesEverything();
    this.filter = EventFilter.of(query);
  }

  /**
   * Pages for whoever wants to know which events match, and nothing else of them: of events in the
   * archive they hold outlines, and the archive is never waited for.
   */
  static LogPages ofOutlines(EventStorage storage, Query query) {
    return new LogPages(
        storage::index, storage::readOutlines, storage::readOutlinesBackwards, query);
  }

  /**
   * The first matching events from {@code from} to {@code to} (inclusive), rising. Stops once
   * {@code maxBytes} are there; may be empty though there are more.
   *
   * @param to not above the head
   * @param limit at most so many events; 0 for no limit
   */
  public EventPage forwards(long from, long to, int maxBytes, long limit) {
    return from > to ? EventPage.empty(to) : read(index, new Way(from, to, false), maxBytes, limit);
  }

  /** The same from {@code from}, not above the head, down to {@code to}, falling. */
  public EventPage backwards(long from, long to, int maxBytes, long limit) {
    return from < to ? EventPage.empty(to) : read(index, new Way(from, to, true), maxBytes, limit);
  }

  EventPage read(Supplier<EventIndex> from, Way way, int maxBytes, long limit) {
    if (everything) {
      return readAll(way, maxBytes, limit);
    }
    if (query.hasNoTerms()) {
      EventPage page = filter.apply(readAll(way, maxBytes, 0));
      return limit > 0 && page.count() > limit ? EventFilter.first(page, limit) : page;
    }
    Ahead known = ahead;
    if (known == null || known.isBackwards() != way.backwards()) {
      known = new Ahead(way.backwards(), limit);
      ahead = known;
    }
    return new PageInTheMaking(way, maxBytes, limit, known, from).read();
  }

  private EventPage readAll(Way way, int maxBytes, long limit) {
    if (limit == 0) {
      return readLog(way.from(), way.to(), way, maxBytes);
    }
    long last =
        way.backwards()
            ? Math.max(way.to(), way.from() - limit + 1)
            : limit > way.to() - way.from() ? way.to() : way.from() + limit - 1;
    EventPage page = readLog(way.from(), last, way, maxBytes);
    if (!page.isEmpty() || page.reached() == way.to()) {
      return page;
    }
    // Nothing is left of these: on to the next that is there, however far.
    page = readLog(way.nextOf(page.reached()), way.to(), way, maxBytes);
    return page.count() > limit ? EventFilter.first(page, limit) : page;
  }

  private EventPage readLog(long from, long to, Way way, int maxBytes) {
    return (way.backwards() ? backwards : forwards).read(from, to, maxBytes);
  }

  /** One page, while it is read. */
  private final class PageInTheMaking {
    private final Way way;
    private final int maxBytes;
    private final long limit;
    private final Ahead known;
    private final Supplier<EventIndex> index;
    private final Predicate<EncodedEvent> matching = filter.matching();
    private @Nullable Positions candidates;

    private final List<EventRun> runs = new ArrayList<>();
    private int bytes;
    private long count;
    private long reached;

    // The candidates of the group, in reading order.
    private final long[] group = new long[GROUP_SIZE];
    private int groupSize;

    PageInTheMaking(Way way, int maxBytes, long limit, Ahead known, Supplier<EventIndex> index) {
      this.way = way;
      this.maxBytes = maxBytes;
      this.limit = limit;
      this.known = known;
      this.index = index;
    }

    private long seek(long from) {
      return known.seek(from, way.to(), this::candidates);
    }

    /** Opened only if the page needs a candidate that is not known. */
    private Positions candidates() {
      Positions opened = candidates;
      if (opened == null) {
        opened = Candidates.of(query, index.get());
        candidates = opened;
      }
      return opened;
    }

    EventPage read() {
      long at = seek(way.from());
      int most = limit == 0 ? GROUP_SIZE : (int) Math.min(limit, GROUP_SIZE);
      for (int reads = 0; reads < MAX_READS; reads++) {
        if (way.isBehind(at)) {
          return new EventPage(runs, way.to());
        }
        long behind = fillGroup(at, most);
        EventPage page = readGroup();
        if (bytes >= maxBytes || (limit > 0 && count == limit)) {
          return new EventPage(runs, reached);
        }
        // What lies between the group and the next candidate is no match.
        at = reached == group[groupSize - 1] ? behind : seek(way.nextOf(reached));
        // Where candidates turn out not to match, it was not worth taking only as many as wanted.
        most = page.isEmpty() ? GROUP_SIZE : Math.min(GROUP_SIZE, 2 * most);
      }
      return new EventPage(runs, reached);
    }

    /** Takes candidates that are near one another; returns the one behind them. */
    private long fillGroup(long first, int most) {
      groupSize = 0;
      long at = first;
      do {
        group[groupSize++] = at;
        at = seek(way.nextOf(at));
      } while (groupSize < most
          && !way.isBehind(at)
          && Math.abs(at - group[groupSize - 1]) <= MAX_GAP);
      return at;
    }

    private EventPage readGroup() {
      long first = group[0];
      long last = group[groupSize - 1];
      boolean dense = groupSize == GROUP_SIZE && Math.abs(last - first) < DENSE_SPAN;
      EventPage page = readLog(first, dense ? way.to() : last, way, maxBytes - bytes);
      reached = page.reached();
      EventPage matching = dense ? filter.apply(page) : ofGroup(page);
      if (limit > 0 && matching.count() > limit - count) {
        matching = EventFilter.first(matching, limit - count);
        reached = matching.reached();
      }
      for (EventRun run : matching.runs()) {
        runs.add(run.trimmed()); // a few events of what was read around them
        bytes += run.length();
        count += run.count();
      }
      return matching;
    }

    private EventPage ofGroup(EventPage page) {
      List<EventRun> kept = new ArrayList<>();
      for (EventRun run : page.runs()) {
        List<EncodedEvent> events = run.events();
        EventFilter.keep(
            run,
            events,
            i -> isInGroup(events.get(i).position()) && matching.test(events.get(i)),
            kept);
      }
      return new EventPage(kept, page.reached());
    }

    private boolean isInGroup(long position) {
      if (!way.backwards()) {
        return Arrays.binarySearch(group, 0, groupSize, position) >= 0;
      }
      for (int i = 0; i < groupSize; i++) {
        if (group[i] == position) {
          return true;
        }
      }
      return false;
    }
  }
}
