package io.varve.client.eventsourcing.process;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.Subscription;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store as a program sees it that dies at one of its calls: before the store hears of it, or
 * after the store has done it and before the program hears of that. Or, milder: the call fails in
 * this way, and the program lives on.
 */
public final class CrashingStore {

  /** What happens at the chosen call. */
  public enum Fault {
    DIES_BEFORE,
    DIES_AFTER,
    FAILS_BEFORE,
    FAILS_AFTER;

    boolean dies() {
      return this == DIES_BEFORE || this == DIES_AFTER;
    }

    boolean before() {
      return this == DIES_BEFORE || this == FAILS_BEFORE;
    }
  }

  private final EventStore store;
  private final int faultyCall;
  private final Fault fault;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean dead;

  public CrashingStore(EventStore store, int faultyCall, Fault fault) {
    this.store = store;
    this.faultyCall = faultyCall;
    this.fault = fault;
  }

  /** The store as the program sees it. */
  public EventStore asStore() {
    return (EventStore)
        Proxy.newProxyInstance(
            EventStore.class.getClassLoader(),
            new Class<?>[] {EventStore.class},
            (_, method, arguments) -> {
              if (dead) {
                throw fault();
              }
              int call = calls.incrementAndGet();
              if (call == faultyCall && fault.before()) {
                dead = fault.dies();
                throw fault();
              }
              Object result;
              try {
                result = method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              boolean fails = call == faultyCall;
              if (fails) {
                dead = fault.dies();
              }
              if (fails || dead) {
                if (result instanceof Subscription opened) {
                  opened.close(); // nobody has it
                }
                throw fault();
              }
              return result;
            });
  }

  private static StoreUnavailableException fault() {
    return new StoreUnavailableException("the store is away, says the test", null);
  }

  /** Whether the program is dead. */
  public boolean isDead() {
    return dead;
  }

  /** Whether the program has come as far as the call that was to fail. */
  public boolean hasFailed() {
    return calls.get() >= faultyCall;
  }
}
