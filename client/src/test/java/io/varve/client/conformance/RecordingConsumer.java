package io.varve.client.conformance;

import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a group delivers to one consumer, and whether the calls ever overlapped or went on
 * after the last. What {@link #handle} does with an event is a subclass's; it leaves it unanswered.
 */
class RecordingConsumer implements ConsumerListener {

  final List<DeliveredEvent> events = new CopyOnWriteArrayList<>();
  final List<Throwable> causes = new CopyOnWriteArrayList<>();
  final List<String> mistakes = new CopyOnWriteArrayList<>();
  final AtomicInteger closings = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();

  /** Set once it has joined. */
  GroupConsumer member;

  /** What a subclass does with an event. */
  void handle(DeliveredEvent event, GroupConsumer consumer) throws Exception {}

  @Override
  public final void onEvent(DeliveredEvent event, GroupConsumer consumer) throws Exception {
    enter("onEvent");
    try {
      events.add(event);
      handle(event, consumer);
    } finally {
      running.decrementAndGet();
    }
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
    return events.stream().map(DeliveredEvent::position).toList();
  }

  List<Integer> retryCounts() {
    return events.stream().map(DeliveredEvent::retryCount).toList();
  }

  DeliveredEvent last() {
    return events.getLast();
  }
}
