package io.varve.server.read;

import io.varve.server.event.StreamId;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.NamedStream;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What streams, categories and event types there are, in the order of their names' UTF-8 bytes.
 * Thread-safe.
 */
public final class StreamDirectory {
  private final EventStorage storage;

  public StreamDirectory(EventStorage storage) {
    this.storage = storage;
  }

  /** Where a stream stands as of everything written. */
  public StreamHead headOf(StreamId stream) {
    return storage.streamHead(stream);
  }

  /**
   * Streams that have or had an event and whose names start with a prefix.
   *
   * @param after the names behind this one; "" for the first
   */
  public List<StreamId> startingWith(String prefix, String after, int limit) {
    List<StreamId> streams = new ArrayList<>();
    for (NamedStream stream : storage.streams(prefix, after, limit)) {
      streams.add(stream.stream());
    }
    return streams;
  }

  /** Streams of a category: the one that is called like it, and those with a dash behind it. */
  public List<StreamId> ofCategory(String category, String after, int limit) {
    List<StreamId> streams = new ArrayList<>();
    if (category.isEmpty()) {
      return startingWith("-", after, limit);
    }
    if (after.isEmpty() && category.indexOf('-') < 0) {
      StreamId alone = new StreamId(category);
      if (storage.streamHead(alone).exists()) {
        streams.add(alone);
      }
    }
    if (category.indexOf('-') < 0) {
      String behind = after.equals(category) ? "" : after;
      streams.addAll(startingWith(category + "-", behind, limit - streams.size()));
    }
    return streams;
  }

  /**
   * How many events carry each event type or category, reclaimed ones aside.
   *
   * @param after the texts behind this one; null for the first
   */
  public List<TermCount> counts(TermKind kind, @Nullable String after, int limit) {
    return storage.termCounts(kind, after, limit);
  }
}
