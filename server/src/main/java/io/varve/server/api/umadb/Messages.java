package io.varve.server.api.umadb;

import io.varve.proto.umadb.v1.SequencedEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts events into messages: at most so many to one, and far fewer bytes than the 4 MiB beyond
 * which clients refuse a message, but for an event that is larger alone. Used by one thread at a
 * time.
 */
final class Messages {
  private static final int MAX_BYTES = 512 * 1024;

  private final int batchSize;
  private final Deque<List<SequencedEvent>> full = new ArrayDeque<>();
  private List<SequencedEvent> open = new ArrayList<>();
  private int openBytes;

  Messages(int batchSize) {
    this.batchSize = batchSize;
  }

  void add(List<SequencedEvent> events) {
    for (SequencedEvent event : events) {
      int bytes = event.getSerializedSize();
      if (!open.isEmpty() && openBytes + bytes > MAX_BYTES) {
        close();
      }
      open.add(event);
      openBytes += bytes;
      if (open.size() == batchSize) {
        close();
      }
    }
  }

  /** No more events go into the message that is open, if it has any. */
  void close() {
    if (!open.isEmpty()) {
      full.add(open);
      open = new ArrayList<>();
      openBytes = 0;
    }
  }

  /** The next message's events, never empty; null when no message is ready. */
  @Nullable List<SequencedEvent> poll() {
    return full.poll();
  }
}
