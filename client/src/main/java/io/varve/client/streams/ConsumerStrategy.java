package io.varve.client.streams;

/** How events are shared out among the consumers of a group. */
public enum ConsumerStrategy {
  /** Each event goes to the next consumer that has credit. */
  ROUND_ROBIN,

  /**
   * The events of one stream go to the same consumer while it stays, in order while nothing is
   * retried. A consumer that gives no credit holds up the others once its events fill the group's
   * buffer.
   */
  PINNED,

  /** One consumer gets everything; the others stand by until it goes. */
  SINGLE
}
