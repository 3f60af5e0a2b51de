package io.varve.client.streams;

import java.util.concurrent.CompletableFuture;

/**
 * A subscription that runs until somebody closes it, its listener throws, or the store refuses it.
 *
 * <pre>{@code
 * try (Subscription deposits = store.subscribeToLog(SubscribeToLog.all(), event -> show(event))) {
 *   deposits.closed().join(); // until it ends
 * }
 * }</pre>
 */
public interface Subscription extends AutoCloseable {

  /**
   * Completes once the listener will not be called again: normally when the caller closed the
   * subscription or the store, otherwise with what ended it. A copy each time; completing or
   * cancelling it has no effect on the subscription.
   */
  CompletableFuture<Void> closed();

  /**
   * Ends the subscription, and returns once the listener will not be called again; a call of the
   * listener that is running is waited for, and is not interrupted. Called from the listener
   * itself, it returns at once and the subscription ends when the listener returns. Interrupting
   * the caller ends the waiting only.
   */
  @Override
  void close();
}
