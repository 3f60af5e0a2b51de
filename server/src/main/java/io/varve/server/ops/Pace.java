package io.varve.server.ops;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Keeps background work from taking more than its share: a pause after each step, at least as long
 * as the step took, and so long that no more than some bytes are read a second. For one thread.
 */
final class Pace {
  /** However large a step was, whoever wants the work to end does not wait longer. */
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final long bytesPerSecond;
  private final LongSupplier nanoTime;
  private long stepBegan;

  /**
   * @param bytesPerSecond how much is read a second at most
   */
  Pace(long bytesPerSecond, LongSupplier nanoTime) {
    this.bytesPerSecond = bytesPerSecond;
    this.nanoTime = nanoTime;
    this.stepBegan = nanoTime.getAsLong();
  }

  /**
   * A step has read so many bytes; returns when the next one may begin.
   *
   * @param check called some times a second meanwhile; throws when the work is to end
   */
  void pauseAfter(long bytes, Runnable check) {
    long begun = nanoTime.getAsLong();
    long pause = pause(begun - stepBegan, bytes);
    for (long past = 0; past < pause; past = nanoTime.getAsLong() - begun) {
      check.run();
      LockSupport.parkNanos(Math.min(pause - past, SLICE_NANOS));
    }
    check.run();
    stepBegan = nanoTime.getAsLong();
  }

  private long pause(long took, long bytes) {
    long byBytes = (long) ((double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1)) - took;
    return Math.min(LONGEST_PAUSE_NANOS, Math.max(took, byBytes));
  }
}
