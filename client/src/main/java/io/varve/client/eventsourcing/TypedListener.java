package io.varve.client.eventsourcing;

import io.varve.client.streams.VarveException;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a subscription delivers as the application knows it, after all upcasters. Otherwise as
 * {@link io.varve.client.streams.SubscriptionListener}; an event that cannot be read ends the
 * subscription with an {@link UndecodableEventException}.
 *
 * <pre>{@code
 * store.subscribeToStream(
 *     SubscribeToStream.of("account-42"), types.listener(event -> show(event.event())));
 * }</pre>
 *
 * @param <E> the events
 */
@FunctionalInterface
public interface TypedListener<E> {

  /**
   * The next event. Of one that upcasters have made several of, each in turn; they are finished
   * together, when the last of them is.
   *
   * @throws Exception ends the subscription; {@link #onClosed} gets it
   */
  void onEvent(TypedEvent<E> event) throws Exception;

  /** Everything up to this log position has been delivered, or did not match. */
  default void onCheckpoint(long position) {}

  /** Everything that there was has been delivered; what comes from here on is live. */
  default void onCaughtUp(long position) {}

  /** The listener is slower than the appends, and the store continues from disk. */
  default void onFellBehind(long position) {}

  /** The link was lost. The subscription tries again, for ever. */
  default void onReconnecting(VarveException cause) {}

  /**
   * The subscription has ended. Called exactly once, last.
   *
   * @param cause what ended it; null: the caller closed the subscription or the store
   */
  default void onClosed(@Nullable Throwable cause) {}
}
