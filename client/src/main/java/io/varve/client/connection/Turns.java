package io.varve.client.connection;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other, in the order in which they came, without a thread of its own:
 * whoever brings a task while no other runs has the turn, and runs what is there until nothing is.
 * To wake a thread for a task of microseconds would cost more than the task.
 *
 * <p>What a task wrote, the next one sees. Tasks are short and never block; a task that brings
 * another does not run it itself. Any thread may call it.
 */
final class Turns implements Executor {

  private static final Logger log = LoggerFactory.getLogger(Turns.class);

  /** So many tasks one turn has at most, lest a caller works for all the others for ever. */
  static final int MAX_TASKS = 256;

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  /** Tasks that have not ended yet; whoever raises it from 0 has the turn. */
  private final AtomicInteger pending = new AtomicInteger();

  private final Executor relief;
  private final Consumer<Throwable> onFailure;

  /**
   * @param relief takes the turn over from somebody who has had it for long
   * @param onFailure hears of tasks that failed, within their turn
   */
  Turns(Executor relief, Consumer<Throwable> onFailure) {
    this.relief = relief;
    this.onFailure = onFailure;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (pending.getAndIncrement() == 0) {
      takeTurn();
    }
  }

  private void takeTurn() {
    int ran = 0;
    do {
      if (ran == MAX_TASKS && isRelieved()) {
        return;
      }
      ran++;
      run(next());
    } while (pending.decrementAndGet() > 0);
  }

  /** Added before it was counted, so it is there. */
  private Runnable next() {
    Runnable task = tasks.poll();
    if (task == null) {
      throw new IllegalStateException("a task was counted and is not there");
    }
    return task;
  }

  private boolean isRelieved() {
    try {
      relief.execute(this::takeTurn);
      return true;
    } catch (RejectedExecutionException e) {
      return false; // it has been shut down; the few tasks that are left are done here
    }
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) { // from the application perhaps, and so of any kind
      try {
        onFailure.accept(e);
      } catch (Throwable second) {
        told(second);
      }
    }
  }

  /** Whatever happens here, the turn has to go on. */
  private static void told(Throwable failure) {
    try {
      log.error("what a failed task leaves behind could not be put right", failure);
    } catch (Throwable unspeakable) {
      failure.addSuppressed(unspeakable);
    }
  }
}
