package io.varve.server.ops;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.EventArchive;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies the files of the archive while they are used, one verification at a time, with the same
 * pauses as {@link Verifier}. Thread-safe.
 */
public final class ArchiveVerifier {
  private static final Logger log = LoggerFactory.getLogger(ArchiveVerifier.class);

  private final EventArchive archive;
  private final LongTask task;
  private final LongSupplier nanoTime;

  /** Hears of a verification; on the thread that runs it. */
  public interface Listener {
    /** So many files of so many have been examined; what is wrong with the last one. */
    void examined(int files, int total, List<String> findings);

    /** It has come to its end; files that are not in the catalogue. */
    void done(int files, List<String> strayFiles);

    /** It has ended before. */
    void failed(RuntimeException cause);
  }

  /**
   * @param clock the time of day
   * @param nanoTime a clock that only runs forwards
   */
  public ArchiveVerifier(
      EventArchive archive, Executor executor, InstantSource clock, LongSupplier nanoTime) {
    this.archive = archive;
    this.task = new LongTask(executor, clock);
    this.nanoTime = nanoTime;
  }

  /** Begins a verification; null if one is running, or the server stops. */
  public LongTask.@Nullable Run start(Listener listener) {
    return task.start(run -> verify(run, listener));
  }

  /** Asks the verification that is running to end. */
  public void cancel() {
    task.cancel();
  }

  private Runnable verify(LongTask.Run run, Listener listener) {
    Pace pace = new Pace(Verifier.BYTES_PER_SECOND, nanoTime);
    try {
      List<ArchiveSegment> segments = archive.segments();
      int done = 0;
      for (ArchiveSegment segment : segments) {
        run.check();
        List<String> findings =
            archive.verify(segment, bytes -> pace.pauseAfter(bytes, run::check));
        findings.forEach(finding -> log.error("verification of the archive: {}", finding));
        listener.examined(++done, segments.size(), findings);
      }
      List<String> strayFiles = archive.strayFiles();
      run.done();
      return () -> listener.done(segments.size(), strayFiles);
    } catch (CancellationException e) {
      return () -> listener.failed(e);
    } catch (RuntimeException e) {
      log.error("a verification of the archive failed", e);
      return () -> listener.failed(e);
    }
  }
}
