package io.varve.server.subscription;

import io.varve.server.storage.EventRun;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The newest events' bytes, shared by all live subscribers: one copy of each event, however many
 * follow. Bounded by bytes; the oldest go first. One thread adds, any number look.
 */
final class RecentCommits {
  /** What a run takes beside its bytes: the objects that hold it. */
  private static final int RUN_BYTES = 200;

  /** What an event takes beside its bytes once it has been decoded for the filters. */
  private static final int EVENT_BYTES = 300;

  private final long maxBytes;
  private final ConcurrentSkipListMap<Long, SharedRun> runs = new ConcurrentSkipListMap<>();
  private long bytes; // the writer's

  RecentCommits(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Adds the next run, and lets go of the oldest. Always keeps the newest, however large. */
  void add(EventRun run) {
    runs.put(run.firstPosition(), new SharedRun(run));
    bytes += weight(run);
    while (bytes > maxBytes && runs.size() > 1) {
      Map.Entry<Long, SharedRun> oldest = runs.pollFirstEntry();
      if (oldest != null) {
        bytes -= weight(oldest.getValue().run());
      }
    }
  }

  /** The run that holds a position; null when it is too old or not committed yet. */
  @Nullable SharedRun holding(long position) {
    Map.Entry<Long, SharedRun> entry = runs.floorEntry(position);
    if (entry == null || entry.getValue().run().lastPosition() < position) {
      return null;
    }
    return entry.getValue();
  }

  /**
   * Whether a position is older than everything kept. A position above everything kept is not: the
   * head moves an instant before the newest events are added here.
   */
  boolean isPast(long position) {
    Map.Entry<Long, SharedRun> oldest = runs.firstEntry();
    return oldest != null && position < oldest.getKey();
  }

  /** About how much memory a run holds, small events' objects included. */
  private static long weight(EventRun run) {
    return run.length() + RUN_BYTES + (long) EVENT_BYTES * run.count();
  }
}
