package io.varve.server.subscription;

import io.varve.server.read.EventFilter;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventStorage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Follows the log under a filter. */
final class LogFeed implements Feed {
  private final EventStorage storage;
  private final RecentCommits recent;
  private final EventFilter filter;
  private final int pageBytes;
  private final long startedAfter;

  LogFeed(
      EventStorage storage,
      RecentCommits recent,
      EventFilter filter,
      int pageBytes,
      long startedAfter) {
    this.storage = storage;
    this.recent = recent;
    this.filter = filter;
    this.pageBytes = pageBytes;
    this.startedAfter = startedAfter;
  }

  @Override
  public long startedAfter() {
    return startedAfter;
  }

  @Override
  public Step next(long position, long head) {
    Step live = fromMemory(recent, filter, pageBytes, position, head);
    if (live != null) {
      return live;
    }
    boolean tooOld = recent.isPast(position + 1);
    EventPage page = storage.readLog(position + 1, head, pageBytes);
    if (page.isEmpty()) {
      return new Step(page, head, 0, tooOld); // nothing is left between here and the head
    }
    return new Step(filter.apply(page), page.lastPosition(), page.count(), tooOld);
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
    int examined = 0;
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
      examined += run.count();
      bytes += run.length();
      shared = recent.holding(reached + 1);
    }
    return new Step(new EventPage(kept), reached, examined, false);
  }
}
