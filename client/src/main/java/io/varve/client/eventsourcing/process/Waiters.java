package io.varve.client.eventsourcing.process;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who wait until an instance stands still: until it has completed, or asks for help.
 *
 * @param <S> what an instance knows
 */
final class Waiters<S> {

  /*
   * Why nobody sleeps through it.
   *
   * A waiter puts its name down, then makes sure that there is a subscription to the events that
   * say so, and then looks at the store. The subscription begins at a head that was read before the
   * look. So an event that the look does not show yet is behind that head, and it is delivered after
   * the name was put down. One subscription serves all waiters; it is opened for the first one, and
   * stays until the runner is closed. It hears of every runner's instances.
   *
   * What this runner records itself it tells at once, together with the instance, which spares the
   * waiter the way to the store.
   */

  private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);

  private final EventStore store;
  private final String process;
  private final Function<String, Optional<ProcessInstance<S>>> look;
  private final ExecutorService workers;

  private final Object lock = new Object();
  private final Map<String, List<Waiter<S>>> waiting = new HashMap<>(); // under lock
  private @Nullable CompletableFuture<Subscription> following; // under lock; null: nobody waited
  private boolean closed; // under lock

  /**
   * @param look an instance as the store has it now
   * @param workers who opens the subscription
   */
  Waiters(
      EventStore store,
      String process,
      Function<String, Optional<ProcessInstance<S>>> look,
      ExecutorService workers) {
    this.store = store;
    this.process = process;
    this.look = look;
    this.workers = workers;
  }

  private static final class Waiter<S> {
    private final Semaphore wakings = new Semaphore(0);
    private volatile @Nullable ProcessInstance<S> told;
    private volatile @Nullable Throwable failure;

    void wake() {
      wakings.release();
    }
  }

  /** The instance once it stands still; empty: not within the time, or this is closed. */
  Optional<ProcessInstance<S>> await(String id, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + nanos(timeout);
    Waiter<S> waiter = new Waiter<>();
    if (!timeout.isPositive() || !add(id, waiter)) {
      return find(id);
    }
    try {
      if (!isThere(follow(), deadline)) {
        return Optional.empty();
      }
      boolean inTime = true;
      while (inTime) {
        Optional<ProcessInstance<S>> found = find(id);
        if (found.isPresent() || isClosed()) {
          return found;
        }
        inTime = waiter.wakings.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        waiter.wakings.drainPermits();
        ProcessInstance<S> told = waiter.told;
        if (told != null) {
          return Optional.of(told);
        }
        rethrow(waiter.failure);
      }
      return Optional.empty();
    } finally {
      remove(id, waiter);
    }
  }

  private Optional<ProcessInstance<S>> find(String id) {
    return look.apply(id).filter(Waiters::standsStill);
  }

  private static long nanos(Duration timeout) {
    long most = Long.MAX_VALUE / 2; // so that a sum with the time of day does not overflow
    return timeout.compareTo(Duration.ofNanos(most)) < 0 ? timeout.toNanos() : most;
  }

  private static boolean standsStill(ProcessInstance<?> instance) {
    return instance.completed() || instance.help() != null;
  }

  private boolean add(String id, Waiter<S> waiter) {
    synchronized (lock) {
      if (closed) {
        return false;
      }
      waiting.computeIfAbsent(id, unused -> new ArrayList<>()).add(waiter);
      return true;
    }
  }

  private void remove(String id, Waiter<S> waiter) {
    synchronized (lock) {
      waiting.computeIfPresent(
          id,
          (_id, others) -> {
            others.remove(waiter);
            return others.isEmpty() ? null : others;
          });
    }
  }

  private List<Waiter<S>> of(String id) {
    synchronized (lock) {
      return List.copyOf(waiting.getOrDefault(id, List.of()));
    }
  }

  private List<Waiter<S>> all() {
    return waiting.values().stream().flatMap(List::stream).toList();
  }

  private boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  // ---- hearing of it

  /** Once this is there, whatever the store does not show yet will be heard of. */
  private CompletableFuture<Subscription> follow() {
    CompletableFuture<Subscription> opening;
    synchronized (lock) {
      if (following != null) {
        return following;
      }
      opening = new CompletableFuture<>();
      if (closed) {
        opening.cancel(false);
        return opening;
      }
      following = opening;
    }
    try {
      workers.execute(() -> open(opening));
    } catch (RejectedExecutionException e) {
      LOG.debug("process {} is closing", process); // which has cancelled it
    }
    return opening;
  }

  private void open(CompletableFuture<Subscription> opening) {
    Subscription opened;
    try {
      Query ends =
          Query.of(
              QueryItem.categories(process)
                  .withTypes(ProcessEvents.COMPLETED, ProcessEvents.HELP_NEEDED));
      long head;
      try (EventReader newest = store.readLog(ReadLog.all().backwards().limit(1))) {
        head = newest.headPosition();
      }
      opened = store.subscribeToLog(SubscribeToLog.all().query(ends).after(head), new Listener());
    } catch (RuntimeException e) {
      synchronized (lock) {
        following = null; // the next one tries again
      }
      opening.completeExceptionally(e);
      return;
    }
    if (!opening.complete(opened)) {
      opened.close(); // cancelled meanwhile
    }
  }

  /** False: not within the time, or this is closed. */
  private static boolean isThere(CompletableFuture<Subscription> hearing, long deadline)
      throws InterruptedException {
    try {
      return hearing.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS) != null;
    } catch (TimeoutException | CancellationException e) {
      return false;
    } catch (ExecutionException e) {
      rethrow(e.getCause());
      return false;
    }
  }

  private static void rethrow(@Nullable Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  private final class Listener implements SubscriptionListener {

    @Override
    public void onEvent(RecordedEvent event) {
      of(event.stream().substring(process.length() + 1)).forEach(Waiter::wake);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      List<Waiter<S>> deaf;
      synchronized (lock) {
        following = null; // it was this one: another is opened only once there is none
        deaf = all();
      }
      for (Waiter<S> waiter : deaf) {
        waiter.failure = cause;
        waiter.wake();
      }
    }
  }

  /** This runner has just recorded that the instance stands still. */
  void tell(String id, Supplier<ProcessInstance<S>> instance) {
    List<Waiter<S>> waiters = of(id);
    if (waiters.isEmpty()) {
      return;
    }
    ProcessInstance<S> told = null;
    try {
      told = instance.get();
    } catch (RuntimeException e) {
      LOG.debug(
          "process {} {} cannot be told of: those who wait look for themselves", process, id, e);
    }
    for (Waiter<S> waiter : waiters) {
      waiter.told = told;
      waiter.wake();
    }
  }

  /** How many wait now. */
  int count() {
    synchronized (lock) {
      return all().size();
    }
  }

  /** Wakes everybody, and lets nobody wait any more. */
  void close() {
    CompletableFuture<Subscription> open;
    List<Waiter<S>> everybody;
    synchronized (lock) {
      closed = true;
      open = following;
      everybody = all();
    }
    everybody.forEach(Waiter::wake);
    if (open != null && !open.cancel(false) && !open.isCompletedExceptionally()) {
      open.join().close();
    }
  }
}
