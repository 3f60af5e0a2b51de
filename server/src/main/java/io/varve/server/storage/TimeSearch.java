package io.varve.server.storage;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds places by time. Recorded times never fall as positions and versions rise, so the log and
 * every stream are their own index by time: halving them takes some twenty look-ups in a million
 * events. Thread-safe.
 */
public final class TimeSearch {
  private final EventStorage storage;

  public TimeSearch(EventStorage storage) {
    this.storage = storage;
  }

  // ---- the log

  /** The lowest position up to {@code last} recorded at or after a time; last + 1 for none. */
  public long firstPositionSince(Instant time, long last) {
    return 1
        + lastWhere(
            Math.min(last, archivedBefore(time)), last, position -> isBefore(time, position, last));
  }

  /** The highest position up to {@code last} recorded at or before a time; 0 for none. */
  public long lastPositionUntil(Instant time, long last) {
    return lastWhere(
        Math.min(last, archivedBefore(time)), last, position -> !isAfter(time, position, last));
  }

  /** The last position that is in the archive if all there is older than a time; else 0. */
  private long archivedBefore(Instant time) {
    EventArchive archive = storage.archive();
    // In this order: what is archived in between is not older than what was before.
    long position = archive.lastPosition();
    return archive.lastRecordedAt().isBefore(time) ? position : 0;
  }

  private boolean isBefore(Instant time, long position, long last) {
    Instant recordedAt = recordedAtOrAfter(position, last);
    return recordedAt != null && recordedAt.isBefore(time);
  }

  private boolean isAfter(Instant time, long position, long last) {
    Instant recordedAt = recordedAtOrAfter(position, last);
    return recordedAt == null || recordedAt.isAfter(time);
  }

  /** The time of the first event from a position on; null when there is none up to {@code last}. */
  private @Nullable Instant recordedAtOrAfter(long position, long last) {
    EventPage page = storage.readOutlines(position, last, 1);
    return page.isEmpty() ? null : page.runs().getFirst().events().getFirst().header().recordedAt();
  }

  // ---- a stream

  /** The highest version of a stream recorded at or before a time; 0 for none. */
  public long lastVersionUntil(StreamHead stream, Instant time) {
    if (!stream.lastRecordedAt().isAfter(time)) {
      return stream.version();
    }
    return lastWhere(
        0,
        stream.version(),
        version -> {
          EventHeader event = event(stream, version);
          return event == null || !event.recordedAt().isAfter(time);
        });
  }

  /** The highest version of a stream at or below a position of the log; 0 for none. */
  public long lastVersionUpTo(StreamHead stream, long position) {
    if (stream.lastPosition() <= position) {
      return stream.version();
    }
    return lastWhere(
        0,
        stream.version(),
        version -> {
          EventHeader event = event(stream, version);
          return event == null || event.position() <= position;
        });
  }

  /**
   * The first version of a stream that is kept at this time: not hidden by truncation, deletion or
   * a bound by count or age. Higher than the stream's version when none is.
   */
  public long firstKept(StreamHead stream, Instant now) {
    long first = stream.state().firstKeptByCount(stream.version());
    Duration maxAge = stream.state().maxAge();
    if (maxAge == null || first > stream.version()) {
      return first;
    }
    Instant oldest = before(now, maxAge);
    if (stream.lastRecordedAt().isBefore(oldest)) {
      return stream.version() + 1;
    }
    return 1
        + lastWhere(
            first - 1,
            stream.version(),
            version -> {
              EventHeader event = event(stream, version);
              return event == null || event.recordedAt().isBefore(oldest);
            });
  }

  private static Instant before(Instant now, Duration age) {
    try {
      return now.minus(age);
    } catch (DateTimeException | ArithmeticException e) {
      return Instant.MIN; // longer ago than time itself
    }
  }

  /**
   * A stream's event; null when it has been reclaimed, so that it is older than all that are there.
   */
  private @Nullable EventHeader event(StreamHead stream, long version) {
    return storage.headerOf(stream.number(), version);
  }

  /**
   * The highest number above {@code low} and up to {@code high} for which a condition that only
   * ever turns false holds; {@code low} for none.
   */
  private static long lastWhere(long low, long high, LongPredicate holds) {
    long below = low;
    long above = high;
    while (below < above) {
      long middle = below + (above - below + 1) / 2;
      if (holds.test(middle)) {
        below = middle;
      } else {
        above = middle - 1;
      }
    }
    return below;
  }
}
