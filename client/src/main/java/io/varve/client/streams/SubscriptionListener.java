package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * Takes what a subscription delivers. Its methods are called one at a time, in order, on one thread
 * that belongs to the subscription, so a slow listener slows only itself; the next events are asked
 * for once it is done with the last.
 *
 * <p>An exception out of any method but {@link #onClosed} ends the subscription with that
 * exception.
 */
public interface SubscriptionListener {

  /**
   * The next event. Returning means that it is finished: after a lost connection the subscription
   * resumes behind it.
   *
   * @throws Exception ends the subscription; {@link #onClosed} gets it
   */
  void onEvent(RecordedEvent event) throws Exception;

  /**
   * Everything up to this log position has been delivered, or did not match. A subscription to the
   * log may resume after it.
   */
  default void onCheckpoint(long position) {}

  /**
   * Everything that there was has been delivered, up to this log position; what comes from here on
   * is live.
   */
  default void onCaughtUp(long position) {}

  /**
   * The listener is slower than the appends, and the store continues from disk. Nothing is lost;
   * onCaughtUp follows.
   */
  default void onFellBehind(long position) {}

  /**
   * The link was lost. The subscription tries again, for ever, and resumes after the last event
   * that was finished.
   */
  default void onReconnecting(VarveException cause) {}

  /**
   * The subscription has ended. Called exactly once, last.
   *
   * @param cause what ended it; null: the caller closed the subscription or the store
   */
  default void onClosed(@Nullable Throwable cause) {}
}
