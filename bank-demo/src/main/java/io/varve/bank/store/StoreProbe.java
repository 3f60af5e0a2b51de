package io.varve.bank.store;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks the store for its head, to see whether it is there. At most one question is on its way: who
 * asks meanwhile shares the answer, so a store that is away costs one waiting thread, not one a
 * caller.
 */
public final class StoreProbe {

  /**
   * What the store said.
   *
   * @param head the newest position in the log, 0 when it is empty or the store is away
   * @param error why the store cannot be reached; null when it can
   */
  public record Answer(boolean reachable, long head, @Nullable String error) {}

  private final EventStore store;
  private final Executor executor;
  private @Nullable CompletableFuture<Long> onItsWay; // under this

  public StoreProbe(EventStore store, Executor executor) {
    this.store = store;
    this.executor = executor;
  }

  /** The store's answer, or that it gave none within this time. */
  public Answer ask(Duration patience) throws InterruptedException {
    try {
      long head = question().get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(true, head, null);
    } catch (ExecutionException e) {
      return new Answer(false, 0, String.valueOf(e.getMessage()));
    } catch (TimeoutException e) {
      return new Answer(false, 0, "no answer within " + patience.toMillis() + " ms");
    }
  }

  private synchronized CompletableFuture<Long> question() {
    CompletableFuture<Long> current = onItsWay;
    if (current == null || current.isDone()) {
      current = CompletableFuture.supplyAsync(this::head, executor);
      onItsWay = current;
    }
    return current;
  }

  private long head() {
    try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
      return reader.headPosition();
    }
  }
}
