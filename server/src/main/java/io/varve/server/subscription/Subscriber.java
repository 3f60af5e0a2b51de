package io.varve.server.subscription;

import io.varve.server.storage.EventPage;

/**
 * Whoever receives what a subscription delivers. Called by one thread at a time, never before it
 * {@link #isReady}, except for the end. Calls must not block.
 */
public interface Subscriber {

  /**
   * Whether another message can be taken without piling up. When it turns true, {@link
   * Subscription#signal} is called.
   */
  boolean isReady();

  /**
   * The subscription stands.
   *
   * @param after where it starts: of the log a position, of a stream a version
   */
  void confirmed(String subscriptionId, long after);

  /** The next events; never empty. */
  void events(EventPage page);

  /**
   * Everything up to the position has been delivered or did not match, and that is all there is.
   */
  void caughtUp(long position);

  /**
   * The subscription was level and has lost touch with what is kept in memory; it goes on from
   * disk.
   */
  void fellBehind(long position);

  /** Everything up to the position has been delivered or did not match. */
  void checkpoint(long position);

  /** The server is stopping; nothing more will come. */
  void stopping();

  /** Reading failed; nothing more will come. */
  void failed(RuntimeException cause);
}
