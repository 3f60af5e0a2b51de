package io.varve.client.conformance;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a subscription delivers, and whether its calls ever overlapped or went on after the
 * last.
 */
class RecordingListener implements SubscriptionListener {

  final List<RecordedEvent> events = new CopyOnWriteArrayList<>();
  final List<Long> checkpoints = new CopyOnWriteArrayList<>();
  final List<Long> caughtUps = new CopyOnWriteArrayList<>();
  final List<Throwable> causes = new CopyOnWriteArrayList<>();
  final List<String> mistakes = new CopyOnWriteArrayList<>();
  final AtomicInteger closings = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();

  /** What a subclass does with an event. */
  void handle(RecordedEvent event) throws Exception {}

  @Override
  public final void onEvent(RecordedEvent event) throws Exception {
    enter("onEvent");
    try {
      events.add(event);
      handle(event);
    } finally {
      running.decrementAndGet();
    }
  }

  @Override
  public final void onCheckpoint(long position) {
    enter("onCheckpoint");
    checkpoints.add(position);
    running.decrementAndGet();
  }

  @Override
  public final void onCaughtUp(long position) {
    enter("onCaughtUp");
    caughtUps.add(position);
    running.decrementAndGet();
  }

  @Override
  public final void onClosed(@Nullable Throwable cause) {
    enter("onClosed");
    if (cause != null) {
      causes.add(cause);
    }
    closings.incrementAndGet();
    running.decrementAndGet();
  }

  private void enter(String call) {
    if (running.incrementAndGet() != 1) {
      mistakes.add(call + " overlapped another call");
    }
    if (closings.get() > 0) {
      mistakes.add(call + " came after onClosed");
    }
  }

  List<Long> positions() {
    return StoreTests.positions(events);
  }

  List<Long> versions() {
    return StoreTests.versions(events);
  }
}
