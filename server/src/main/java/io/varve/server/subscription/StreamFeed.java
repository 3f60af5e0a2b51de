package io.varve.server.subscription;

import io.varve.server.event.StreamId;
import io.varve.server.query.EventFilter;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StreamHead;
import org.jspecify.annotations.Nullable;

/**
 * Follows one stream: behind the head from the copy by stream and version, so that other streams'
 * events cost nothing; near the head from memory, through a filter.
 */
final class StreamFeed implements Feed {
  private final EventStorage storage;
  private final EventReader reader;
  private final RecentCommits recent;
  private final StreamId stream;
  private final int pageBytes;
  private final long startedAfter;
  private final boolean skipArchived;

  /** The last version that was delivered, or that the subscriber has already. */
  private long version;

  StreamFeed(
      EventStorage storage,
      EventReader reader,
      RecentCommits recent,
      StreamId stream,
      int pageBytes,
      long startedAfter,
      boolean skipArchived) {
    this.skipArchived = skipArchived;
    this.storage = storage;
    this.reader = reader;
    this.recent = recent;
    this.stream = stream;
    this.pageBytes = pageBytes;
    this.startedAfter = startedAfter;
    this.version = startedAfter;
  }

  @Override
  public long startedAfter() {
    return startedAfter;
  }

  @Override
  public long version() {
    return version;
  }

  @Override
  public Step next(long position, long head) {
    long archived = skipArchived ? Math.min(head, storage.archive().lastPosition()) : 0;
    if (position < archived) {
      version = Math.max(version, reader.firstNotArchived(reader.headOf(stream, head)) - 1);
      return new Step(EventPage.empty(archived), false);
    }
    Step live = fromMemory(position, head);
    if (live != null && !live.page().isEmpty() && skipHidden(reader.headOf(stream, head))) {
      live = fromMemory(position, head);
    }
    if (live != null) {
      version += live.page().count();
      return live;
    }
    boolean tooOld = recent.isPast(position + 1);
    StreamHead streamHead = reader.headOf(stream, head);
    skipHidden(streamHead);
    if (streamHead.version() <= version) {
      return new Step(EventPage.empty(head), tooOld);
    }
    EventPage page =
        storage.readStream(streamHead.number(), version + 1, streamHead.version(), pageBytes);
    version = page.reached();
    boolean level = version >= streamHead.version();
    long reached = level ? head : page.isEmpty() ? position : page.lastPosition();
    return new Step(new EventPage(page.runs(), reached), tooOld);
  }

  private @Nullable Step fromMemory(long position, long head) {
    return LogFeed.fromMemory(
        recent, EventFilter.ofStreamAfter(stream, version), pageBytes, position, head);
  }

  /** Passes over what is hidden, wherever it would be read from; says whether there was any. */
  private boolean skipHidden(StreamHead streamHead) {
    long lastHidden = reader.firstKept(streamHead) - 1;
    if (lastHidden <= version) {
      return false;
    }
    version = lastHidden;
    return true;
  }
}
