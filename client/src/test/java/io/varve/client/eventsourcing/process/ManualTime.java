package io.varve.client.eventsourcing.process;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A clock and a scheduler that stand still until a test moves them. */
public final class ManualTime extends AbstractExecutorService
    implements ScheduledExecutorService, InstantSource {

  private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
    private final Instant at;

    Task(Callable<V> work, Instant at) {
      super(work);
      this.at = at;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(Duration.between(now, at));
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }

  private final PriorityBlockingQueue<Task<?>> tasks =
      new PriorityBlockingQueue<>(16, Comparator.comparing(task -> task.at));
  private volatile Instant now = Instant.parse("2026-01-15T12:00:00Z");

  @Override
  public Instant instant() {
    return now;
  }

  /** Moves the clock and runs what is due, on this thread. */
  public synchronized void advance(Duration time) {
    now = now.plus(time);
    while (true) {
      Task<?> next = tasks.peek();
      if (next == null || next.at.isAfter(now)) {
        return;
      }
      if (tasks.remove(next)) {
        next.run();
      }
    }
  }

  /** How many tasks wait that nobody has cancelled. */
  public long waiting() {
    return tasks.stream().filter(task -> !task.isCancelled()).count();
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> work, long delay, TimeUnit unit) {
    Task<V> task = new Task<>(work, now.plusNanos(unit.toNanos(delay)));
    tasks.add(task);
    return task;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
    return schedule(
        () -> {
          work.run();
          return true;
        },
        delay,
        unit);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable work, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException("a runner schedules single calls only");
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable work, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("a runner schedules single calls only");
  }

  @Override
  public void execute(Runnable work) {
    work.run();
  }

  @Override
  public void shutdown() {
    tasks.clear();
  }

  @Override
  public List<Runnable> shutdownNow() {
    List<Runnable> left = new ArrayList<>(tasks);
    tasks.clear();
    return left;
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return true;
  }
}
