package io.varve.server.ops;

import io.varve.server.storage.ArchivePass;
import io.varve.server.storage.EventArchive;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.TimeSearch;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs passes of {@link ArchivePass} in the background: one at a time, step by step with pauses in
 * between, when asked or when events have come of age. A pass that fails is given up; what it has
 * moved stays moved, and the next one goes on. Thread-safe.
 */
public final class Archiver {
  private static final Logger log = LoggerFactory.getLogger(Archiver.class);

  private static final long NANOS = 1_000_000_000L;

  /** A pause is never longer, however large a step was. */
  private static final long MAX_PAUSE_NANOS = 10 * NANOS;

  private final EventStorage storage;
  private final TimeSearch times;
  private final ArchiveSettings settings;
  private final ScheduledExecutorService executor;
  private final InstantSource clock;
  private final Supplier<UUID> ids;

  // All guarded by this.
  private @Nullable Run running;
  private long done;
  private long givenUp;
  private long failed;
  private @Nullable Instant lastDoneAt;

  /** Hears how a run gets on, on the thread that runs it. Must be short. */
  public interface Observer {
    /** Some more has been moved. */
    void moved(Progress progress);

    /** The run has come to its end. */
    void ended(Progress progress);

    /** The run has failed, or was given up because the server stops. */
    void failed(RuntimeException cause);

    /** Whether somebody still wants the run; if not, it is given up after its step. */
    boolean isWanted();
  }

  /**
   * What has come of a run so far.
   *
   * @param events how many events it has moved
   * @param total how many positions there were to move; at the end, how many events it has moved
   * @param archivedPosition the last position that is in the archive
   */
  public record Progress(long events, long total, long archivedPosition) {}

  /** Nobody listens, and the run goes on to its end. */
  private static final Observer NOBODY =
      new Observer() {
        @Override
        public void moved(Progress progress) {}

        @Override
        public void ended(Progress progress) {}

        @Override
        public void failed(RuntimeException cause) {}

        @Override
        public boolean isWanted() {
          return true;
        }
      };

  /**
   * @param executor runs the steps, one after the other; when it is shut down, a run in progress
   *     ends after its step
   * @param ids makes new ids
   */
  public Archiver(
      EventStorage storage,
      ArchiveSettings settings,
      ScheduledExecutorService executor,
      InstantSource clock,
      Supplier<UUID> ids) {
    this.storage = storage;
    this.times = new TimeSearch(storage);
    this.settings = settings;
    this.executor = executor;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Finishes in the background what a crash may have left, and has runs begin by themselves if the
   * settings say so.
   */
  public Archiver schedule() {
    EventArchive archive = storage.archive();
    if (!archive.isOpen()) {
      if (archive.lastPosition() > 0) {
        log.warn(
            "events up to position {} are in the archive, and no archive folder is set: reads of"
                + " them fail",
            archive.lastPosition());
      }
      return this;
    }
    if (archive.isUnfinished()) {
      log.info("finishing what the last run of the archive has left");
      start(1, NOBODY);
    }
    if (settings.after().isPositive()) {
      long nanos = settings.interval().toNanos();
      var _ =
          executor.scheduleWithFixedDelay(this::moveWhatIsOld, nanos, nanos, TimeUnit.NANOSECONDS);
    }
    return this;
  }

  private void moveWhatIsOld() {
    try {
      long before = positionBefore(clock.instant().minus(settings.after()));
      if (before - 1 - storage.archive().lastPosition() >= settings.minEvents()) {
        start(before, NOBODY);
      }
    } catch (RuntimeException | Error e) { // thrown on, it would end the schedule
      log.error("looking for events that are old enough for the archive failed", e);
      synchronized (this) {
        failed++;
      }
    }
  }

  /** The position of the first event that was recorded at or after a time. */
  public long positionBefore(Instant time) {
    try {
      return times.firstPositionSince(time, storage.head().position());
    } catch (DateTimeException | ArithmeticException e) {
      return 1; // longer ago than time itself
    }
  }

  /** Whether a run is under way. */
  public synchronized boolean isRunning() {
    return running != null;
  }

  /**
   * What has come of runs since the start. One that found nothing to move has come to its end; one
   * that could not even look for old events has failed.
   */
  public synchronized LongTask.Runs runs() {
    return new LongTask.Runs(running != null, done, givenUp, failed, lastDoneAt);
  }

  private synchronized void completed() {
    running = null;
    done++;
    lastDoneAt = clock.instant();
  }

  private synchronized void givenUp() {
    running = null;
    givenUp++;
  }

  private synchronized void failed() {
    running = null;
    failed++;
  }

  /**
   * Begins a run in the background. Only with an archive that is open.
   *
   * @param before events at this position and above stay
   * @return false if one is under way; the observer then hears nothing
   */
  public boolean start(long before, Observer observer) {
    long upTo = Math.min(before - 1, storage.head().position());
    Run run = new Run(before, Math.max(0, upTo - storage.archive().lastPosition()), observer);
    synchronized (this) {
      if (running != null) {
        return false;
      }
      running = run;
    }
    run.submit(run::begin, 0);
    return true;
  }

  /** One run; used by one thread at a time. */
  private final class Run {
    private final long before;
    private final long total;
    private final Observer observer;
    private @Nullable ArchivePass pass;
    private long events;

    Run(long before, long total, Observer observer) {
      this.before = before;
      this.total = total;
      this.observer = observer;
    }

    void begin() {
      ArchivePass begun = storage.archive().move(before, clock, ids.get());
      pass = begun;
      step(begun);
    }

    private void step(ArchivePass open) {
      if (!observer.isWanted()) {
        log.info("the run of the archive is given up: nobody waits for it any more");
        end(Archiver.this::givenUp);
        return;
      }
      ArchivePass.Step step = open.next();
      events += step.events();
      if (step.done()) {
        end(Archiver.this::completed);
        if (events > 0) {
          log.info(
              "moved {} events to the archive, which goes up to position {}",
              events,
              storage.archive().lastPosition());
        }
        observer.ended(new Progress(events, events, storage.archive().lastPosition()));
        return;
      }
      if (step.positions() > 0) {
        observer.moved(
            new Progress(events, Math.max(total, events), storage.archive().lastPosition()));
      }
      submit(() -> step(open), pauseAfter(step.bytes()));
    }

    private long pauseAfter(long bytes) {
      return Math.min(MAX_PAUSE_NANOS, (long) ((double) bytes * NANOS / settings.bytesPerSecond()));
    }

    void submit(Runnable task, long pauseNanos) {
      try {
        var _ = executor.schedule(() -> run(task), pauseNanos, TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        fail(new IllegalStateException("the server is stopping", e));
      }
    }

    private void run(Runnable task) {
      try {
        task.run();
      } catch (RuntimeException e) {
        log.error("a run of the archive failed; what it has moved stays moved", e);
        fail(e);
      } catch (Error e) {
        fail(new IllegalStateException("a run of the archive failed", e));
        throw e;
      }
    }

    private void fail(RuntimeException cause) {
      end(Archiver.this::failed);
      observer.failed(cause);
    }

    /** Leaves nothing open, and lets the next run begin. */
    private void end(Runnable counted) {
      ArchivePass open = pass;
      pass = null;
      try {
        if (open != null) {
          open.close();
        }
      } catch (RuntimeException e) {
        log.warn("what a run of the archive has begun could not be removed; the next one does", e);
      } finally {
        counted.run();
      }
    }
  }
}
