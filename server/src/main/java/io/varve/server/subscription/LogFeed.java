package io.varve.server.subscription;

import io.varve.server.event.Query;
import io.varve.server.query.EventFilter;
import io.varve.server.query.LogPages;
import io.varve.server.storage.EventArchive;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventStorage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows the log under a query: behind the head by the index, so that what does not match costs
 * nothing; near the head from memory, through a filter.
 */
final class LogFeed implements Feed {
  private final RecentCommits recent;
  private final EventFilter filter;
  private final LogPages pages;
  private final int pageBytes;
  private final long startedAfter;

  /** What is to be left out; null for nothing. */
  private final @Nullable EventArchive skipped;

  LogFeed(
      EventStorage storage,
      RecentCommits recent,
      Query query,
      int pageBytes,
      long startedAfter,
      boolean skipArchived) {
    this.skipped = skipArchived ? storage.archive() : null;
    this.recent = recent;
    this.filter = EventFilter.of(query);
    this.pages = new LogPages(storage, query);
    this.pageBytes = pageBytes;
    this.startedAfter = startedAfter;
  }

  @Override
  public long startedAfter() {
    return startedAfter;
  }

  @Override
  public long version() {
    return 0;
  }

  @Override
  public Step next(long position, long head) {
    long archived = skipped == null ? 0 : Math.min(head, skipped.lastPosition());
    if (position < archived) {
      return new Step(EventPage.empty(archived), false);
    }
    Step live = fromMemory(recent, filter, pageBytes, position, head);
    if (live != null) {
      return live;
    }
    boolean tooOld = recent.isPast(position + 1);
    EventPage page = pages.forwards(position + 1, head, pageBytes, 0);
    return new Step(page, tooOld);
  }

  /** The step from memory; null when the next event is not there, no longer or not yet. */
  static @Nullable Step fromMemory(
      RecentCommits recent, EventFilter filter, int pageBytes, long position, long head) {
    SharedRun shared = recent.holding(position + 1);
    if (shared == null) {
      return null;
    }
    List<EventRun> kept = new ArrayList<>();
    long reached = position;
    int bytes = 0;
    while (shared != null && reached < head && bytes < pageBytes) {
      EventRun run = shared.run().clip(reached + 1, head);
      if (run == null) {
        break;
      }
      if (filter.keepsEverything()) {
        kept.add(run);
      } else {
        SharedRun whole = run.count() == shared.run().count() ? shared : new SharedRun(run);
        filter.keep(run, whole.decoded().events(), whole.decoded().summaries(), kept);
      }
      reached = run.lastPosition();
      bytes += run.length();
      shared = recent.holding(reached + 1);
    }
    return new Step(new EventPage(kept, reached), false);
  }
}
