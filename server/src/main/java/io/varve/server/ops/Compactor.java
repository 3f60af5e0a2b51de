package io.varve.server.ops;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compacts the store's files in the background, when asked, one at a time. Thread-safe. */
public final class Compactor {
  private static final Logger log = LoggerFactory.getLogger(Compactor.class);

  private final Runnable compaction;
  private final LongTask task;

  /**
   * @param compaction compacts everything, and takes long
   * @param clock the time of day
   */
  public Compactor(Runnable compaction, Executor executor, InstantSource clock) {
    this.compaction = compaction;
    this.task = new LongTask(executor, clock);
  }

  /**
   * Begins a compaction.
   *
   * @return false if one is under way, which then just goes on
   */
  public boolean start() {
    return task.start(this::compact) != null;
  }

  /** Whether one is under way. */
  public boolean isRunning() {
    return task.isRunning();
  }

  /** When one last came to its end; null when none has since the start. */
  public @Nullable Instant lastFinishedAt() {
    return task.runs().lastDoneAt();
  }

  /** What has come of compactions so far. */
  public LongTask.Runs runs() {
    return task.runs();
  }

  private Runnable compact(LongTask.Run run) {
    try {
      compaction.run();
      run.done();
      log.info("compacted the store's files");
    } catch (IllegalStateException e) {
      log.info("a compaction ends with the server: {}", e.getMessage());
    } catch (RuntimeException e) {
      log.error("a compaction failed; nothing is lost by that", e);
    }
    return () -> {}; // nobody waits for it
  }
}
