package io.varve.server.group;

import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamView;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import io.varve.server.subscription.Feed;
import io.varve.server.subscription.Feeds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a group's source: forwards, page by page, and single events again. Used by one thread at a
 * time.
 *
 * <p>Of a page at most as many events are taken in as the group has room for; the rest is held, if
 * the budget allows, and otherwise read again.
 */
final class GroupReader {
  private static final long LOOK_AT_AGE_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private final EventReader reader;
  private final Feeds feeds;
  private final GroupSource source;
  private final HeldBudget budget;
  private Feed feed;

  /** The metadata key by which events are pinned; null when they are by their streams. */
  private @Nullable String pinnedBy;

  /** Everything up to here has been taken in. */
  private long position;

  private long version;

  /** What is left of the page that was read last; empty when nothing is. */
  private final Deque<HeldRun.Held> rest = new ArrayDeque<>();

  /** Where the group is once {@link #rest} has been taken in. */
  private long reached;

  private long reachedVersion;

  /** The first version that is kept, as of a head and a time. */
  private long kept;

  private long keptAsOf = -1;
  private long keptAt;

  /** Runs that were read in this turn, and do not count yet. */
  private final List<HeldRun> fresh = new ArrayList<>();

  GroupReader(
      EventReader reader,
      Feeds feeds,
      GroupSource source,
      HeldBudget budget,
      long position,
      long version) {
    this.reader = reader;
    this.feeds = feeds;
    this.source = source;
    this.budget = budget;
    this.position = position;
    this.version = version;
    this.feed = openFeed();
  }

  private Feed openFeed() {
    return switch (source) {
      case GroupSource.OfLog log -> feeds.ofLog(log.query(), position);
      case GroupSource.OfStream stream -> feeds.ofStream(stream.stream(), version);
    };
  }

  /** Has events pinned by the values of a metadata key from now on; null for their streams. */
  void pinBy(@Nullable String key) {
    pinnedBy = key;
  }

  boolean isLevelWith(long head) {
    return rest.isEmpty() && position >= head;
  }

  // ---- forwards

  /** Takes in what comes next, as far as there is room; the head is ahead, or some rest is left. */
  void read(long head, GroupState state) {
    if (rest.isEmpty()) {
      EventPage page = feed.next(position, head).page();
      reached = page.reached();
      reachedVersion = feed.version();
      for (EventRun run : page.runs()) {
        EventRun trimmed = run.trimmed();
        HeldRun held = new HeldRun(trimmed, budget);
        fresh.add(held);
        for (EncodedEvent event : trimmed.events()) {
          rest.add(held.hold(event));
        }
      }
    }
    while (!rest.isEmpty() && state.room() > 0) {
      HeldRun.Held held = rest.removeFirst();
      EncodedEvent event = held.event();
      if (event == null) {
        throw new IllegalStateException("the rest of a page is not held");
      }
      position = event.position();
      version = isStream() ? event.version() : 0;
      state.take(position, version, bucketOf(event), held);
    }
    if (rest.isEmpty()) {
      position = reached;
      version = reachedVersion;
    }
    state.readUpTo(position, version);
  }

  private int bucketOf(EncodedEvent event) {
    String value = pinnedBy == null ? null : event.decode().metadata().get(pinnedBy);
    return value == null ? PinnedSharing.bucketOf(event.streamHash()) : bucketOf(value);
  }

  private boolean isStream() {
    return source instanceof GroupSource.OfStream;
  }

  /** Counts what is still held of what was read in this turn, and lets go of what does not fit. */
  void settle() {
    boolean all = true;
    for (HeldRun run : fresh) {
      all &= run.settle();
    }
    fresh.clear();
    if (!all && rest.stream().anyMatch(held -> !held.run().isHeld())) {
      letGo();
    }
  }

  /** Lets go of the rest of the page; it is read again. */
  void letGo() {
    if (!rest.isEmpty()) {
      rest.forEach(HeldRun.Held::release);
      rest.clear();
      feed = openFeed();
    }
  }

  // ---- single events

  /** An event's bytes; null when it is not there any more. */
  @Nullable EncodedEvent eventOf(Unanswered event) {
    EncodedEvent held = event.held();
    if (held != null) {
      return held;
    }
    return event.replayed == null ? reader.eventAt(event.position) : parked(event.replayed);
  }

  /** A parked event; null when it is hidden or has been reclaimed. */
  @Nullable EncodedEvent parked(Parked event) {
    return find(reader, event);
  }

  /** A parked event; null when it is hidden or has been reclaimed. */
  static @Nullable EncodedEvent find(EventReader reader, Parked event) {
    return reader.viewOf(event.stream(), null) instanceof StreamLookUp.Found<StreamView>(var view)
            && event.version() >= view.firstKept()
        ? reader.eventAt(event.position())
        : null;
  }

  /** Where an event stands, to be parked; null when it is not there any more. */
  @Nullable EventSummary summaryOf(Unanswered event) {
    EncodedEvent found = eventOf(event);
    return found == null ? null : found.summary();
  }

  /**
   * The first version of the source that is kept; 0 in a group on the log. What is decided about a
   * stream is an event of the log, so while the head stands only age can change it.
   */
  long firstKept(long head, long nowNanos) {
    if (!(source instanceof GroupSource.OfStream(StreamId stream))) {
      return 0;
    }
    if (head != keptAsOf || nowNanos - keptAt >= LOOK_AT_AGE_AGAIN_NANOS) {
      kept = reader.firstKept(reader.headOf(stream, head));
      keptAsOf = head;
      keptAt = nowNanos;
    }
    return kept;
  }

  /** How many events of the source lie behind where it has been read to, at most. */
  long behind(long head) {
    return switch (source) {
      case GroupSource.OfLog _ -> Math.max(0, head - position);
      case GroupSource.OfStream(StreamId stream) -> {
        var streamHead = reader.headOf(stream, head);
        long passed = Math.max(version, reader.firstKept(streamHead) - 1);
        yield Math.max(0, streamHead.version() - passed);
      }
    };
  }

  /** The bucket of a parked event's stream. */
  static int bucketOf(Parked event) {
    return bucketOf(event.stream().value());
  }

  private static int bucketOf(String text) {
    CRC32C hash = new CRC32C();
    hash.update(text.getBytes(StandardCharsets.UTF_8));
    return PinnedSharing.bucketOf((int) hash.getValue());
  }
}
