package io.varve.server.cli;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamInfo;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Tells streams that came from the source from those that were written to here as well. */
final class ImportedStream {
  private ImportedStream() {}

  /**
   * Whether the stream has nothing that was written to it here, as far as its ends show: what comes
   * from the source says when it occurred. True of a stream that shows no event.
   *
   * @param latest what comes from the source is not later; null: nobody knows
   */
  static boolean isOnlyImported(EventStore store, StreamInfo there, @Nullable Instant latest) {
    if (there.version() == 0 || there.firstKeptVersion() > there.version()) {
      return true;
    }
    Instant oldest = occurredAt(store, there, there.firstKeptVersion());
    Instant newest = occurredAt(store, there, there.version());
    return oldest != null && newest != null && (latest == null || !newest.isAfter(latest));
  }

  private static @Nullable Instant occurredAt(EventStore store, StreamInfo there, long version) {
    return store.getEvent(there.stream(), version).map(RecordedEvent::occurredAt).orElse(null);
  }
}
