package io.varve.server.ops;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something that takes long and is done in the background, one at a time: a second one is refused,
 * not queued. Thread-safe.
 */
public final class LongTask {
  private final Executor executor;
  private final InstantSource clock;

  // All guarded by this.
  private @Nullable Run running;
  private long done;
  private long cancelled;
  private long failed;
  private @Nullable Instant lastDoneAt;

  /**
   * What has come of it since the start.
   *
   * @param running whether it is running
   * @param done how often it has come to its end
   * @param cancelled how often it was asked to end before
   * @param failed how often it has ended before for another reason
   * @param lastDoneAt when it last came to its end; null when it never has
   */
  public record Runs(
      boolean running, long done, long cancelled, long failed, @Nullable Instant lastDoneAt) {}

  /** One run of it. */
  public static final class Run {
    private volatile boolean cancelled;
    private boolean done; // of the thread that runs it

    private Run() {}

    /** To be called by the task when it has come to its end; a run without it has failed. */
    public void done() {
      done = true;
    }

    /** Asks it to end as soon as it can. */
    public void cancel() {
      cancelled = true;
    }

    /**
     * To be called by the task between its steps.
     *
     * @throws CancellationException it has been asked to end
     */
    public void check() {
      if (cancelled) {
        throw new CancellationException("asked to end");
      }
    }
  }

  /**
   * @param executor runs it
   * @param clock the time of day
   */
  public LongTask(Executor executor, InstantSource clock) {
    this.executor = executor;
    this.clock = clock;
  }

  /**
   * Begins it.
   *
   * @param task sees to its own failures: what leaves it is the executor's to handle. What it
   *     returns tells of its end, and is run when it is no longer running: whoever hears of it may
   *     begin the next
   * @return null if it is running already, or nothing can begin any more
   */
  public @Nullable Run start(Function<Run, Runnable> task) {
    Run run = new Run();
    synchronized (this) {
      if (running != null) {
        return null;
      }
      running = run;
    }
    try {
      executor.execute(
          () -> {
            Runnable answer;
            try {
              answer = task.apply(run);
            } finally {
              ended(run);
            }
            answer.run();
          });
      return run;
    } catch (RejectedExecutionException e) {
      neverBegun(); // the server stops
      return null;
    }
  }

  private synchronized void ended(Run run) {
    running = null;
    if (run.done) {
      done++;
      lastDoneAt = clock.instant();
    } else if (run.cancelled) {
      cancelled++;
    } else {
      failed++;
    }
  }

  private synchronized void neverBegun() {
    running = null;
  }

  /** What has come of it so far. */
  public synchronized Runs runs() {
    return new Runs(running != null, done, cancelled, failed, lastDoneAt);
  }

  /** Whether it is running. */
  public synchronized boolean isRunning() {
    return running != null;
  }

  /** Asks what is running to end as soon as it can. */
  public synchronized void cancel() {
    if (running != null) {
      running.cancel();
    }
  }
}
