package io.varve.server.read;

import io.varve.server.storage.EventPage;

/**
 * The rest of a read. Holds no native resource and nothing of the store's between two pages, so a
 * reader may stop for as long as it likes. Used by one thread at a time.
 */
public interface EventCursor {

  /** The head when the read began; 0 when the log was empty. */
  long headPosition();

  /** Whether the read has come to its end. */
  boolean isDone();

  /**
   * The next events. May be empty though the read goes on: then much was looked at and nothing
   * found.
   */
  EventPage next();
}
