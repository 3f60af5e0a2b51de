package io.varve.server.ops.console;

import io.varve.server.ops.http.BadRequest;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Few read the store for the console at a time. Each may hold a page of a read with the largest
 * event there is, and a copy of that; so many times that is what the console may take of the heap,
 * however many ask. The others wait for their turn, the first first. Thread-safe.
 */
final class Turns {
  static final int AT_ONCE = 8;

  private final Semaphore free = new Semaphore(AT_ONCE, true);
  private final Duration patience;

  /**
   * @param patience how long a request waits for its turn
   */
  Turns(Duration patience) {
    this.patience = patience;
  }

  /** What reads the store. */
  interface Reading<T, X extends Exception> {
    T read() throws X;
  }

  /**
   * Reads when it is its turn.
   *
   * @throws BadRequest it did not come in time, or the server stops
   */
  <T, X extends Exception> T take(Reading<T, X> reading) throws X {
    try {
      if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new BadRequest(503, "too many others look into the store; come again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BadRequest(503, "the server stops");
    }
    try {
      return reading.read();
    } finally {
      free.release();
    }
  }

  /** Reads when it is its turn, however long that takes. */
  <T> T patiently(Supplier<T> reading) throws InterruptedException {
    free.acquire();
    try {
      return reading.get();
    } finally {
      free.release();
    }
  }
}
