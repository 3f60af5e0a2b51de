package io.varve.client.connection;

import io.grpc.ManagedChannel;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.subscription.SubscriptionThread;
import io.varve.proto.v1.ConsumeStart;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens consumers of groups, each with a call and a thread of its own. Any thread may use it. */
final class RemoteConsumers {

  private static final AtomicInteger CONSUMERS = new AtomicInteger();

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final Patience patience;
  private final CountDownLatch closing;
  private final Set<SubscriptionThread> open;

  /**
   * @param closing the client is being closed
   * @param open where consumers are found when the client is closed
   */
  RemoteConsumers(
      ManagedChannel channel,
      String server,
      ConnectionSettings settings,
      CountDownLatch closing,
      Set<SubscriptionThread> open) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.patience = new Patience(channel, settings, closing);
    this.closing = closing;
    this.open = open;
  }

  /** Joins, trying again within the deadline while the link is lost. */
  GroupConsumer join(JoinGroup request, ConsumerListener listener) {
    ConsumeStart start =
        ConsumeStart.newBuilder()
            .setGroup(ProtoMapping.wellFormed("start.group", request.group()))
            .setConsumer(request.consumer())
            .setCredit(request.credit())
            .build();
    ConsumeCall call =
        patience.whileLinkIsLost(left -> ConsumeCall.open(channel, server, start, left));
    RemoteConsumer consumer =
        new RemoteConsumer(
            "varve-consumer-" + CONSUMERS.incrementAndGet(),
            server,
            call,
            listener,
            settings.deadline(),
            open);
    consumer.start();
    if (closing.getCount() == 0) {
      consumer.stop(); // close() may have looked before this one was there
    }
    return consumer;
  }
}
