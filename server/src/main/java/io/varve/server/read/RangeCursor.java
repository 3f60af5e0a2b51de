package io.varve.server.read;

import io.varve.server.storage.EventPage;

/** Reads a range of places page by page, up to a limit. */
final class RangeCursor implements EventCursor {

  /** Where pages come from. */
  interface PageSource {
    /**
     * The first events of a range that is not empty, at most its limit. May be empty though there
     * are more: the read goes on behind what the page has reached.
     */
    EventPage page(Range range);
  }

  private final long headPosition;
  private final PageSource source;
  private Range rest;
  private boolean done;

  RangeCursor(long headPosition, Range range, PageSource source) {
    this.headPosition = headPosition;
    this.rest = range;
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
      return EventPage.empty(rest.to());
    }
    EventPage page = source.page(rest);
    rest = rest.after(page.reached());
    if (rest.limit() > 0) {
      long left = rest.limit() - page.count();
      done = left == 0;
      rest = rest.withLimit(left);
    }
    done |= rest.isEmpty();
    return page;
  }
}
