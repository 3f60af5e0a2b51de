package io.varve.server.group;

/** What shall become of events that could not be handled. */
public enum NackAction {
  /** Deliver them again; after the group's bound, park them. */
  RETRY,

  /** Park them now. */
  PARK,

  /** Go on without them. */
  SKIP,

  /** Stop the group. */
  STOP
}
