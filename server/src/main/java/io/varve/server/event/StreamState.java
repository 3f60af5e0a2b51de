package io.varve.server.event;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What has been decided about a stream beside its events: how much of it is kept, and whether it is
 * closed.
 *
 * @param tombstoned closed for ever
 * @param deletedThrough the version at which it was last deleted; it is deleted as long as it has
 *     no later one; 0: it never was
 * @param maxCount only the newest so many events are kept; 0: no bound by count
 * @param maxAge only events recorded within this time are kept; null: no bound by age
 * @param truncateBefore events of lower versions are hidden for good; 0: none
 */
public record StreamState(
    boolean tombstoned,
    long deletedThrough,
    long maxCount,
    @Nullable Duration maxAge,
    long truncateBefore) {

  /** The state of a stream about which nothing was decided: open, and everything is kept. */
  public static final StreamState UNTOUCHED = new StreamState(false, 0, 0, null, 0);

  /** Whether a stream at this version can be read and appended to. */
  public StreamLife life(long version) {
    if (tombstoned) {
      return StreamLife.TOMBSTONED;
    }
    return deletedThrough > 0 && version <= deletedThrough ? StreamLife.DELETED : StreamLife.OPEN;
  }

  /**
   * The first version that is kept of a stream at this version, its events' ages aside. Higher than
   * the version when none is. What is hidden for good stays so at whatever version the stream is
   * looked at, be it one before the decision.
   */
  public long firstKeptByCount(long version) {
    if (life(version) != StreamLife.OPEN) {
      return Math.max(version + 1, truncateBefore);
    }
    long first = Math.max(1, truncateBefore);
    return maxCount == 0 ? first : Math.max(first, version - maxCount + 1);
  }

  /** The same state with other bounds, and with everything before a version hidden for good. */
  public StreamState retaining(long newMaxCount, @Nullable Duration newMaxAge, long firstKept) {
    return new StreamState(
        tombstoned, deletedThrough, newMaxCount, newMaxAge, hiddenBefore(firstKept));
  }

  /** The same state with everything before a version hidden for good. */
  public StreamState truncatedBefore(long version) {
    return new StreamState(tombstoned, deletedThrough, maxCount, maxAge, hiddenBefore(version));
  }

  /** The same state, hidden at this version until somebody appends. */
  public StreamState deletedAt(long version) {
    return new StreamState(tombstoned, version, maxCount, maxAge, hiddenBefore(version + 1));
  }

  /** The same state, closed at this version for ever. */
  public StreamState tombstonedAt(long version) {
    return new StreamState(true, deletedThrough, maxCount, maxAge, hiddenBefore(version + 1));
  }

  /** Nothing that was hidden ever shows again. Version 1 as the first means that nothing is. */
  private long hiddenBefore(long version) {
    long first = Math.max(truncateBefore, version);
    return first <= 1 ? 0 : first;
  }
}
