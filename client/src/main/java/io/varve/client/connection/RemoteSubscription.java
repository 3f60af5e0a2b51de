package io.varve.client.connection;

import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.SubscriptionStart;
import io.varve.client.streams.VarveException;
import io.varve.client.subscription.SubscriptionThread;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Follows a stream or the log over the wire, call after call, until it is stopped or refused. Each
 * new call starts after the last place that the listener finished; the next message is asked for
 * when the listener is done with the last.
 */
final class RemoteSubscription<A, B> implements SubscriptionThread.Work {

  /**
   * What differs between streams and the log.
   *
   * @param request makes the request for a start
   * @param toDelivery reads a message
   * @param place of an event, in the numbers that a start counts in
   * @param resumesByPosition whether a start counts in log positions, so that a checkpoint is a
   *     place to resume after
   */
  record Source<A, B>(
      MethodDescriptor<A, B> method,
      Function<SubscriptionStart, A> request,
      Function<B, Delivery> toDelivery,
      Function<RecordedEvent, Long> place,
      boolean resumesByPosition) {}

  private static final Logger log = LoggerFactory.getLogger(RemoteSubscription.class);

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final Executor calls;
  private final Source<A, B> source;
  private final SubscriptionListener listener;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile @Nullable CallSignals<A, B> call;

  // Of the subscription's thread.
  private SubscriptionStart start;
  private boolean confirmed;
  private int failures;

  /**
   * @param calls runs the calls' callbacks while nobody waits for them
   */
  RemoteSubscription(
      ManagedChannel channel,
      String server,
      ConnectionSettings settings,
      Executor calls,
      Source<A, B> source,
      SubscriptionStart start,
      SubscriptionListener listener) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.calls = calls;
    this.source = source;
    this.start = start;
    this.listener = listener;
  }

  @Override
  public void run(Runnable started) throws Exception {
    while (!isStopped()) {
      StoreError lost = follow(started);
      if (isStopped()) {
        return;
      }
      VarveException cause = lost.toException();
      if (!lost.isLinkLost() && !lost.isOverload()) {
        throw cause;
      }
      log.atLevel(failures == 0 ? Level.WARN : Level.DEBUG)
          .log(
              "a subscription to {} lost its link and resumes from {}: {}",
              server,
              start,
              cause.getMessage());
      // Nobody knows for how long the server is away; the subscriber need not wait for it.
      started.run();
      listener.onReconnecting(cause);
      if (stopped.await(settings.callBackoff().after(failures++).toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      channel.resetConnectBackoff(); // this back-off rules, not the channel's
    }
  }

  /** Makes one call and delivers what it brings; returns why it ended. */
  private StoreError follow(Runnable started) throws Exception {
    CallSignals<A, B> current = new CallSignals<>(channel, source.method(), calls);
    call = current;
    confirmed = false;
    try {
      current.start(source.request().apply(start), 1);
      while (!isStopped()) {
        CallSignals.@Nullable Signal<B> signal = current.await(settings.silence());
        switch (signal) {
          case null -> {
            return StoreError.silent(server, settings.silence());
          }
          case CallSignals.End<B> end -> {
            return StoreError.of(server, end.status(), end.trailers());
          }
          case CallSignals.Message<B> message -> {
            deliver(source.toDelivery().apply(message.value()), started);
            current.requestOne();
          }
        }
      }
      return StoreError.silent(server, settings.silence());
    } finally {
      current.cancel("the subscription has ended, or lost patience with this link");
    }
  }

  private void deliver(Delivery delivery, Runnable started) throws Exception {
    if (confirmed == delivery instanceof Delivery.Confirmed) {
      throw new StoreFailedException(
          "the server at "
              + server
              + (confirmed
                  ? " confirmed a subscription twice"
                  : " did not confirm a subscription first"),
          null);
    }
    switch (delivery) {
      case Delivery.Confirmed at -> {
        confirmed = true;
        failures = 0;
        // Pins "now" to a place: what is committed while the link is down comes after it, and is
        // not lost.
        start =
            start instanceof SubscriptionStart.After
                ? start
                : new SubscriptionStart.After(at.after());
        started.run();
      }
      case Delivery.Events batch -> {
        for (RecordedEvent event : batch.events()) {
          if (isStopped()) {
            return;
          }
          deliver(event);
        }
      }
      case Delivery.CaughtUp at -> {
        reached(at.position());
        listener.onCaughtUp(at.position());
      }
      case Delivery.FellBehind at -> {
        reached(at.position());
        listener.onFellBehind(at.position());
      }
      case Delivery.Checkpoint at -> {
        reached(at.position());
        listener.onCheckpoint(at.position());
      }
    }
  }

  private void deliver(RecordedEvent event) throws Exception {
    long place = source.place().apply(event);
    if (place <= resumeAfter()) {
      throw new StoreFailedException(
          "the server at "
              + server
              + " sent "
              + event
              + " to a subscription that had come as far as "
              + resumeAfter(),
          null);
    }
    listener.onEvent(event);
    start = new SubscriptionStart.After(place);
  }

  /** Everything up to this position is delivered or did not match. */
  private void reached(long position) {
    if (source.resumesByPosition() && position > resumeAfter()) {
      start = new SubscriptionStart.After(position);
    }
  }

  private long resumeAfter() {
    return start instanceof SubscriptionStart.After after ? after.place() : 0;
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  @Override
  public void stop() {
    stopped.countDown();
    CallSignals<A, B> current = call;
    if (current != null) {
      current.cancel("the subscription was closed");
    }
  }
}
