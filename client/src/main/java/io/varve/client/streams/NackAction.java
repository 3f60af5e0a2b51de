package io.varve.client.streams;

/** What shall become of events that a consumer could not handle. */
public enum NackAction {
  /** They are delivered again; after the group's bound of retries, they are parked. */
  RETRY,

  /** They are put aside now, with the reason, and the group goes on. */
  PARK,

  /** The group goes on without them. */
  SKIP,

  /**
   * The group stops: all its consumers end with {@link GroupStoppedException}, and nothing is
   * delivered until somebody joins anew. These events come first then; the stop does not count as a
   * failure.
   */
  STOP
}
