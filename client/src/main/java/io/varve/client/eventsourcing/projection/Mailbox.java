package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription has delivered and its projection has not taken yet. Bounded: when it is full
 * the subscription's thread waits, and with it the store. Filled by one thread, emptied by another.
 */
final class Mailbox implements SubscriptionListener {

  private static final long MOST_BYTES = 16 << 20;

  /**
   * What was taken out.
   *
   * @param events in log order; may be empty
   * @param reached nothing up to here is missing once the events are taken
   * @param live there was no more when this was taken
   * @param linkLost why the subscription has no link at the moment; null: it has
   */
  record Delivery(
      List<RecordedEvent> events, long reached, boolean live, @Nullable VarveException linkLost) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final int capacity;

  // Under lock.
  private final Deque<RecordedEvent> events = new ArrayDeque<>();
  private long bytes;
  private long reached;
  private boolean live;
  private @Nullable VarveException linkLost;
  private boolean ended;
  private @Nullable Throwable endedBy;
  private boolean closed;
  private boolean woken;

  Mailbox(int capacity) {
    this.capacity = capacity;
  }

  @Override
  public void onEvent(RecordedEvent event) throws InterruptedException {
    lock.lock();
    try {
      while (!closed && !events.isEmpty() && (events.size() >= capacity || bytes > MOST_BYTES)) {
        changed.await();
      }
      if (closed) {
        return; // nobody will take it; the subscription is being closed
      }
      events.add(event);
      bytes += event.dataLength();
      linkLost = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onCheckpoint(long position) {
    reached(position, false);
  }

  @Override
  public void onCaughtUp(long position) {
    reached(position, true);
  }

  private void reached(long position, boolean caughtUp) {
    lock.lock();
    try {
      reached = Math.max(reached, position);
      live |= caughtUp;
      linkLost = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onFellBehind(long position) {
    lock.lock();
    try {
      live = false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onReconnecting(VarveException cause) {
    lock.lock();
    try {
      live = false;
      linkLost = cause;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onClosed(@Nullable Throwable cause) {
    lock.lock();
    try {
      ended = true;
      endedBy = cause;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes what has arrived. Waits while there is nothing; as long as the subscription catches up,
   * it waits for so many events, because few large steps are cheaper than many small ones.
   *
   * @param most how many events at most
   * @param patience how long it waits at the most; then it takes what there is
   * @throws Exception what ended the subscription, once everything before has been taken
   */
  Delivery take(int most, Duration patience) throws Exception {
    lock.lock();
    try {
      long nanosLeft = patience.toNanos();
      long reachedBefore = reached;
      boolean liveBefore = live;
      @Nullable VarveException lostBefore = linkLost;
      while (nanosLeft > 0
          && !woken
          && !ended
          && events.size() < most
          && (events.isEmpty() || !live)
          && reached == reachedBefore
          && live == liveBefore
          && linkLost == lostBefore) {
        nanosLeft = changed.awaitNanos(nanosLeft);
      }
      woken = false;
      if (ended && events.isEmpty()) {
        throw endedWith(endedBy);
      }
      return takeNow(most);
    } finally {
      lock.unlock();
    }
  }

  private Delivery takeNow(int most) {
    List<RecordedEvent> taken = new ArrayList<>(Math.min(most, events.size()));
    while (taken.size() < most && !events.isEmpty()) {
      RecordedEvent event = events.remove();
      bytes -= event.dataLength();
      taken.add(event);
    }
    changed.signalAll();
    boolean empty = events.isEmpty();
    return new Delivery(taken, empty ? reached : 0, live && empty, linkLost);
  }

  private static Exception endedWith(@Nullable Throwable cause) {
    return switch (cause) {
      case null -> new IllegalStateException("the store is closed");
      case Exception e -> e;
      default -> new IllegalStateException(cause);
    };
  }

  /** Makes {@link #take} return at once, now or the next time. */
  void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets the subscription's thread go. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
