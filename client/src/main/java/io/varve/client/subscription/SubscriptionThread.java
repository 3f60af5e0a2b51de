package io.varve.client.subscription;

import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The own daemon thread of a subscription, or of a consumer of a group. It alone calls the
 * listener, so calls never overlap, and it alone decides how the subscription ends: the listener's
 * {@code onClosed} is called exactly once, last, and then {@link #closed} completes.
 *
 * <p>What ends a subscription other than its caller is logged as well, for a listener need not
 * implement {@code onClosed}.
 */
public final class SubscriptionThread implements Subscription {

  /** What the thread does. */
  public interface Work {

    /**
     * Delivers to the listener until it is stopped. Returning means stopped; an exception ends the
     * subscription.
     *
     * @param started to be run once the start is settled; an exception before that is the
     *     subscriber's, not the listener's
     */
    void run(Runnable started) throws Exception;

    /** Makes {@link #run} return soon. Called from any thread, at any time, more than once. */
    void stop();
  }

  /** The listener's last call. */
  public interface Ending {

    /**
     * It has ended.
     *
     * @param cause what ended it; null: its caller
     */
    void onClosed(@Nullable Throwable cause);
  }

  private static final Logger log = LoggerFactory.getLogger(SubscriptionThread.class);

  private final String name;
  private final Work work;
  private final Ending listener;
  private final Consumer<SubscriptionThread> atEnd;
  private final Thread thread;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CountDownLatch listenerDone = new CountDownLatch(1);
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /**
   * Makes the subscription without starting it.
   *
   * @param name of the thread, and in the log
   * @param listener is told last
   * @param atEnd is told when the listener will not be called again
   */
  public SubscriptionThread(
      String name, Work work, Ending listener, Consumer<SubscriptionThread> atEnd) {
    this.name = name;
    this.work = work;
    this.listener = listener;
    this.atEnd = atEnd;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
  }

  /**
   * Starts it and waits until its start is settled, or the time is over (it goes on trying then).
   *
   * @throws VarveException the subscription was refused; the listener has not been called
   */
  public void start(Duration patience) {
    thread.start();
    try {
      started.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn("{} is not confirmed after {}; it goes on trying", name, patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof VarveException refusal) {
        throw refusal;
      }
      throw new IllegalStateException(name + " did not start", e.getCause());
    }
  }

  private void run() {
    Throwable cause = null;
    try {
      work.run(() -> started.complete(null));
    } catch (Throwable e) {
      cause = e;
    }
    if (closing.get() && cause instanceof VarveException) {
      cause = null; // a call that failed because it was being closed
    }
    boolean refused = cause != null && started.completeExceptionally(cause);
    started.complete(null);
    if (!refused) {
      tellListener(cause);
    }
    listenerDone.countDown();
    atEnd.accept(this);
    if (cause == null) {
      closed.complete(null);
    } else {
      closed.completeExceptionally(cause);
    }
  }

  private void tellListener(@Nullable Throwable cause) {
    if (cause instanceof StoreUnavailableException) {
      log.warn("{} ended: {}", name, cause.getMessage());
    } else if (cause != null) {
      log.error("{} ended", name, cause);
    }
    try {
      listener.onClosed(cause);
    } catch (RuntimeException | Error e) {
      log.error("the listener of {} failed in onClosed", name, e);
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public void close() {
    stop();
    try {
      awaitListenerDone(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Begins to close it without waiting. */
  public void stop() {
    closing.set(true);
    work.stop();
  }

  /**
   * Waits until the listener will not be called again; at once on the listener's own thread.
   *
   * @param patience null: for ever
   * @return false: the time is over, and a call of the listener is still running
   */
  public boolean awaitListenerDone(@Nullable Duration patience) throws InterruptedException {
    if (Thread.currentThread().equals(thread)) {
      return true;
    }
    if (patience == null) {
      listenerDone.await();
      return true;
    }
    return listenerDone.await(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public String toString() {
    return name;
  }
}
