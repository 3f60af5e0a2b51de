package io.varve.server.group;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * A clock that stands still while the whole server does. A process that was suspended (by a signal,
 * a debugger, a machine that slept, a long collection of garbage) finds answers of its consumers
 * waiting in its sockets: they must be read before anybody is told that they are late. So a pause
 * does not count, and neither does the time right behind it. Thread-safe.
 *
 * <p>What tells a pause is that nobody has called {@link #tick} for long.
 */
final class ActiveClock implements LongSupplier {
  /** Ticks further apart than this have had a pause between them. */
  private static final long PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  /** How long the clock stands still behind a pause, for what waits in the sockets to be read. */
  private static final long GRACE_NANOS = Duration.ofSeconds(1).toNanos();

  private final LongSupplier nanoTime;
  private long now; // guarded by this, as are the next three
  private long lastTick;

  /** Until when the clock stands still; in the past while it runs. */
  private long standsUntil;

  /** What it goes on by when it has stood still. */
  private long owed;

  ActiveClock(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.lastTick = nanoTime.getAsLong();
    this.standsUntil = lastTick;
  }

  /** To be called every few milliseconds. */
  synchronized void tick() {
    long real = nanoTime.getAsLong();
    if (real >= standsUntil) {
      now += owed;
      owed = 0;
      if (real - lastTick > PAUSE_NANOS) {
        standsUntil = real + GRACE_NANOS;
        owed = PAUSE_NANOS; // else a machine so busy that each tick is late would never get on
      } else {
        now += real - Math.max(lastTick, standsUntil);
      }
    }
    lastTick = real;
  }

  /** The time in nanoseconds as of the last tick. Never falls. */
  @Override
  public synchronized long getAsLong() {
    return now;
  }
}
