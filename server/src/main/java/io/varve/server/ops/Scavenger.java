package io.varve.server.ops;

import io.varve.server.storage.Scavenge;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs passes of {@link Scavenge} in the background: one at a time, step by step with pauses in
 * between, again and again or when asked. A pass that fails is logged and given up; the next one
 * begins anew with what is still there. Thread-safe.
 */
public final class Scavenger {
  private static final Logger log = LoggerFactory.getLogger(Scavenger.class);

  private static final long NANOS = 1_000_000_000L;

  /** A pause is never longer, however large a step was. */
  private static final long MAX_PAUSE_NANOS = 10 * NANOS;

  private final Supplier<Scavenge> passes;
  private final ScavengeSettings settings;
  private final ScheduledExecutorService executor;
  private final InstantSource clock;

  // All guarded by this.
  private boolean running;
  private boolean stopped;
  private long number;
  private long runEvents;
  private long events;
  private @Nullable Instant lastFinishedAt;

  /**
   * What has come of it so far.
   *
   * @param running whether a pass is under way
   * @param events how many events have been reclaimed since the start
   * @param lastFinishedAt when a pass last came to its end; null when none has
   */
  public record Progress(boolean running, long events, @Nullable Instant lastFinishedAt) {}

  /**
   * @param passes begins a pass
   * @param executor runs the steps, one after the other; when it is shut down, a pass in progress
   *     ends after its step
   */
  public Scavenger(
      Supplier<Scavenge> passes,
      ScavengeSettings settings,
      ScheduledExecutorService executor,
      InstantSource clock) {
    this.passes = passes;
    this.settings = settings;
    this.executor = executor;
    this.clock = clock;
  }

  /** Has passes begin by themselves, if the settings say so. */
  public Scavenger schedule() {
    long nanos = settings.interval().toNanos();
    if (nanos > 0) {
      var _ = executor.scheduleWithFixedDelay(this::start, nanos, nanos, TimeUnit.NANOSECONDS);
    }
    return this;
  }

  /**
   * Begins a pass in the background.
   *
   * @return false if one is under way, which then just goes on
   */
  public boolean start() {
    return begin().isNew();
  }

  /**
   * The pass that is under way.
   *
   * @param pass its number since the start, from 1
   * @param isNew whether it has just been begun
   */
  public record Begun(long pass, boolean isNew) {}

  /** Begins a pass in the background, unless one is under way. */
  public Begun begin() {
    long begun;
    synchronized (this) {
      if (running) {
        stopped = false; // so that a pass that was to end goes on instead
        return new Begun(number, false);
      }
      running = true;
      stopped = false;
      runEvents = 0;
      number++;
      begun = number;
    }
    submit(() -> step(passes.get()), 0);
    return new Begun(begun, true);
  }

  /**
   * Has a pass end after the step that it is at. What it has reclaimed stays so; a later pass goes
   * on with what is left.
   *
   * @return false if that pass is not under way
   */
  public synchronized boolean stop(long pass) {
    if (!running || pass != number) {
      return false;
    }
    stopped = true;
    return true;
  }

  /** How far it has come. */
  public synchronized Progress progress() {
    return new Progress(running, events, lastFinishedAt);
  }

  private void step(Scavenge pass) {
    Scavenge.Step step = pass.next();
    synchronized (this) {
      events += step.events();
      runEvents += step.events();
    }
    if (step.done()) {
      finish();
    } else if (isStopped()) {
      giveUp();
    } else {
      submit(() -> step(pass), pauseAfter(step.bytes()));
    }
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private long pauseAfter(long bytes) {
    return Math.min(MAX_PAUSE_NANOS, (long) ((double) bytes * NANOS / settings.bytesPerSecond()));
  }

  private void finish() {
    long reclaimed;
    synchronized (this) {
      running = false;
      lastFinishedAt = clock.instant();
      reclaimed = runEvents;
    }
    if (reclaimed > 0) {
      log.info("scavenged {} events", reclaimed);
    }
  }

  private void submit(Runnable task, long pauseNanos) {
    try {
      var _ = executor.schedule(() -> run(task), pauseNanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      giveUp(); // the server stops
    }
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      giveUp();
      log.error("a scavenge failed; the next one goes on with what is left", e);
    }
  }

  private synchronized void giveUp() {
    running = false;
  }
}
