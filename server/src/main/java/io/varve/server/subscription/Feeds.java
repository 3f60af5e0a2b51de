package io.varve.server.subscription;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventStorage;

/** Makes feeds that share one window of recent commits. Thread-safe. */
public final class Feeds {
  private final EventStorage storage;
  private final EventReader reader;
  private final RecentCommits recent;
  private final int pageBytes;

  /**
   * @param pageBytes about how much one step yields
   */
  Feeds(EventStorage storage, EventReader reader, RecentCommits recent, int pageBytes) {
    this.storage = storage;
    this.reader = reader;
    this.recent = recent;
    this.pageBytes = pageBytes;
  }

  /** What matches in the log after a position. */
  public Feed ofLog(Query query, long afterPosition) {
    return ofLog(query, afterPosition, false);
  }

  /**
   * The same, perhaps without events that are in the archive when their turn comes.
   *
   * @param skipArchived whether those are left out
   */
  Feed ofLog(Query query, long afterPosition, boolean skipArchived) {
    return new LogFeed(storage, recent, query, pageBytes, afterPosition, skipArchived);
  }

  /** A stream after a version; it need not exist yet. */
  public Feed ofStream(StreamId stream, long afterVersion) {
    return ofStream(stream, afterVersion, false);
  }

  /**
   * The same, perhaps without events that are in the archive when their turn comes.
   *
   * @param skipArchived whether those are left out
   */
  Feed ofStream(StreamId stream, long afterVersion, boolean skipArchived) {
    return new StreamFeed(storage, reader, recent, stream, pageBytes, afterVersion, skipArchived);
  }
}
