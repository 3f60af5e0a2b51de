package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.Ack;
import io.varve.proto.v1.ConsumeConfirmed;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.Nack;
import io.varve.proto.v1.NackAction;
import io.varve.proto.v1.PayloadView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A consumer that speaks the wire's own language and does what a test says. */
public final class WireConsumer implements StreamObserver<ConsumeResponse> {
  private final BlockingQueue<DeliveredEvent> deliveries = new LinkedBlockingQueue<>();
  private final CompletableFuture<ConsumeConfirmed> confirmed = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();
  private final StreamObserver<ConsumeRequest> requests;

  private WireConsumer(Channel channel) {
    requests = ConsumerGroupsGrpc.newStub(channel).consume(this);
  }

  /** Opens a call and says nothing. */
  public static WireConsumer silent(Channel channel) {
    return new WireConsumer(channel);
  }

  /** Joins a group; waits until it has. */
  public static WireConsumer join(Channel channel, String group, String name, int credit)
      throws Exception {
    WireConsumer consumer = begin(channel, group, name, credit);
    consumer.confirmed();
    return consumer;
  }

  /** Asks to join a group. */
  public static WireConsumer begin(Channel channel, String group, String name, int credit) {
    WireConsumer consumer = new WireConsumer(channel);
    consumer.say(
        ConsumeRequest.newBuilder()
            .setStart(
                ConsumeStart.newBuilder().setGroup(group).setConsumer(name).setCredit(credit)));
    return consumer;
  }

  /** Joins a group, and wants payloads as JSON. */
  public static WireConsumer joinForJson(Channel channel, String group) {
    WireConsumer consumer = new WireConsumer(channel);
    consumer.say(
        ConsumeRequest.newBuilder()
            .setStart(
                ConsumeStart.newBuilder()
                    .setGroup(group)
                    .setCredit(100)
                    .setPayloadView(PayloadView.PAYLOAD_VIEW_JSON)));
    return consumer;
  }

  // ---- saying

  public void say(ConsumeRequest.Builder request) {
    requests.onNext(request.build());
  }

  public void credit(int events) {
    say(ConsumeRequest.newBuilder().setCredit(events));
  }

  public void ack(Iterable<Long> positions) {
    say(ConsumeRequest.newBuilder().setAck(Ack.newBuilder().addAllPositions(positions)));
  }

  public void ack(DeliveredEvent event) {
    ack(List.of(event.getEvent().getPosition()));
  }

  public void nack(NackAction action, String reason, DeliveredEvent... events) {
    Nack.Builder nack = Nack.newBuilder().setAction(action).setReason(reason);
    for (DeliveredEvent event : events) {
      nack.addPositions(event.getEvent().getPosition());
    }
    say(ConsumeRequest.newBuilder().setNack(nack));
  }

  public void halfClose() {
    requests.onCompleted();
  }

  public void cancel() {
    requests.onError(new IllegalStateException("the test lets its consumer go"));
  }

  // ---- hearing

  public ConsumeConfirmed confirmed() throws Exception {
    return confirmed.get(Wire.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The next event. */
  public DeliveredEvent next() throws InterruptedException {
    DeliveredEvent event = deliveries.poll(Wire.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(event).as("an event").isNotNull();
    return event;
  }

  /** The next events. */
  public List<DeliveredEvent> next(int count) throws InterruptedException {
    List<DeliveredEvent> events = new ArrayList<>();
    while (events.size() < count) {
      events.add(next());
    }
    return events;
  }

  /** The next event, if there is one already. */
  public @Nullable DeliveredEvent poll() {
    return deliveries.poll();
  }

  public boolean hasEnded() {
    return end.isDone();
  }

  /** How the call ended; null when it was a good end. */
  public @Nullable Throwable end() throws Exception {
    await().atMost(Wire.PATIENCE).until(end::isDone);
    return end.get();
  }

  @Override
  public void onNext(ConsumeResponse response) {
    switch (response.getContentCase()) {
      case CONFIRMED -> confirmed.complete(response.getConfirmed());
      case DELIVERY -> deliveries.addAll(response.getDelivery().getEventsList());
      case CONTENT_NOT_SET -> end.complete(new AssertionError("an empty response"));
    }
  }

  @Override
  public void onError(Throwable error) {
    end.complete(error);
    confirmed.completeExceptionally(error);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
    confirmed.completeExceptionally(new AssertionError("ended before it was confirmed"));
  }
}
