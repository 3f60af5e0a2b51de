package io.varve.server.storage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest position that readers may see; 0 while the log is empty. Only rises. Thread-safe.
 *
 * <p>Whoever needs a position that is not there yet leaves an action, which runs once the head has
 * reached it.
 */
public final class Head {
  private static final Logger log = LoggerFactory.getLogger(Head.class);

  private volatile long position;

  /**
   * The lowest position that anybody waits for; lets a commit that nobody waits for pass without a
   * lock.
   */
  private volatile long nextAwaited = Long.MAX_VALUE;

  private final PriorityQueue<Waiter> waiters =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::position)); // guarded by itself

  private record Waiter(long position, Runnable action) {}

  public Head(long position) {
    this.position = position;
  }

  public long position() {
    return position;
  }

  /**
   * Moves the head. Actions that waited for it run here, on the caller's thread: they must be
   * short.
   */
  public void advance(long newPosition) {
    if (newPosition < position) {
      throw new IllegalArgumentException(
          "the head is at " + position + " and cannot fall to " + newPosition);
    }
    position = newPosition;
    if (newPosition >= nextAwaited) {
      List<Waiter> reached = new ArrayList<>();
      synchronized (waiters) {
        while (!waiters.isEmpty() && waiters.peek().position() <= newPosition) {
          reached.add(waiters.remove());
        }
        nextAwaited = waiters.isEmpty() ? Long.MAX_VALUE : waiters.peek().position();
      }
      for (Waiter waiter : reached) {
        try {
          waiter.action().run();
        } catch (RuntimeException | Error e) {
          // Thrown on, it would make a commit that is durable look like one that failed.
          log.error("what waited for position {} failed", waiter.position(), e);
        }
      }
    }
  }

  /**
   * Runs the action once the head has reached the position: at once on this thread if it has, else
   * on the thread that moves it there. The returned action takes the request back; taking back late
   * does nothing.
   */
  public Runnable whenReached(long awaited, Runnable action) {
    Waiter waiter = new Waiter(awaited, action);
    boolean reached;
    synchronized (waiters) {
      // Registered before the position is looked at: an advance in between either sees the waiter,
      // or has
      // moved the position before it is looked at.
      waiters.add(waiter);
      nextAwaited = waiters.peek().position();
      reached = position >= awaited && waiters.remove(waiter);
      nextAwaited = waiters.isEmpty() ? Long.MAX_VALUE : waiters.peek().position();
    }
    if (reached) {
      action.run();
    }
    return () -> {
      synchronized (waiters) {
        waiters.remove(waiter);
        nextAwaited = waiters.isEmpty() ? Long.MAX_VALUE : waiters.peek().position();
      }
    };
  }
}
