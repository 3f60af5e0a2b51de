package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A server-streaming call turned round: what gRPC pushes is kept until one thread takes it. No more
 * messages arrive than were asked for, so what is kept is bounded by the asker.
 *
 * <p>While that thread waits, it runs the call's callbacks itself, which saves the way over a
 * thread of the pool; while it does not, the pool does, so that the next message is decoded while
 * this one is used.
 */
final class CallSignals<A, B> {

  /** What the call brought. */
  sealed interface Signal<B> {}

  /** The next message. */
  record Message<B>(B value) implements Signal<B> {}

  /** The call is over; the last signal. */
  record End<B>(Status status, @Nullable Metadata trailers) implements Signal<B> {}

  private final ClientCall<A, B> call;
  private final Executor pool;
  private final Queue<Signal<B>> signals = new ConcurrentLinkedQueue<>();
  private final Queue<Runnable> callbacks = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Thread waiting;
  private volatile boolean over;

  /**
   * @param pool runs callbacks while nobody waits
   */
  CallSignals(Channel channel, MethodDescriptor<A, B> method, Executor pool) {
    this.pool = pool;
    this.call = channel.newCall(method, CallOptions.DEFAULT.withExecutor(this::run));
  }

  /**
   * Sends the request.
   *
   * @param messages how many are asked for from the start
   */
  void start(A request, int messages) {
    call.start(
        new ClientCall.Listener<B>() {
          @Override
          public void onMessage(B message) {
            add(new Message<>(message));
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            over = true;
            add(new End<>(status, trailers));
          }
        },
        new Metadata());
    call.request(messages);
    call.sendMessage(request);
    call.halfClose();
  }

  /** Asks for one more message. */
  void requestOne() {
    call.request(1);
  }

  /** Waits for the next signal; null: none came in time. One thread at a time. */
  @Nullable Signal<B> await(Duration patience) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Signal<B> here = signals.poll();
    if (here != null) {
      return here;
    }
    long deadline = System.nanoTime() + patience.toNanos();
    waiting = Thread.currentThread();
    try {
      while (true) {
        Signal<B> signal = signals.poll();
        if (signal != null) {
          return signal;
        }
        Runnable callback = callbacks.poll();
        if (callback != null) {
          callback.run();
          continue;
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return null;
        }
        LockSupport.parkNanos(this, left);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      waiting = null;
      for (Runnable left = callbacks.poll(); left != null; left = callbacks.poll()) {
        left.run(); // gRPC gave it to this thread
      }
    }
  }

  /** Ends the call; whoever waits gets its end. Any thread may call it, more than once. */
  void cancel(String why) {
    if (!over) { // gRPC would tell the server of it all the same
      call.cancel(why, null);
    }
  }

  private void add(Signal<B> signal) {
    signals.add(signal);
    LockSupport.unpark(waiting);
  }

  /** In place of an executor. */
  private void run(Runnable callback) {
    if (waiting == null) {
      pool.execute(callback);
      return;
    }
    callbacks.add(callback);
    // Looked at again: whoever is there now sees the callback before it parks, or is woken.
    Thread taker = waiting;
    if (taker != null) {
      LockSupport.unpark(taker);
    } else if (callbacks.remove(callback)) {
      pool.execute(callback);
    }
  }
}
