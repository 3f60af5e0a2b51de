package io.varve.server.read;

import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import java.util.ArrayList;
import java.util.List;

/** Reads a range of places page by page, through a filter, up to a limit. */
final class RangeCursor implements EventCursor {

  /** Where pages come from. */
  interface PageSource {
    /** The first page of a range that is not empty; empty only if the range holds no event. */
    EventPage page(Range range);
  }

  private final long headPosition;
  private final EventFilter filter;
  private final PageSource source;
  private final boolean byVersion;
  private Range rest;
  private boolean done;

  RangeCursor(
      long headPosition, Range range, boolean byVersion, EventFilter filter, PageSource source) {
    this.headPosition = headPosition;
    this.rest = range;
    this.byVersion = byVersion;
    this.filter = filter;
    this.source = source;
    this.done = range.isEmpty();
  }

  @Override
  public long headPosition() {
    return headPosition;
  }

  @Override
  public boolean isDone() {
    return done;
  }

  @Override
  public EventPage next() {
    if (done) {
      return EventPage.empty();
    }
    boolean limited = rest.limit() > 0;
    // Without a filter the limit bounds what is read; with one, only what is kept.
    Range step = limited && filter.keepsEverything() ? rest.first(rest.limit()) : rest;
    EventPage page = source.page(step);
    if (page.isEmpty()) {
      done = true;
      return page;
    }
    rest = rest.after(lastPlace(page));
    EventPage kept = filter.apply(page);
    if (limited) {
      kept = first(kept, rest.limit());
      long left = rest.limit() - kept.count();
      done = left == 0;
      rest = rest.withLimit(left);
    }
    done |= rest.isEmpty();
    return kept;
  }

  private long lastPlace(EventPage page) {
    if (!byVersion) {
      return page.lastPosition();
    }
    return page.runs().getLast().events().getLast().summary().version();
  }

  private static EventPage first(EventPage page, long limit) {
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
    return new EventPage(runs);
  }
}
