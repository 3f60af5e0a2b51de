package io.varve.server.api.grpc;

import com.google.protobuf.Timestamp;
import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.v1.CaughtUp;
import io.varve.proto.v1.Checkpoint;
import io.varve.proto.v1.FellBehind;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.proto.v1.SubscriptionConfirmed;
import io.varve.server.storage.EventPage;
import io.varve.server.subscription.Subscriber;
import java.time.InstantSource;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscriber at the other end of a call. The responses of both kinds of subscription have the
 * same fields but for how the start is told, so one of them writes for both.
 */
final class SubscriptionCall implements Subscriber {
  private static final Logger log = LoggerFactory.getLogger(SubscriptionCall.class);

  private final ServerCallStreamObserver<EncodedResponse> caller;
  private final boolean toStream;
  private final boolean json;
  private final InstantSource clock;
  private final IntConsumer sent;

  /**
   * @param toStream whether places are counted in versions of a stream, and not in positions of the
   *     log
   * @param sent hears how many events have been sent
   */
  SubscriptionCall(
      ServerCallStreamObserver<EncodedResponse> caller,
      boolean toStream,
      boolean json,
      InstantSource clock,
      IntConsumer sent) {
    this.caller = caller;
    this.toStream = toStream;
    this.json = json;
    this.clock = clock;
    this.sent = sent;
  }

  @Override
  public boolean isReady() {
    return caller.isReady();
  }

  @Override
  public void confirmed(String subscriptionId, long after) {
    SubscriptionConfirmed.Builder confirmed =
        SubscriptionConfirmed.newBuilder().setSubscriptionId(subscriptionId);
    if (toStream) {
      confirmed.setAfterVersion(after);
    } else {
      confirmed.setAfterPosition(after);
    }
    send(SubscribeToLogResponse.newBuilder().setConfirmed(confirmed));
  }

  @Override
  public void events(EventPage page) {
    caller.onNext(
        PayloadViews.frames(page, json).nestedIn(SubscribeToStreamResponse.EVENTS_FIELD_NUMBER));
    sent.accept(page.count());
  }

  @Override
  public void caughtUp(long position) {
    send(
        SubscribeToLogResponse.newBuilder()
            .setCaughtUp(CaughtUp.newBuilder().setPosition(position).setAt(now())));
  }

  @Override
  public void fellBehind(long position) {
    send(
        SubscribeToLogResponse.newBuilder()
            .setFellBehind(FellBehind.newBuilder().setPosition(position).setAt(now())));
  }

  @Override
  public void checkpoint(long position) {
    send(
        SubscribeToLogResponse.newBuilder()
            .setCheckpoint(Checkpoint.newBuilder().setPosition(position).setAt(now())));
  }

  @Override
  public void stopping() {
    caller.onError(Errors.exception(Errors.stopping()));
  }

  @Override
  public void failed(RuntimeException cause) {
    if (caller.isCancelled()) {
      log.debug("a subscription ended after its caller had gone", cause);
    } else {
      caller.onError(Errors.exception(Errors.fault(cause)));
    }
  }

  private void send(SubscribeToLogResponse.Builder response) {
    caller.onNext(EncodedResponse.of(response.build()));
  }

  private Timestamp now() {
    return ProtoTimes.of(clock.instant());
  }
}
