package io.varve.client.streams;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One consumer's place in a group, from joining to leaving. All methods may be called from any
 * thread; what one thread says is heard in the order in which it says it.
 *
 * <p>An answer that does not arrive is none: the event is delivered again, to somebody. So answers
 * and credit after the end are passed over without a word, and the caller need not know whether the
 * link still stands. A call waits while the link cannot take more, and no longer than that.
 *
 * <p>A consumer does not reconnect, since what it held is no longer its own then; {@code
 * io.varve.client.eventsourcing.consumer.ConsumerRunner} joins again by itself.
 */
public interface GroupConsumer extends AutoCloseable {

  /** The store's name for this consumer. */
  String id();

  /** The group's settings as they were when this consumer joined. */
  ConsumerGroupSettings settings();

  /**
   * Lets the store deliver so many more events. Credit adds up, to 1,000,000 at most.
   *
   * @throws IllegalArgumentException it is not 1 or higher
   */
  void credit(int events);

  /**
   * The events are done. Positions that this consumer does not hold are passed over; an event that
   * timed out and is not done yet counts as done.
   *
   * @param positions of delivered events, in the log, also in a group on a stream; at most 10,000
   */
  void ack(Collection<Long> positions);

  /** The same for one event. */
  default void ack(DeliveredEvent event) {
    ack(List.of(event.position()));
  }

  /**
   * The events could not be handled. Positions that this consumer does not hold are passed over.
   *
   * @param positions of delivered events, in the log, also in a group on a stream; at most 10,000
   * @param reason why, for whoever looks at parked events or at a stopped group; at most 1,024
   *     bytes of UTF-8; may be empty
   */
  void nack(Collection<Long> positions, NackAction action, String reason);

  /** The same for one event. */
  default void nack(DeliveredEvent event, NackAction action, String reason) {
    nack(List.of(event.position()), action, reason);
  }

  /**
   * Completes once the consumer has left and the listener will not be called again: normally if the
   * caller closed it, else with what ended it. Completing or cancelling it does nothing.
   */
  CompletableFuture<Void> closed();

  /**
   * Leaves the group and waits until the listener will not be called again, unless it is the
   * listener that closes. Answers given before still count; what is unanswered is delivered to
   * others, and that is not a failure. Closing twice does nothing.
   */
  @Override
  void close();
}
