package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

/** What a consumer group consumes; it never changes. */
public sealed interface ConsumerGroupSource {

  /**
   * The events of one stream, which need not exist yet. What retention, truncation or deletion hide
   * is passed over. Places are versions.
   */
  record OfStream(String stream) implements ConsumerGroupSource {
    public OfStream {
      requireNonNull(stream);
    }
  }

  /** The events of the log that match. Places are positions. */
  record OfLog(Query query) implements ConsumerGroupSource {
    public OfLog {
      requireNonNull(query);
    }
  }
}
