package io.varve.server.api.grpc;

import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Counts calls from their start to their end, so that stopping can wait for them. Thread-safe. */
final class CallsInFlight implements ServerInterceptor {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private final AtomicInteger count = new AtomicInteger();
  private volatile boolean awaited;

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    change(1);
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
        next.startCall(call, headers)) {
      @Override
      public void onComplete() {
        change(-1);
        super.onComplete();
      }

      @Override
      public void onCancel() {
        change(-1);
        super.onCancel();
      }
    };
  }

  private void change(int by) {
    if (count.addAndGet(by) == 0 && awaited) {
      lock.lock();
      try {
        none.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until no call is in flight; false when the time is over before. */
  boolean awaitNone(Duration atMost) throws InterruptedException {
    long nanos = atMost.toNanos();
    lock.lock();
    try {
      awaited = true;
      while (count.get() > 0 && nanos > 0) {
        nanos = none.awaitNanos(nanos);
      }
      return count.get() == 0;
    } finally {
      lock.unlock();
    }
  }
}
