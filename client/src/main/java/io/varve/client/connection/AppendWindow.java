package io.varve.client.connection;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The bound on unanswered appends, by number and by bytes. Those who wait get in in the order in
 * which they came, so a large append is not overtaken for ever by small ones. Any thread may call
 * it.
 */
final class AppendWindow {

  private final int maxAppends;
  private final int maxBytes;
  private final Semaphore appends;
  private final Semaphore bytes;

  AppendWindow(int maxAppends, int maxBytes) {
    this.maxAppends = maxAppends;
    this.maxBytes = maxBytes;
    this.appends = new Semaphore(maxAppends, true);
    this.bytes = new Semaphore(maxBytes, true);
  }

  /**
   * Waits for room for one append.
   *
   * @return false: there was none in time
   */
  boolean enter(int size, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    if (!appends.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    boolean entered = false;
    try {
      entered = bytes.tryAcquire(weight(size), deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      return entered;
    } finally {
      if (!entered) {
        appends.release();
      }
    }
  }

  /** Gives back the room of one append of this size. */
  void leave(int size) {
    bytes.release(weight(size));
    appends.release();
  }

  /** An append that is larger than the whole window fills it. */
  private int weight(int size) {
    return Math.min(size, maxBytes);
  }

  /**
   * Waits until there was a moment without any append inside.
   *
   * @return false: there was none in time
   */
  boolean awaitEmpty(Duration patience) throws InterruptedException {
    if (!appends.tryAcquire(maxAppends, patience.toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    appends.release(
        maxAppends); // who still waits gets in, and sees for itself that it came too late
    return true;
  }

  @Override
  public String toString() {
    return maxAppends + " appends or " + maxBytes + " bytes in flight";
  }
}
