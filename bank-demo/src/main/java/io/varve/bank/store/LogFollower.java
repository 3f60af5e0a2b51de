package io.varve.bank.store;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the log for ever: when its subscription ends, because the handler failed or the store
 * refused, it subscribes again where the handler says, after a pause that doubles from {@link
 * #FIRST_PAUSE} to {@link #LONGEST_PAUSE}. What goes wrong stops this follower alone and shows in
 * {@link #status}.
 */
public final class LogFollower implements AutoCloseable {

  /** Takes the events. Its methods are called one at a time, in log order. */
  public interface Handler {

    /** The position after which to go on; asked before each subscription. */
    long resumeAfter() throws Exception;

    /** The next event. An exception makes the follower begin anew at {@link #resumeAfter}. */
    void onEvent(RecordedEvent event) throws Exception;

    /** Nothing up to this position is missing. Caught up: nor is there more for now. */
    void onReached(long position, boolean caughtUp) throws Exception;
  }

  /** What a follower is doing. */
  public enum State {
    STARTING,
    FOLLOWING,
    RECONNECTING,
    FAILED,
    CLOSED
  }

  /**
   * How a follower is doing.
   *
   * @param error what went wrong last; null while all is well
   */
  public record Status(State state, @Nullable String error) {}

  private static final Logger LOG = LoggerFactory.getLogger(LogFollower.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  private final String name;
  private final EventStore store;
  private final Query query;
  private final Handler handler;
  private final ScheduledExecutorService timer;
  private final AtomicReference<Status> status =
      new AtomicReference<>(new Status(State.STARTING, null));

  private final Object lock = new Object();
  private @Nullable Subscription subscription; // under lock
  private boolean closed; // under lock
  private int failures; // under lock; since the last progress

  public LogFollower(
      String name, EventStore store, Query query, Handler handler, ScheduledExecutorService timer) {
    this.name = name;
    this.store = store;
    this.query = query;
    this.handler = handler;
    this.timer = timer;
  }

  /** Begins; returns at once. */
  public void start() {
    timer.execute(this::subscribe);
  }

  public Status status() {
    return status.get();
  }

  private void subscribe() {
    synchronized (lock) {
      if (closed) {
        return;
      }
    }
    Subscription opened;
    try {
      SubscribeToLog request = SubscribeToLog.all().query(query).after(handler.resumeAfter());
      opened = store.subscribeToLog(request, new Listener());
    } catch (Exception e) {
      subscribeAgain(e);
      return;
    }
    boolean tooLate;
    synchronized (lock) {
      tooLate = closed;
      subscription = opened;
    }
    if (tooLate) {
      opened.close();
    }
  }

  private void subscribeAgain(Throwable cause) {
    long pauseMillis;
    synchronized (lock) {
      if (closed) {
        return;
      }
      pauseMillis =
          Math.min(FIRST_PAUSE.toMillis() << Math.min(failures, 20), LONGEST_PAUSE.toMillis());
      failures++;
      // Scheduled under the lock, so that a close cannot come in between and find the timer shut.
      ScheduledFuture<?> _ = timer.schedule(this::subscribe, pauseMillis, TimeUnit.MILLISECONDS);
    }
    status.set(new Status(State.FAILED, String.valueOf(cause.getMessage())));
    if (cause instanceof VarveException) {
      LOG.warn("{} stopped, tries again in {} ms: {}", name, pauseMillis, cause.getMessage());
    } else {
      LOG.error("{} stopped, tries again in {} ms", name, pauseMillis, cause);
    }
  }

  private void progressed() {
    synchronized (lock) {
      failures = 0;
    }
    if (status.get().state() != State.FOLLOWING) {
      status.set(new Status(State.FOLLOWING, null));
    }
  }

  /** Ends it. Once this returns, the handler is not called again. */
  @Override
  public void close() {
    Subscription open;
    synchronized (lock) {
      closed = true;
      open = subscription;
    }
    if (open != null) {
      open.close();
    }
    status.set(new Status(State.CLOSED, null));
  }

  private final class Listener implements SubscriptionListener {

    @Override
    public void onEvent(RecordedEvent event) throws Exception {
      handler.onEvent(event);
      progressed();
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
      try {
        handler.onReached(position, caughtUp);
      } catch (Exception e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
      if (caughtUp) {
        progressed();
      }
    }

    @Override
    public void onReconnecting(VarveException cause) {
      status.set(new Status(State.RECONNECTING, cause.getMessage()));
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      if (cause != null) {
        subscribeAgain(cause);
      }
    }
  }
}
