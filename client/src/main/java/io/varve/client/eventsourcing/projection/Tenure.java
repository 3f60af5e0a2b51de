package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.RecordedEvent;
import java.time.Duration;

/**
 * The right to feed one generation of a projection, until it is given back, or somebody else takes
 * over. For one thread.
 *
 * @param <T> what handlers write to
 */
public interface Tenure<T> extends AutoCloseable {

  /**
   * What was done, and up to where.
   *
   * @param position the checkpoint that follows from it
   * @param events how many events took effect
   */
  record Step(long position, int events) {}

  /**
   * Makes events take effect.
   *
   * @param <T> what it writes to
   */
  @FunctionalInterface
  interface Work<T> {

    /** Does it, and says how far it has come. */
    Step run(T target) throws Exception;
  }

  /** The position up to which everything has taken effect. */
  long position();

  /** Whether this generation is the one that is served. */
  boolean isLive();

  /**
   * Does the work and moves the checkpoint from where this tenure knows it to be. If the target is
   * atomic, both happen or neither does.
   *
   * @throws TenureLostException somebody else has taken over; nothing was written if the target is
   *     atomic
   * @throws Exception what the work threw, or what kept it from being written
   */
  Step commit(Work<? super T> work) throws Exception;

  /**
   * Puts an event aside and moves the checkpoint behind it.
   *
   * @throws TenureLostException somebody else has taken over
   */
  void park(RecordedEvent event, Exception failure, int attempts) throws Exception;

  /**
   * Does the work for an event that was put aside, and forgets that it was; if it fails, that is
   * noted and thrown.
   *
   * @return false: the event was not there
   */
  boolean retryParked(long position, Work<? super T> work) throws Exception;

  /** How many events of this generation are put aside. */
  int parkedCount() throws Exception;

  /**
   * Says that this owner is still there, and saves what is to be saved by now.
   *
   * @throws TenureLostException somebody else has taken over
   */
  void renew() throws Exception;

  /** How often {@link #renew} wants to be called while there is nothing to commit. */
  Duration renewEvery();

  /**
   * Makes this generation the one that is served, in place of one that is not ahead of it.
   *
   * @return whether it is the one that is served now
   */
  default boolean promote() throws Exception {
    return isLive();
  }

  /**
   * Whether a failure says nothing about the event: the database was away, somebody else was
   * quicker.
   *
   * @param ofHandler a handler threw it; otherwise it came from what is around the handlers
   */
  default boolean isPassing(Exception failure, boolean ofHandler) {
    return !ofHandler;
  }

  /** Gives it back, so that others need not wait. Never throws. */
  @Override
  void close();
}
