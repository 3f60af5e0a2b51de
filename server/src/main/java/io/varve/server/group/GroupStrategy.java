package io.varve.server.group;

/** How events are shared out among a group's consumers. */
public enum GroupStrategy {
  /** Each event goes to the next consumer that has credit. */
  ROUND_ROBIN,

  /** Events of one stream go to the same consumer, in order while nothing is retried. */
  PINNED,

  /** The consumer that came first gets everything; the others stand by. */
  SINGLE
}
