package io.varve.server.read;

import io.varve.server.event.StreamId;
import io.varve.server.query.LogPages;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TimeSearch;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Opens reads. Thread-safe. */
public final class EventReader {
  /** As much as a page has that is copied in some tens of microseconds. */
  private static final int MOST_AT_HAND = 256 * 1024;

  /** After so many reads in a row that were not at hand, the next are not expected to be. */
  private static final int MISSES = 8;

  /** One in so many is tried all the same. */
  private static final int TRIES_AFTER_MISSES = 16;

  private final EventStorage storage;
  private final AtomicInteger misses = new AtomicInteger();

  /**
   * Pages are about this large: enough to make a message worth its overhead, little enough to be
   * held for each reader.
   */
  private final int pageBytes;

  private final InstantSource clock;
  private final TimeSearch times;

  /**
   * @param clock tells how old events are, for streams that are kept by age
   */
  public EventReader(EventStorage storage, int pageBytes, InstantSource clock) {
    this.storage = storage;
    this.pageBytes = pageBytes;
    this.clock = clock;
    this.times = new TimeSearch(storage);
  }

  /**
   * Runs reads, by this thread, that must not wait: see {@link EventStorage#atHand}. They do not
   * take long either: where pages are large it throws {@link NotAtHandException} at once. So it
   * does, but for now and then, while nothing is found in memory: to look there is not for nothing.
   * What is opened in there may be read on without that.
   */
  public void atHand(Runnable reads) {
    boolean hopeless = misses.get() >= MISSES && misses.incrementAndGet() % TRIES_AFTER_MISSES != 0;
    if (hopeless || pageBytes > MOST_AT_HAND) {
      throw new NotAtHandException();
    }
    try {
      storage.atHand(reads);
    } catch (NotAtHandException e) {
      misses.incrementAndGet();
      throw e;
    }
    if (misses.get() > 0) {
      misses.set(0);
    }
  }

  // ---- whole reads

  /** Begins to read a stream. */
  public StreamLookUp<EventCursor> readStream(StreamRead read) {
    return viewOf(read)
        .then(view -> readStream(view, read.fromVersion(), read.backwards(), read.limit()));
  }

  /** What a read of a stream that begins now sees of it. */
  public StreamLookUp<StreamView> viewOf(StreamRead read) {
    StreamLookUp<StreamView> view = viewOf(read.stream(), read.asOf());
    return read.skipArchived()
        ? view.then(seen -> new StreamLookUp.Found<>(seen.from(firstNotArchived(seen.head()))))
        : view;
  }

  /** The first version of a stream that is not in the archive; higher than its last for none. */
  public long firstNotArchived(StreamHead stream) {
    long archived = storage.archive().lastPosition();
    return archived == 0 ? 1 : times.lastVersionUpTo(stream, archived) + 1;
  }

  /**
   * What a read that begins now sees of a stream.
   *
   * @param asOf only events recorded at or before this time; null for all
   */
  public StreamLookUp<StreamView> viewOf(StreamId stream, @Nullable Instant asOf) {
    long headPosition = storage.head().position();
    StreamHead head = headOf(stream, headPosition);
    return switch (head.life()) {
      case TOMBSTONED -> new StreamLookUp.Tombstoned<>();
      case DELETED -> new StreamLookUp.Deleted<>();
      case OPEN -> {
        if (!head.exists()) {
          yield new StreamLookUp.NotFound<>();
        }
        long last = asOf == null ? head.version() : times.lastVersionUntil(head, asOf);
        yield new StreamLookUp.Found<>(new StreamView(headPosition, head, firstKept(head), last));
      }
    };
  }

  /**
   * Begins to read what is seen of a stream.
   *
   * @param fromVersion where to start, inclusive; 0 for the first event, or the last if backwards
   * @param limit at most this many events; 0 for no limit
   */
  public StreamLookUp<EventCursor> readStream(
      StreamView view, long fromVersion, boolean backwards, long limit) {
    long from;
    long to;
    if (backwards) {
      from = fromVersion == 0 ? view.last() : Math.min(fromVersion, view.last());
      to = view.firstRead();
    } else if (fromVersion > 0 && fromVersion < view.firstKept()) {
      return new StreamLookUp.NoLongerKept<>(view.firstKept());
    } else {
      from = Math.max(view.firstRead(), fromVersion);
      to = view.last();
    }
    return new StreamLookUp.Found<>(
        new RangeCursor(
            view.headPosition(),
            new Range(from, to, backwards, limit),
            rest -> streamPage(view.head().number(), rest.withinLimit())));
  }

  /** Begins to read the log. */
  public EventCursor readLog(LogRead read) {
    long head = storage.head().position();
    long lower = read.backwards() ? read.toPosition() : read.fromPosition();
    long upper = read.backwards() ? read.fromPosition() : read.toPosition();
    long low = Math.max(1, lower);
    long high = upper == 0 ? head : Math.min(upper, head);
    if (read.skipArchived()) {
      low = Math.max(low, storage.archive().lastPosition() + 1);
    }
    Instant earliest = read.backwards() ? read.toTime() : read.fromTime();
    Instant latest = read.backwards() ? read.fromTime() : read.toTime();
    if (earliest != null) {
      low = Math.max(low, times.firstPositionSince(earliest, head));
    }
    if (latest != null) {
      high = Math.min(high, times.lastPositionUntil(latest, head));
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

  /** A stream's event. */
  public StreamLookUp<EncodedEvent> eventOf(StreamId stream, long version) {
    return viewOf(stream, null).then(view -> eventOf(view, version));
  }

  private StreamLookUp<EncodedEvent> eventOf(StreamView view, long version) {
    if (version < 1 || version > view.last()) {
      return new StreamLookUp.NotFound<>();
    }
    EncodedEvent event =
        version < view.firstKept()
            ? null
            : single(storage.readStream(view.head().number(), version, version, 1));
    return event == null
        ? new StreamLookUp.NoLongerKept<>(view.firstKept())
        : new StreamLookUp.Found<>(event);
  }

  private static @Nullable EncodedEvent single(EventPage page) {
    return page.isEmpty() ? null : page.runs().getFirst().events().getFirst();
  }

  /** How far a consumer has come in a source of its own; 0 when it has never said so. */
  public long tracking(String source) {
    return storage.tracking(source);
  }

  // ---- what is visible of a stream

  /** The first version of a stream that is kept now. Higher than its version when none is. */
  public long firstKept(StreamHead stream) {
    return times.firstKept(stream, clock.instant());
  }

  /**
   * Where a stream stood when the log's head was at a position.
   *
   * <p>The index may be a commit ahead of the head for an instant; only then is the version
   * searched for. What has been decided about the stream counts as soon as it is known.
   */
  public StreamHead headOf(StreamId stream, long headPosition) {
    StreamHead now = storage.streamHead(stream);
    if (now.lastPosition() <= headPosition) {
      return now;
    }
    long version = times.lastVersionUpTo(now, headPosition);
    EventHeader event = version == 0 ? null : storage.headerOf(now.number(), version);
    if (event == null) {
      return StreamHead.NONE.in(now.state());
    }
    return now.at(event.version(), event.position(), event.recordedAt());
  }
}
