package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server-streaming call turned round: what gRPC pushes is kept until one thread takes it. No more
 * messages arrive than were asked for, so what is kept is bounded by the asker.
 */
final class CallSignals<A, B> {

  /** What the call brought. */
  sealed interface Signal<B> {}

  /** The next message. */
  record Message<B>(B value) implements Signal<B> {}

  /** The call is over; the last signal. */
  record End<B>(Status status, @Nullable Metadata trailers) implements Signal<B> {}

  private final ClientCall<A, B> call;
  private final BlockingQueue<Signal<B>> signals = new LinkedBlockingQueue<>();

  CallSignals(Channel channel, MethodDescriptor<A, B> method) {
    this.call = channel.newCall(method, CallOptions.DEFAULT);
  }

  /** Sends the request, without asking for an answer yet. */
  void start(A request) {
    call.start(
        new ClientCall.Listener<B>() {
          @Override
          public void onMessage(B message) {
            signals.add(new Message<>(message));
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            signals.add(new End<>(status, trailers));
          }
        },
        new Metadata());
    call.sendMessage(request);
    call.halfClose();
  }

  /** Asks for one more message. */
  void requestOne() {
    call.request(1);
  }

  /** Waits for the next signal; null: none came in time. */
  @Nullable Signal<B> await(Duration patience) throws InterruptedException {
    return signals.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends the call; whoever waits gets its end. Any thread may call it, more than once. */
  void cancel(String why) {
    call.cancel(why, null);
  }
}
