package io.varve.bank;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store with a hook before and after each call that one run of a program makes, to stop the
 * program there, or to let something else happen meanwhile. Counted are appends, stream reads and
 * look-ups.
 */
public final class FaultyStore extends ForwardingEventStore {

  /** Called around each call; may throw, and the caller sees that. */
  public interface Hook {

    /** The call with this number, from 1, is about to reach the store. */
    default void before(int call) {}

    /** The store has done the call with this number; the caller has not heard yet. */
    default void after(int call) {}

    /** This append is about to reach the store. */
    default void beforeAppend(String stream, List<NewEvent> events) {}
  }

  private final AtomicInteger calls = new AtomicInteger();
  private volatile Hook hook = new Hook() {};
  private volatile boolean away;

  public FaultyStore(EventStore store) {
    super(store);
  }

  /** Counts from 1 again, with this hook. */
  public FaultyStore hook(Hook newHook) {
    calls.set(0);
    hook = newHook;
    return this;
  }

  /** While it is away, every call fails as against a server that is not there. */
  public void away(boolean isAway) {
    away = isAway;
  }

  public int calls() {
    return calls.get();
  }

  public static StoreUnavailableException unavailable() {
    return new StoreUnavailableException("the store is away, says the test", null);
  }

  private int begin() {
    if (away) {
      throw unavailable();
    }
    int call = calls.incrementAndGet();
    hook.before(call);
    return call;
  }

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    int call = begin();
    hook.beforeAppend(stream, events);
    AppendResult result = super.append(stream, expected, events);
    hook.after(call);
    return result;
  }

  @Override
  public EventReader readStream(ReadStream read) {
    int call = begin();
    EventReader reader = super.readStream(read);
    hook.after(call);
    return reader;
  }

  @Override
  public EventReader readLog(ReadLog read) {
    if (away) {
      throw unavailable();
    }
    return super.readLog(read);
  }

  @Override
  public Optional<RecordedEvent> getEvent(UUID id) {
    int call = begin();
    Optional<RecordedEvent> event = super.getEvent(id);
    hook.after(call);
    return event;
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    if (away) {
      throw unavailable();
    }
    return super.subscribeToLog(request, listener);
  }
}
