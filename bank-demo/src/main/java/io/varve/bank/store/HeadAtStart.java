package io.varve.bank.store;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The head of the log as it was when this program had started: whatever an earlier run of it has
 * written is not after that. It is asked for until the store tells it.
 */
public final class HeadAtStart {

  private static final Duration ATTEMPT = Duration.ofSeconds(2);
  private static final long PAUSE_MILLIS = 200;

  private static final Logger LOG = LoggerFactory.getLogger(HeadAtStart.class);

  private final CompletableFuture<Long> head = new CompletableFuture<>();
  private final long startedNanos = System.nanoTime();

  /**
   * Begins to ask; returns at once.
   *
   * @param executor has a thread for it, and interrupts that when the program ends
   */
  public HeadAtStart(StoreProbe store, Executor executor) {
    executor.execute(() -> ask(store));
  }

  private void ask(StoreProbe store) {
    try {
      while (!head.isDone()) {
        StoreProbe.Answer answer = store.ask(ATTEMPT);
        if (answer.reachable()) {
          head.complete(answer.head());
        } else {
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("the program ends before the store has told its head");
    }
  }

  /**
   * The head; empty: the store has not told it yet. It is waited for, but not after the program has
   * run for longer than that: the store is away then, and nobody knows for how long.
   */
  public OptionalLong await(Duration patience) throws InterruptedException {
    long left = patience.toNanos() - (System.nanoTime() - startedNanos);
    try {
      return OptionalLong.of(head.get(Math.max(0, left), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return OptionalLong.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("it is completed with a head or not at all", e);
    }
  }
}
