package io.varve.server.ops;

import io.varve.server.storage.Verification;
import io.varve.server.storage.VerifyWatch;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Verifies the store while it is used, one verification at a time, with pauses. Thread-safe. */
public final class Verifier {
  private static final Logger log = LoggerFactory.getLogger(Verifier.class);

  static final long BYTES_PER_SECOND = 64L * 1024 * 1024;

  private final Supplier<List<Verification>> verifications;
  private final LongTask task;
  private final LongSupplier nanoTime;
  private volatile long lastFindings;

  /** Hears of a verification; on the thread that runs it. */
  public interface Listener {
    /** So many events of so many have been examined, and this is being looked at. */
    void progress(String stage, long events, long total);

    /** Something is damaged. */
    void finding(String sentence);

    /** Something is worth knowing, and no damage. */
    void note(String sentence);

    /** It has come to its end, with so many findings. */
    void done(long findings);

    /** It has ended before. */
    void failed(RuntimeException cause);
  }

  /**
   * @param verifications what there is to be verified
   * @param clock the time of day
   * @param nanoTime a clock that only runs forwards
   */
  public Verifier(
      Supplier<List<Verification>> verifications,
      Executor executor,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.verifications = verifications;
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

  /** What has come of verifications so far. */
  public LongTask.Runs runs() {
    return task.runs();
  }

  /** How many findings the last one had that came to its end; 0 when none has. */
  public long lastFindings() {
    return lastFindings;
  }

  private Runnable verify(LongTask.Run run, Listener listener) {
    Watch watch = new Watch(run, listener);
    try {
      for (Verification verification : verifications.get()) {
        verification.run(watch);
      }
      lastFindings = watch.findings;
      run.done();
      return () -> listener.done(watch.findings);
    } catch (CancellationException e) {
      return () -> listener.failed(e);
    } catch (RuntimeException e) {
      log.error("a verification failed", e);
      return () -> listener.failed(e);
    }
  }

  private final class Watch implements VerifyWatch {
    private final LongTask.Run run;
    private final Listener listener;
    private final Pace pace = new Pace(BYTES_PER_SECOND, nanoTime);
    private String stage = "";
    private long events;
    private long total;
    private long findings;

    Watch(LongTask.Run run, Listener listener) {
      this.run = run;
      this.listener = listener;
    }

    @Override
    public void stage(String what) {
      run.check();
      stage = what;
      listener.progress(stage, events, total);
    }

    @Override
    public void examined(long done, long ofTotal) {
      events = done;
      total = ofTotal;
      listener.progress(stage, events, total);
    }

    @Override
    public void read(long bytes) {
      pace.pauseAfter(bytes, run::check);
      listener.progress(stage, events, total);
    }

    @Override
    public void finding(String sentence) {
      findings++;
      log.error("verification: {}", sentence);
      listener.finding(sentence);
    }

    @Override
    public void note(String sentence) {
      listener.note(sentence);
    }
  }
}
