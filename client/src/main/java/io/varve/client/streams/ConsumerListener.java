package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * Takes what a consumer group delivers to one consumer. Its methods are called one at a time, in
 * order, on one thread that belongs to the consumer.
 *
 * <p>An exception out of {@link #onEvent} ends the consumer with that exception; what it held is
 * delivered to others.
 */
@FunctionalInterface
public interface ConsumerListener {

  /**
   * The next event. It must be answered within the group's time-out, on whichever thread; returning
   * does not answer it.
   *
   * @param consumer whose listener this is, to answer through
   * @throws Exception ends the consumer; {@link #onClosed} gets it
   */
  void onEvent(DeliveredEvent event, GroupConsumer consumer) throws Exception;

  /**
   * The consumer has left its group. Called exactly once, last.
   *
   * @param cause what ended it: {@link GroupStoppedException}, {@link GroupNotFoundException}
   *     (somebody deleted the group), {@link StoreUnavailableException} (the link is lost, or the
   *     server stops) or another failure; null: the caller closed the consumer or the store
   */
  default void onClosed(@Nullable Throwable cause) {}
}
