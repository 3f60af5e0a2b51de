package io.varve.server.subscription;

import io.varve.server.storage.EventPage;

/** Where a subscription's events come from. Used by one thread at a time. */
interface Feed {

  /**
   * One step of a subscription.
   *
   * @param page the events to deliver; may be empty
   * @param position everything up to here is delivered with this step, or did not match
   * @param examined how many events were looked at
   * @param tooOldForMemory whether the subscriber is behind what is kept in memory
   */
  record Step(EventPage page, long position, int examined, boolean tooOldForMemory) {}

  /** What comes after a position, up to the head, which is higher. */
  Step next(long position, long head);

  /** The place that this feed starts after, as the subscriber counts: position or version. */
  long startedAfter();
}
