package io.varve.server.append;

import java.time.Instant;

/**
 * The wish to write, checked against the limits and encoded, so that deciding it needs no clock, no
 * randomness and no second look at the request.
 */
public sealed interface Command permits AppendCommand, TransactCommand, StreamLifeCommand {

  /**
   * The time at the door; events are recorded at it, or at the log's last time if that is later.
   */
  Instant proposedAt();

  /** How much memory the command holds while it waits. */
  long bytes();
}
