package io.varve.server.api.umadb;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.proto.umadb.v1.SubscribeResponse;
import io.varve.server.api.grpc.Errors;
import io.varve.server.storage.EventPage;
import io.varve.server.subscription.Subscriber;
import java.util.List;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscriber at the other end of a call. It hears of events and of nothing else: to a client a
 * message without events is the end.
 */
final class UmaDbSubscriptionCall implements Subscriber {
  private static final Logger log = LoggerFactory.getLogger(UmaDbSubscriptionCall.class);

  private final ServerCallStreamObserver<SubscribeResponse> caller;
  private final Runnable begin;
  private final Messages messages;
  private final IntConsumer sent;

  /**
   * @param begin tells the caller that its call stands, though there is no event yet
   * @param sent hears how many events have been sent
   */
  UmaDbSubscriptionCall(
      ServerCallStreamObserver<SubscribeResponse> caller,
      Runnable begin,
      int batchSize,
      IntConsumer sent) {
    this.caller = caller;
    this.begin = begin;
    this.messages = new Messages(batchSize);
    this.sent = sent;
  }

  @Override
  public boolean isReady() {
    return caller.isReady();
  }

  @Override
  public void confirmed(String subscriptionId, long after) {
    begin.run();
  }

  @Override
  public void events(EventPage page) {
    messages.add(page);
    messages.close(); // whoever is level waits for nothing
    for (List<SequencedEvent> next = messages.poll(); next != null; next = messages.poll()) {
      caller.onNext(SubscribeResponse.newBuilder().addAllEvents(next).build());
    }
    sent.accept(page.count());
  }

  @Override
  public void caughtUp(long position) {
    // Clients are not told.
  }

  @Override
  public void fellBehind(long position) {
    // Clients are not told.
  }

  @Override
  public void checkpoint(long position) {
    // Clients are not told; that the link is alive they find out by pings.
  }

  @Override
  public void stopping() {
    caller.onCompleted();
  }

  @Override
  public void failed(RuntimeException cause) {
    if (caller.isCancelled()) {
      log.debug("a subscription ended after its caller had gone", cause);
    } else {
      caller.onError(UmaDbErrors.of(Errors.fault(cause)));
    }
  }
}
