package io.varve.server.api.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.server.ops.LongTask;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A call that tells how far something has come. What is only progress is left out when it comes too
 * often, or the caller does not take it; so a caller that stops reading costs nothing. Used by the
 * thread of what is being done, but for the caller's own end.
 */
final class ProgressCall<R> {
  private static final long BETWEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final ServerCallStreamObserver<R> caller;
  private final LongSupplier nanoTime;
  private long lastSent;

  private LongTask.@Nullable Run run; // guarded by this
  private boolean gone; // guarded by this

  ProgressCall(StreamObserver<R> observer, LongSupplier nanoTime) {
    this.caller = (ServerCallStreamObserver<R>) observer;
    this.nanoTime = nanoTime;
    this.lastSent = nanoTime.getAsLong() - BETWEEN_NANOS;
    caller.setOnCancelHandler(this::callerIsGone);
  }

  private void callerIsGone() {
    LongTask.Run begun;
    synchronized (this) {
      gone = true;
      begun = run;
    }
    if (begun != null) {
      begun.cancel();
    }
  }

  /** This is what ends when the caller goes. */
  void belongsTo(LongTask.Run begun) {
    boolean alone;
    synchronized (this) {
      run = begun;
      alone = gone;
    }
    if (alone) {
      begun.cancel();
    }
  }

  /** Whether progress would be sent now. */
  boolean wantsProgress() {
    return caller.isReady() && nanoTime.getAsLong() - lastSent >= BETWEEN_NANOS;
  }

  /** Sends a message. */
  void send(R message) {
    lastSent = nanoTime.getAsLong();
    caller.onNext(message);
  }

  /** Sends the last message. */
  void end(R message) {
    send(message);
    caller.onCompleted();
  }

  /** Ends the call with an error. */
  void fail(RuntimeException cause) {
    if (caller.isCancelled()) {
      return; // there is nobody to tell
    }
    if (cause instanceof CancellationException) {
      caller.onError(Errors.exception(Errors.stopping()));
    } else {
      caller.onError(Errors.exception(Errors.fault(cause)));
    }
  }
}
