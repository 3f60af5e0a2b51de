package io.varve.server.read;

import io.varve.server.event.StreamId;
import io.varve.server.query.LogPages;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.UUID;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** Opens reads. Thread-safe. */
public final class EventReader {
  private final EventStorage storage;

  /**
   * Pages are about this large: enough to make a message worth its overhead, little enough to be
   * held for each reader.
   */
  private final int pageBytes;

  public EventReader(EventStorage storage, int pageBytes) {
    this.storage = storage;
    this.pageBytes = pageBytes;
  }

  // ---- whole reads

  /** Begins to read a stream; null when it has no event. */
  public @Nullable EventCursor readStream(StreamRead read) {
    StreamView view = viewOf(read.stream(), read.asOf());
    return view == null
        ? null
        : readStream(view, read.fromVersion(), read.backwards(), read.limit());
  }

  /**
   * What a read that begins now sees of a stream; null when it has no event.
   *
   * @param asOf only events recorded at or before this time; null for all
   */
  public @Nullable StreamView viewOf(StreamId stream, @Nullable Instant asOf) {
    long head = storage.head().position();
    StreamHead streamHead = headOf(stream, head);
    if (streamHead == null) {
      return null;
    }
    long last = streamHead.version();
    if (asOf != null) {
      last =
          lastWhere(
              last, version -> !eventOf(streamHead.number(), version).recordedAt().isAfter(asOf));
    }
    // Everything is kept: nothing hides events yet.
    return new StreamView(head, streamHead.number(), 1, 0, last);
  }

  /**
   * Begins to read what is seen of a stream.
   *
   * @param fromVersion where to start, inclusive; 0 for the first event, or the last if backwards
   * @param limit at most this many events; 0 for no limit
   */
  public EventCursor readStream(StreamView view, long fromVersion, boolean backwards, long limit) {
    long from;
    long to;
    if (backwards) {
      from = fromVersion == 0 ? view.last() : Math.min(fromVersion, view.last());
      to = view.firstKept();
    } else {
      from = Math.max(view.firstKept(), fromVersion);
      to = view.last();
    }
    return new RangeCursor(
        view.headPosition(),
        new Range(from, to, backwards, limit),
        rest -> streamPage(view.streamNumber(), rest.withinLimit()));
  }

  /** Begins to read the log. */
  public EventCursor readLog(LogRead read) {
    long head = storage.head().position();
    long lower = read.backwards() ? read.toPosition() : read.fromPosition();
    long upper = read.backwards() ? read.fromPosition() : read.toPosition();
    long low = Math.max(1, lower);
    long high = upper == 0 ? head : Math.min(upper, head);
    Instant earliest = read.backwards() ? read.toTime() : read.fromTime();
    Instant latest = read.backwards() ? read.fromTime() : read.toTime();
    if (earliest != null) {
      low = Math.max(low, 1 + lastWhere(head, position -> recordedAt(position).isBefore(earliest)));
    }
    if (latest != null) {
      high = Math.min(high, lastWhere(head, position -> !recordedAt(position).isAfter(latest)));
    }
    Range range =
        read.backwards()
            ? new Range(high, low, true, read.limit())
            : new Range(low, high, false, read.limit());
    LogPages pages = new LogPages(storage, read.query());
    return new RangeCursor(head, range, rest -> logPage(pages, rest));
  }

  private EventPage streamPage(long streamNumber, Range range) {
    return range.backwards()
        ? storage.readStreamBackwards(streamNumber, range.from(), range.to(), pageBytes)
        : storage.readStream(streamNumber, range.from(), range.to(), pageBytes);
  }

  private EventPage logPage(LogPages pages, Range range) {
    return range.backwards()
        ? pages.backwards(range.from(), range.to(), pageBytes, range.limit())
        : pages.forwards(range.from(), range.to(), pageBytes, range.limit());
  }

  // ---- single events

  /** The event at a position; null when there is none yet. */
  public @Nullable EncodedEvent eventAt(long position) {
    if (position < 1 || position > storage.head().position()) {
      return null;
    }
    return single(storage.readLog(position, position, 1));
  }

  /** The event with an id; null when there is none. */
  public @Nullable EncodedEvent eventWith(UUID id) {
    EventPlace place = storage.placeOf(id);
    return place == null ? null : eventAt(place.position());
  }

  /** A stream's event; null when there is none yet. */
  public @Nullable EncodedEvent eventOf(StreamId stream, long version) {
    StreamHead head = headOf(stream, storage.head().position());
    if (head == null || version < 1 || version > head.version()) {
      return null;
    }
    return single(storage.readStream(head.number(), version, version, 1));
  }

  private static @Nullable EncodedEvent single(EventPage page) {
    return page.isEmpty() ? null : page.runs().getFirst().events().getFirst();
  }

  // ---- heads and searches

  /**
   * Where a stream stood when the log's head was at a position; null when it had no event.
   *
   * <p>The index may be a commit ahead of the head for an instant, so the newest version is looked
   * at, and searched for only if it is too new.
   */
  public @Nullable StreamHead headOf(StreamId stream, long headPosition) {
    StreamHead now = storage.streamHead(stream);
    if (now == null || eventOf(now.number(), now.version()).position() <= headPosition) {
      return now;
    }
    long version =
        lastWhere(now.version(), v -> eventOf(now.number(), v).position() <= headPosition);
    return version == 0 ? null : new StreamHead(now.number(), version);
  }

  private EventSummary eventOf(long streamNumber, long version) {
    return storage
        .readStream(streamNumber, version, version, 1)
        .runs()
        .getFirst()
        .events()
        .getFirst()
        .summary();
  }

  private Instant recordedAt(long position) {
    return storage
        .readLog(position, position, 1)
        .runs()
        .getFirst()
        .events()
        .getFirst()
        .summary()
        .recordedAt();
  }

  /**
   * The highest number from 1 to {@code last} for which a condition that only ever turns false
   * holds; 0 for none.
   */
  private static long lastWhere(long last, LongPredicate holds) {
    long low = 0;
    long high = last;
    while (low < high) {
      long middle = low + (high - low + 1) / 2;
      if (holds.test(middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
