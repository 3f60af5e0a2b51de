package io.varve.client.connection;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.VarveException;
import io.varve.client.subscription.SubscriptionThread;
import io.varve.proto.v1.Ack;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.Nack;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A consumer over the wire: one call, and the thread that hands what it brings to the listener. The
 * next message is asked for when the listener is done with the last.
 */
final class RemoteConsumer implements GroupConsumer, SubscriptionThread.Work {

  private final String server;
  private final ConsumeCall call;
  private final ConsumerListener listener;
  private final ConsumerGroupSettings settings;
  private final Duration closePatience;
  private final Set<SubscriptionThread> open;
  private final SubscriptionThread thread;
  private volatile boolean stopping;

  /**
   * @param closePatience how long the server may take to end the call once this side has
   * @param open where the thread is kept while it runs
   */
  RemoteConsumer(
      String name,
      String server,
      ConsumeCall call,
      ConsumerListener listener,
      Duration closePatience,
      Set<SubscriptionThread> open) {
    this.server = server;
    this.call = call;
    this.listener = listener;
    this.settings = GroupMapping.settings(call.confirmed().getSettings());
    this.closePatience = closePatience;
    this.open = open;
    this.thread = new SubscriptionThread(name, this, listener::onClosed, open::remove);
  }

  void start() {
    open.add(thread);
    thread.start(closePatience);
  }

  @Override
  public void run(Runnable started) throws Exception {
    started.run(); // it was confirmed before the thread was made
    try {
      ConsumeResponse message = call.next(closePatience);
      while (message != null) {
        deliver(message);
        message = call.next(closePatience);
      }
    } catch (CallFailedException e) {
      throw ended(e.error());
    } finally {
      call.cancel("the consumer has ended");
    }
  }

  /** However a link is lost, the same consumer may join again. */
  private static VarveException ended(StoreError error) {
    VarveException exception = error.toException();
    return error.isLinkLost() && !exception.retryable()
        ? new StoreUnavailableException("the link is lost: " + exception.getMessage(), exception)
        : exception;
  }

  private void deliver(ConsumeResponse message) throws Exception {
    if (!message.hasDelivery()) {
      throw new StoreFailedException(
          "the server at " + server + " sent a consumer something that is no delivery", null);
    }
    for (DeliveredEvent event : GroupMapping.delivered(message.getDelivery())) {
      if (stopping) {
        return;
      }
      listener.onEvent(event, this);
    }
  }

  /** Half-closes, so that the answers before it count. */
  @Override
  public void stop() {
    stopping = true;
    call.halfClose();
  }

  @Override
  public String id() {
    return call.confirmed().getSubscriptionId();
  }

  @Override
  public ConsumerGroupSettings settings() {
    return settings;
  }

  @Override
  public void credit(int events) {
    if (events < 1) {
      throw new IllegalArgumentException("credit must be >= 1, was " + events);
    }
    call.send(ConsumeRequest.newBuilder().setCredit(events).build());
  }

  @Override
  public void ack(Collection<Long> positions) {
    if (!positions.isEmpty()) {
      call.send(
          ConsumeRequest.newBuilder().setAck(Ack.newBuilder().addAllPositions(positions)).build());
    }
  }

  @Override
  public void nack(Collection<Long> positions, NackAction action, String reason) {
    requireNonNull(action);
    if (!positions.isEmpty()) {
      Nack.Builder nack =
          Nack.newBuilder()
              .addAllPositions(positions)
              .setAction(GroupMapping.action(action))
              .setReason(ProtoMapping.wellFormed("nack.reason", reason));
      call.send(ConsumeRequest.newBuilder().setNack(nack).build());
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return thread.closed();
  }

  @Override
  public void close() {
    thread.close();
  }

  @Override
  public String toString() {
    return thread.toString();
  }
}
