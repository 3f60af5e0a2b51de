package io.varve.server.cli.bench;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One client's time: when its next request is due, and when all is over. Not thread-safe. */
final class LoadTime {
  private final long from;
  private final long until;
  private final @Nullable Schedule schedule;
  private final BooleanSupplier over;

  /**
   * @param from from when on it counts, on the clock of System.nanoTime
   * @param until when it ends
   * @param schedule when requests are due; null: as soon as the one before is answered
   * @param over whether there is no point in going on, since another client has failed
   */
  LoadTime(long from, long until, @Nullable Schedule schedule, BooleanSupplier over) {
    this.from = from;
    this.until = until;
    this.schedule = schedule;
    this.over = over;
  }

  long until() {
    return until;
  }

  /** Whether a request that was due then counts. */
  boolean counts(long due) {
    return due >= from && due < until;
  }

  /**
   * Waits until the next request is due, and returns when that was: a moment before now, if the
   * client is late. Not before {@link #until}: there is no next one.
   */
  long awaitNext() {
    if (over.getAsBoolean()) {
      return until;
    }
    if (schedule == null) {
      return System.nanoTime();
    }
    long due = schedule.next();
    if (due >= until) {
      return until;
    }
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (over.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        return until;
      }
    }
    return due;
  }
}
