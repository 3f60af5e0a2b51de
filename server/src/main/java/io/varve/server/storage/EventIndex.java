package io.varve.server.storage;

import io.varve.server.event.StreamId;
import org.jspecify.annotations.Nullable;

/**
 * Where events with certain properties are, as of the moment at which this was taken: of everything
 * that had been added to a commit by then, written or not. What is added later may or may not be
 * seen.
 *
 * <p>It knows nothing of the head. Readers take the head first, then this, and bound what they ask
 * by that head. The thread that adds events sees all that it has added.
 *
 * <p>A position that is found may be one whose event is no longer in the log: whoever uses it looks
 * at the event. Used by one thread at a time; holds nothing that must be released.
 */
public interface EventIndex {

  /** The newest position that it has; 0 for none. */
  long lastPosition();

  /** Positions of the events that carry a term. */
  Positions withTerm(TermKind kind, String text);

  /**
   * Positions of all events whose stream's name starts with a prefix, and perhaps of others:
   * whoever uses them looks at the event's stream.
   */
  Positions inStreamsStartingWith(String prefix);

  /**
   * Positions of all events of a stream, and perhaps of others: whoever uses them looks at the
   * event's stream.
   */
  Positions inStream(StreamId stream);

  /**
   * The event at a position that is above the head and not above {@link #lastPosition}; below the
   * head it may be null, since there the log has it.
   */
  @Nullable IndexedEvent event(long position);
}
