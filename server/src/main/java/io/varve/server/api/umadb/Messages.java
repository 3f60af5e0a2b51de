package io.varve.server.api.umadb;

import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts events into messages: at most so many to one, and not many more bytes than a page, but for
 * an event that is larger alone. What waits is what the pages hold, and is decoded when it is its
 * turn, so whoever does not read costs no more here than elsewhere. Used by one thread at a time.
 */
final class Messages {
  private static final int MAX_BYTES = 128 * 1024;

  private final int batchSize;
  private final Deque<List<EncodedEvent>> full = new ArrayDeque<>();
  private List<EncodedEvent> open = new ArrayList<>();
  private int openBytes;

  Messages(int batchSize) {
    this.batchSize = batchSize;
  }

  /** The events of a page, in its order. */
  void add(EventPage page) {
    for (EventRun run : page.runs()) {
      for (EncodedEvent event : run.events()) {
        add(event);
      }
    }
  }

  private void add(EncodedEvent event) {
    int bytes = event.length();
    if (!open.isEmpty() && openBytes + bytes > MAX_BYTES) {
      close();
    }
    open.add(event);
    openBytes += bytes;
    if (open.size() == batchSize) {
      close();
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
    List<EncodedEvent> next = full.poll();
    return next == null ? null : next.stream().map(SequencedEvents::of).toList();
  }
}
