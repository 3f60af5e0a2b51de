package io.varve.server.group;

import java.util.List;

/**
 * A consumer's side of its group. Each method hands its message over and returns; {@link
 * GroupConsumer#taken} tells when it has been taken in. Thread-safe; messages of one thread are
 * taken in in their order, and those that come after the end are dropped.
 */
public interface Membership {

  /** Lets the group deliver so many more events. */
  void credit(long events);

  /** The events are done. Positions that this consumer does not hold are passed over. */
  void ack(List<Long> positions);

  /**
   * The events could not be handled. Positions that this consumer does not hold are passed over.
   */
  void nack(List<Long> positions, NackAction action, String reason);

  /** The consumer can take more, see {@link GroupConsumer#isReady}. */
  void ready();

  /** The consumer goes; what it holds is delivered to others, and that is no failure. */
  void leave();
}
