package io.varve.client.testkit;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.SubscriptionStart;
import io.varve.client.subscription.SubscriptionThread;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Follows the log in memory and hands what matches to a listener, as the server does over the wire.
 */
final class MemorySubscription implements SubscriptionThread.Work {

  private static final int BATCH = 500;

  /** A live subscriber that is further behind than this is told so. */
  private static final int LIVE_LAG = 4_096;

  /** A checkpoint follows so many events that did not match. */
  private static final int CHECKPOINT_AFTER = 10_000;

  /** A checkpoint follows this long without anything to deliver. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final MemoryLog log;
  private final Predicate<RecordedEvent> matches;
  private final SubscriptionListener listener;
  private final SubscriptionStart start;
  private final long notBeforePosition;
  private final long afterPosition;
  private volatile boolean stopping;

  // Of the subscription's thread. Everything up to `reached` has been delivered or passed over.
  private long reached;
  private int passedOver;
  private boolean live;

  MemorySubscription(MemoryLog log, SubscribeToStream request, SubscriptionListener listener) {
    this.log = log;
    this.listener = listener;
    this.start = request.start();
    this.notBeforePosition = request.notBeforePosition();
    // Versions say nothing about positions, so a start after a version looks through the whole log.
    this.afterPosition = 0;
    String stream = request.stream();
    long afterVersion = place(start);
    this.matches =
        event ->
            event.stream().equals(stream) && event.version() > afterVersion && log.isKept(event);
  }

  MemorySubscription(
      MemoryLog log,
      SubscribeToLog request,
      Predicate<RecordedEvent> query,
      SubscriptionListener listener) {
    this.log = log;
    this.listener = listener;
    this.start = request.start();
    this.notBeforePosition = request.notBeforePosition();
    this.afterPosition = place(start);
    this.matches = event -> event.position() > afterPosition && query.test(event);
  }

  private static long place(SubscriptionStart start) {
    return start instanceof SubscriptionStart.After after ? after.place() : 0;
  }

  @Override
  public void run(Runnable started) throws Exception {
    while (log.headPosition() < notBeforePosition && !stopping) {
      MemoryLog.Excerpt unused = log.awaitAfter(notBeforePosition - 1, 1, IDLE, () -> stopping);
    }
    long head = log.headPosition();
    reached = start instanceof SubscriptionStart.FromNow ? head : Math.min(afterPosition, head);
    started.run();
    while (!stopping) {
      MemoryLog.Excerpt next =
          log.awaitAfter(reached, BATCH, live ? IDLE : Duration.ZERO, () -> stopping);
      if (live && next.headPosition() - reached > LIVE_LAG) {
        live = false;
        listener.onFellBehind(reached);
      }
      if (live && next.events().isEmpty() && !stopping) {
        listener.onCheckpoint(reached);
      }
      for (RecordedEvent event : next.events()) {
        if (stopping) {
          return;
        }
        deliver(event);
      }
      if (!live && !stopping && reached == next.headPosition()) {
        live = true;
        listener.onCaughtUp(reached);
      }
    }
  }

  private void deliver(RecordedEvent event) throws Exception {
    if (matches.test(event)) {
      listener.onEvent(event);
      reached = event.position();
      passedOver = 0;
      return;
    }
    reached = event.position();
    passedOver++;
    if (passedOver == CHECKPOINT_AFTER) {
      passedOver = 0;
      listener.onCheckpoint(reached);
    }
  }

  @Override
  public void stop() {
    stopping = true;
    log.wakeAll();
  }
}
