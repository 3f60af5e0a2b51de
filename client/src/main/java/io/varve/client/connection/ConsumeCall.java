package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.proto.v1.ConsumeConfirmed;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One call of Consume, from its confirmation on. One thread takes what comes; any thread sends, and
 * waits while the transport cannot take more, so nothing piles up on this side either way.
 */
final class ConsumeCall {

  /** What the call brought. */
  private sealed interface Signal {}

  private record Message(ConsumeResponse value) implements Signal {}

  private record End(StoreError error, boolean ok) implements Signal {}

  /** This side has half-closed; the end must follow soon. */
  private record Leaving() implements Signal {}

  private final ClientCall<ConsumeRequest, ConsumeResponse> call;
  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>(); // bounded by request()
  private final ReentrantLock sending = new ReentrantLock();
  private final Condition ready = sending.newCondition();

  // Guarded by the lock.
  private boolean over;

  // Of the thread that takes what comes.
  private boolean leaving;

  // Set once, before the call is handed out.
  private ConsumeConfirmed confirmed = ConsumeConfirmed.getDefaultInstance();

  private ConsumeCall(Channel channel) {
    this.call = channel.newCall(ConsumerGroupsGrpc.getConsumeMethod(), CallOptions.DEFAULT);
  }

  /** Joins, and waits until the server has confirmed it. */
  static ConsumeCall open(Channel channel, String server, ConsumeStart start, Duration patience)
      throws CallFailedException {
    ConsumeCall opened = new ConsumeCall(channel);
    boolean joined = false;
    try {
      opened.begin(server, start);
      opened.confirmed = opened.awaitConfirmed(server, patience);
      joined = true;
      return opened;
    } finally {
      if (!joined) {
        opened.cancel("it was not confirmed");
      }
    }
  }

  private void begin(String server, ConsumeStart start) {
    call.start(
        new ClientCall.Listener<ConsumeResponse>() {
          @Override
          public void onMessage(ConsumeResponse message) {
            signals.add(new Message(message));
          }

          @Override
          public void onReady() {
            wake(false);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            signals.add(new End(StoreError.of(server, status, trailers), status.isOk()));
            wake(true);
          }
        },
        new Metadata());
    call.sendMessage(ConsumeRequest.newBuilder().setStart(start).build());
  }

  private void wake(boolean ended) {
    sending.lock();
    try {
      over |= ended;
      ready.signalAll();
    } finally {
      sending.unlock();
    }
  }

  private ConsumeConfirmed awaitConfirmed(String server, Duration patience)
      throws CallFailedException {
    call.request(1);
    try {
      return switch (signals.poll(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        case Leaving leaving -> throw new IllegalStateException("nobody has the call yet");
        case null -> throw new CallFailedException(StoreError.silent(server, patience));
        case End end -> throw new CallFailedException(end.error());
        case Message message when message.value().hasConfirmed() -> message.value().getConfirmed();
        case Message message ->
            throw new CallFailedException(
                StoreError.senseless(server, "it did not confirm a consumer first"));
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallFailedException(StoreError.silent(server, patience));
    }
  }

  /** What the server said first. */
  ConsumeConfirmed confirmed() {
    return confirmed;
  }

  /**
   * Waits for the next message.
   *
   * @param patience how long the server may take to end the call after {@link #halfClose}
   * @return null: the call has ended in peace, after {@link #halfClose}, or in time has not ended
   * @throws CallFailedException it has ended otherwise
   */
  @Nullable ConsumeResponse next(Duration patience)
      throws CallFailedException, InterruptedException {
    call.request(1);
    Signal signal =
        leaving ? signals.poll(patience.toNanos(), TimeUnit.NANOSECONDS) : signals.take();
    while (signal instanceof Leaving) {
      leaving = true;
      signal = signals.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
    return switch (signal) {
      case Message message -> message.value();
      case End end when end.ok() && leaving -> null;
      case End end -> throw new CallFailedException(end.error());
      case Leaving again -> null; // not twice
      case null -> null;
    };
  }

  /** Sends a message once the transport can take it; does nothing when the call is over. */
  void send(ConsumeRequest message) {
    sending.lock();
    try {
      while (!over && !call.isReady()) {
        ready.awaitUninterruptibly();
      }
      if (!over) {
        call.sendMessage(message);
      }
    } finally {
      sending.unlock();
    }
  }

  /** Sends nothing more; what was sent before still counts, and the server ends the call. */
  void halfClose() {
    sending.lock();
    try {
      if (!over) {
        over = true;
        call.halfClose();
        signals.add(new Leaving());
        ready.signalAll();
      }
    } finally {
      sending.unlock();
    }
  }

  /** Ends the call at once; whoever waits gets its end. Any thread may call it, more than once. */
  void cancel(String why) {
    call.cancel(why, null);
  }
}
