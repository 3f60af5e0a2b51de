package io.varve.server.ops;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Something that takes long and is done in the background, one at a time: a second one is refused,
 * not queued. Thread-safe.
 */
public final class LongTask {
  private final Executor executor;
  private @Nullable Run running; // guarded by this

  /** One run of it. */
  public static final class Run {
    private volatile boolean cancelled;

    private Run() {}

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
   */
  public LongTask(Executor executor) {
    this.executor = executor;
  }

  /**
   * Begins it.
   *
   * @param task sees to its own failures: what leaves it is the executor's to handle
   * @return null if it is running already, or nothing can begin any more
   */
  public @Nullable Run start(Consumer<Run> task) {
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
            try {
              task.accept(run);
            } finally {
              ended();
            }
          });
      return run;
    } catch (RejectedExecutionException e) {
      ended(); // the server stops
      return null;
    }
  }

  private synchronized void ended() {
    running = null;
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
