package io.varve.bank.web;

import io.varve.bank.store.Streams;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens in the bank, for all readers of the feed together: one subscription to the log, and
 * the newest messages in memory, up to {@link #MOST_BYTES}. Nobody holds it back: a reader that is
 * slower than that hears that it is behind, and reads on in the store. Any thread may ask.
 */
final class LiveLog implements AutoCloseable {

  /** What a reader hears. */
  sealed interface News {

    /** What comes next, in order and without a gap. */
    record Messages(List<FeedMessage> messages) implements News {}

    /** There is nothing to send, and this is how things are. */
    enum Sign implements News {
      /** Messages that the reader has not seen are no longer in memory. */
      BEHIND,
      /** What there was is still coming. */
      CATCHING_UP,
      /** The reader has all that there is. */
      LIVE,
      /** The store is away. */
      AWAY,
      /** Nothing will ever come from here again. */
      ENDED
    }
  }

  /** Thousands of the bank's events, which are some hundred bytes each. */
  static final long MOST_BYTES = 4 * 1024 * 1024;

  /** What a reader takes at a time, and so what one that does not read keeps in memory. */
  private static final int BATCH = 32;

  private static final long BATCH_BYTES = 64 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(LiveLog.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final NavigableMap<Long, FeedMessage> newest = new TreeMap<>(); // under lock; by position
  private long bytes; // under lock; of the newest
  private long floor; // under lock; whatever is not after it is not in memory
  private long reached; // under lock; everything up to here has come
  private News.Sign sign = News.Sign.CATCHING_UP; // under lock

  private final Subscription subscription;

  /**
   * Begins to follow the log; returns at once.
   *
   * @throws VarveException the store does not take the subscription
   */
  LiveLog(EventStore store, long after) {
    this.floor = after;
    this.reached = after;
    this.subscription =
        store.subscribeToLog(SubscribeToLog.all().query(Streams.BANK).after(after), new Listener());
  }

  /**
   * What there is after a position, or how things are when there is nothing.
   *
   * @param known how the reader knows things to be; while they are so, and nothing comes, it waits
   * @param patience how long it waits at most
   */
  News next(long after, News.Sign known, Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long nanos = patience.toNanos();
      while (true) {
        if (after < floor) {
          return News.Sign.BEHIND;
        }
        NavigableMap<Long, FeedMessage> unseen = newest.tailMap(after, false);
        if (!unseen.isEmpty()) {
          return new News.Messages(FeedMessage.first(unseen.values(), BATCH, BATCH_BYTES));
        }
        if (sign != known || nanos <= 0) {
          return sign;
        }
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The position up to which everything has come. */
  long reached() {
    lock.lock();
    try {
      return reached;
    } finally {
      lock.unlock();
    }
  }

  /** How much it keeps in memory. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  boolean hasEnded() {
    lock.lock();
    try {
      return sign == News.Sign.ENDED;
    } finally {
      lock.unlock();
    }
  }

  /** Ends it, and whoever waits hears so. */
  @Override
  public void close() {
    subscription.close();
  }

  private void add(FeedMessage message) {
    lock.lock();
    try {
      newest.put(message.position(), message);
      bytes += message.bytes();
      reached = Math.max(reached, message.position());
      while (bytes > MOST_BYTES) {
        FeedMessage oldest = newest.pollFirstEntry().getValue();
        bytes -= oldest.bytes();
        floor = oldest.position();
      }
      if (sign == News.Sign.AWAY) {
        sign = News.Sign.CATCHING_UP;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void become(News.Sign now, long position) {
    lock.lock();
    try {
      sign = now;
      reached = Math.max(reached, position);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private final class Listener implements SubscriptionListener {

    @Override
    public void onEvent(RecordedEvent event) {
      add(new FeedMessage(event));
    }

    @Override
    public void onCaughtUp(long position) {
      become(News.Sign.LIVE, position);
    }

    @Override
    public void onReconnecting(VarveException cause) {
      become(News.Sign.AWAY, 0);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      if (cause != null) {
        LOG.debug("the feed's subscription has ended", cause);
      }
      become(News.Sign.ENDED, 0);
    }
  }
}
