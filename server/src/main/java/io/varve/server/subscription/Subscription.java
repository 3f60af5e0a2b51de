package io.varve.server.subscription;

import io.varve.server.storage.EventPage;
import io.varve.server.storage.Head;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscription: a position that moves towards the head whenever its subscriber can take more.
 *
 * <p>{@link #signal} says that something may have changed: the head, the subscriber's readiness,
 * the time. The subscription then runs on the executor, never twice at once, until there is nothing
 * to do. It holds no lock while it reads or delivers.
 */
public final class Subscription {
  private static final Logger log = LoggerFactory.getLogger(Subscription.class);

  /** Steps before other subscriptions get their turn on the thread. */
  private static final int STEPS_A_TURN = 16;

  private final String id;
  private final String subject;
  private final Feed feed;
  private final Head head;
  private final Subscriber subscriber;
  private final Executor executor;
  private final SubscriptionSettings settings;
  private final LongSupplier nanoTime;
  private final long openedNanos;

  /**
   * Signals not yet seen; above zero exactly while the subscription is running or waiting for the
   * executor.
   */
  private final AtomicInteger signals = new AtomicInteger();

  private volatile boolean closed;
  private volatile boolean stopping;
  private volatile long lastSentNanos;

  // Written by the running turn alone; others may look at them at any time.
  private volatile long position;
  private volatile boolean caughtUp;

  // Only the running turn touches these.
  private boolean confirmed;

  /** Positions since the last one that the subscriber was told. */
  private long passedOver;

  private boolean ended;

  /** What was read when the subscriber was told that it had fallen behind. */
  private Feed.@Nullable Step heldBack;

  /**
   * @param subject what it follows, for people
   */
  Subscription(
      String id,
      String subject,
      Feed feed,
      long startPosition,
      Head head,
      Subscriber subscriber,
      Executor executor,
      SubscriptionSettings settings,
      LongSupplier nanoTime) {
    this.id = id;
    this.subject = subject;
    this.feed = feed;
    this.position = startPosition;
    this.head = head;
    this.subscriber = subscriber;
    this.executor = executor;
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.openedNanos = nanoTime.getAsLong();
    this.lastSentNanos = openedNanos;
  }

  /** The server's name for this subscription. */
  public String id() {
    return id;
  }

  /** Where it stands, as of now. */
  SubscriptionStatus status() {
    long reached = position;
    return new SubscriptionStatus(
        id,
        subject,
        reached,
        Math.max(0, head.position() - reached),
        caughtUp,
        Duration.ofNanos(nanoTime.getAsLong() - openedNanos));
  }

  /** Something may have changed. Cheap, and safe from any thread. */
  public void signal() {
    if (signals.getAndIncrement() == 0) {
      submit();
    }
  }

  /** Delivers nothing more; a turn that is running finishes its step. */
  void close() {
    closed = true;
  }

  /** Tells the subscriber that the server is stopping, and delivers nothing more. */
  void stop() {
    stopping = true;
    signal();
  }

  /**
   * Signals if nothing has been sent for as long as an idle subscriber may be left without a sign
   * of life.
   */
  void signalIfIdle(long nowNanos) {
    if (nowNanos - lastSentNanos >= settings.idleCheckpoint().toNanos()) {
      signal();
    }
  }

  private void submit() {
    try {
      executor.execute(this::turn);
    } catch (RejectedExecutionException e) {
      log.debug("subscription {} is signalled after the server has stopped", id, e);
    }
  }

  private void turn() {
    int seen = signals.get();
    int steps = 0;
    while (step()) {
      if (++steps == STEPS_A_TURN) {
        submit(); // signals stays above zero: still running
        return;
      }
    }
    if (signals.addAndGet(-seen) != 0) {
      submit();
    }
  }

  /** Does the next thing, if there is one; says whether there may be another. */
  private boolean step() {
    if (closed || ended) {
      return false;
    }
    try {
      if (stopping) {
        ended = true;
        subscriber.stopping();
        return false;
      }
      return subscriber.isReady() && deliverNext();
    } catch (RuntimeException | Error e) {
      fail(e);
      return false;
    }
  }

  /** Ends with a word to the subscriber; silence would leave it waiting for ever. */
  private void fail(Throwable cause) {
    log.warn("subscription {} fails at position {}", id, position, cause);
    if (ended) {
      return;
    }
    ended = true;
    try {
      subscriber.failed(
          cause instanceof RuntimeException exception
              ? exception
              : new IllegalStateException("a subscription failed: " + cause, cause));
    } catch (RuntimeException | Error e) {
      log.warn("subscription {} could not be told that it failed", id, e);
    }
  }

  private boolean deliverNext() {
    if (!confirmed) {
      confirmed = true;
      subscriber.confirmed(id, feed.startedAfter());
      return sent();
    }
    Feed.Step held = heldBack;
    if (held != null) {
      heldBack = null;
      return deliver(held);
    }
    long now = head.position();
    boolean tellsAnyway = position == now && !caughtUp;
    if (passedOver >= settings.checkpointAfterEvents() && !tellsAnyway) {
      subscriber.checkpoint(position);
      return sent();
    }
    if (position < now) {
      Feed.Step next = feed.next(position, now);
      if (next.tooOldForMemory() && caughtUp) {
        caughtUp = false;
        heldBack = next; // the subscriber was ready for one message, not for two
        subscriber.fellBehind(position);
        return sent();
      }
      return deliver(next);
    }
    if (!caughtUp) {
      caughtUp = true;
      subscriber.caughtUp(position);
      return sent();
    }
    if (nanoTime.getAsLong() - lastSentNanos >= settings.idleCheckpoint().toNanos()) {
      subscriber.checkpoint(position);
      return sent();
    }
    return false;
  }

  private boolean deliver(Feed.Step step) {
    EventPage page = step.page();
    long before = position;
    position = page.reached();
    if (page.isEmpty()) {
      passedOver += position - before;
      return true;
    }
    subscriber.events(page);
    sent();
    // What lies behind the last event that matched has been passed over too.
    passedOver = position - page.lastPosition();
    return true;
  }

  private boolean sent() {
    passedOver = 0;
    lastSentNanos = nanoTime.getAsLong();
    return true;
  }
}
