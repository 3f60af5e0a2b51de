package io.varve.server.subscription;

import io.varve.server.storage.EventPage;

/**
 * Where a subscription's events come from: from memory near the head, from disk behind it. Used by
 * one thread at a time.
 */
public interface Feed {

  /**
   * One step of a subscription.
   *
   * @param page the events to deliver, may be empty; everything up to the position that it has
   *     reached is delivered with this step, or is not for this subscriber
   * @param tooOldForMemory whether the subscriber is behind what is kept in memory
   */
  record Step(EventPage page, boolean tooOldForMemory) {}

  /** What comes after a position, up to the head, which is higher. */
  Step next(long position, long head);

  /** The place that this feed starts after, as the subscriber counts: position or version. */
  long startedAfter();

  /**
   * How far it has come, as the subscriber counts: of a stream the version up to which everything
   * has been returned or is hidden; of the log 0, since there the position says it.
   */
  long version();
}
