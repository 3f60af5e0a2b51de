package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all projections of a runner share: how long the log is, and the news that something has
 * moved. A thread of its own asks the store for the log's head once a second, so that the lag of a
 * projection shows that stands still.
 */
final class Progress implements AutoCloseable {

  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(Progress.class);

  private final EventStore store;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();
  private final Condition end = lock.newCondition();

  // Under lock.
  private long head;
  private long changes;
  private boolean closed;

  Progress(EventStore store) {
    this.store = store;
    this.thread =
        Thread.ofPlatform().daemon().name("varve-projections-head").unstarted(this::lookForHead);
  }

  void start() {
    thread.start();
  }

  private void lookForHead() {
    while (awaitNextLook()) {
      try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
        heardOf(reader.headPosition());
      } catch (RuntimeException e) {
        log.debug("the log's head is not known at the moment", e);
      }
    }
  }

  private boolean awaitNextLook() {
    lock.lock();
    try {
      long nanosLeft = BETWEEN_LOOKS.toNanos();
      while (!closed && nanosLeft > 0) {
        nanosLeft = end.awaitNanos(nanosLeft);
      }
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  void heardOf(long position) {
    lock.lock();
    try {
      head = Math.max(head, position);
    } finally {
      lock.unlock();
    }
  }

  long head() {
    lock.lock();
    try {
      return head;
    } finally {
      lock.unlock();
    }
  }

  /** Wakes everybody who waits for something to move. */
  void changed() {
    lock.lock();
    try {
      changes++;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How many changes there have been, for {@link #awaitChange}. */
  long changes() {
    lock.lock();
    try {
      return changes;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there have been more changes than that, or the time is over. */
  void awaitChange(long since, long nanos) throws InterruptedException {
    lock.lock();
    try {
      long nanosLeft = nanos;
      while (changes == since && nanosLeft > 0) {
        nanosLeft = moved.awaitNanos(nanosLeft);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      end.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
