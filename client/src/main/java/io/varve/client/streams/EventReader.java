package io.varve.client.streams;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The events of one read, in order, fetched as they are taken: a reader that pauses costs a few
 * pages of memory, here and in the server; a page is of 64 KiB, or one event that is larger.
 * Closing it early ends the read. For one thread, and for one pass.
 *
 * <pre>{@code
 * try (EventReader events = store.readStream(ReadStream.of("account-42"))) {
 *   for (RecordedEvent event : events) apply(event);
 * }
 * }</pre>
 */
public interface EventReader extends Iterable<RecordedEvent>, AutoCloseable {

  /**
   * The position of the newest event in the whole log when the read began; 0: the log was empty.
   * Everything that the read says is as of this position.
   */
  long headPosition();

  /**
   * The snapshot that came before the events, which then start after its version. Empty: there is
   * none, or {@link ReadStream#fromSnapshot} did not ask for one. Known from the start, and for as
   * long as the reader is referred to.
   */
  Optional<Snapshot> snapshot();

  /**
   * The events, once. While iterating, a store that goes away is a {@link
   * StoreUnavailableException}.
   *
   * @throws IllegalStateException the events have been asked for before, or the reader is closed
   */
  @Override
  Iterator<RecordedEvent> iterator();

  /** The events as a stream, once. Closing the stream closes the reader. */
  default Stream<RecordedEvent> stream() {
    return StreamSupport.stream(spliterator(), false).onClose(this::close);
  }

  /** The rest of the read in memory, all of it; closes the reader. */
  default List<RecordedEvent> toList() {
    try (Stream<RecordedEvent> events = stream()) {
      return events.toList();
    }
  }

  /** Ends the read if it has not ended by itself. Closing twice does nothing. */
  @Override
  void close();
}
