package io.varve.server.storage.archive;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads on threads of their own, and for so long at most: a disk that hangs (a network mount whose
 * server is gone) holds these threads up and nobody else's. Once a read has taken too long, further
 * ones are refused at once, until it has come back.
 */
public final class TimedReads implements ArchiveReads {
  private final Executor executor;
  private final Duration patience;

  /** How many reads that were given up have not come back. */
  private final AtomicInteger overdue = new AtomicInteger();

  /**
   * @param executor runs reads; those that wait in it are as many as there are callers
   * @param patience how long a caller waits
   */
  public TimedReads(Executor executor, Duration patience) {
    this.executor = executor;
    this.patience = patience;
  }

  @Override
  public <T> T read(Reading<T> reading) throws IOException {
    if (overdue.get() > 0) {
      throw new IOException("the disk has not answered an earlier read yet");
    }
    Attempt<T> attempt = new Attempt<>(reading);
    try {
      executor.execute(attempt);
    } catch (RejectedExecutionException e) {
      throw new IOException("the server is stopping", e);
    }
    return attempt.await();
  }

  /** One read, and the one who waits for it. */
  private final class Attempt<T> implements Runnable {
    private final Reading<T> reading;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private boolean givenUp; // guarded by this
    private boolean over; // guarded by this

    Attempt(Reading<T> reading) {
      this.reading = reading;
    }

    @Override
    public void run() {
      try {
        if (isWanted()) {
          result.complete(reading.get());
        }
      } catch (IOException | RuntimeException | Error e) {
        result.completeExceptionally(e);
      } finally {
        comeBack();
      }
    }

    private synchronized boolean isWanted() {
      return !givenUp;
    }

    private synchronized void comeBack() {
      over = true;
      if (givenUp) {
        overdue.decrementAndGet();
      }
    }

    /** Nobody waits any more; false if it has just come back. */
    private synchronized boolean giveUp() {
      if (over) {
        return false;
      }
      givenUp = true;
      overdue.incrementAndGet();
      return true;
    }

    T await() throws IOException {
      try {
        return outcome(patience);
      } catch (TimeoutException e) {
        if (giveUp()) {
          throw new IOException("the disk has not answered within " + inWords(patience), e);
        }
      }
      try {
        return outcome(Duration.ZERO);
      } catch (TimeoutException e) {
        throw new IllegalStateException("a read is over and has no outcome", e);
      }
    }

    private T outcome(Duration time) throws IOException, TimeoutException {
      try {
        return result.get(time.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("the read was interrupted", e);
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case IOException cause -> throw cause;
          case RuntimeException cause -> throw cause;
          case Error cause -> throw cause;
          case null, default -> throw new IllegalStateException(e);
        }
      }
    }
  }

  private static String inWords(Duration time) {
    return time.toMillis() % 1_000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
