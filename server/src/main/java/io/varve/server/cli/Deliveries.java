package io.varve.server.cli;

import io.varve.client.streams.NewEvent;
import io.varve.client.streams.SubscriptionListener;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;

/** What live subscribers in this process get: when each event was due is in its payload. */
final class Deliveries {
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private final ConcurrentHistogram latencies = new ConcurrentHistogram(LoadReport.DIGITS);
  private final LongAdder delivered = new LongAdder();
  private final Load load;

  Deliveries(Load load) {
    this.load = load;
  }

  static NewEvent event(long due) {
    return NewEvent.of("Benched", ByteBuffer.allocate(Long.BYTES).putLong(due).array());
  }

  SubscriptionListener listener() {
    return event -> {
      long now = System.nanoTime();
      long due = ByteBuffer.wrap(event.data()).getLong();
      if (due >= load.measuredFrom()) {
        latencies.recordValue(now - due);
      }
      delivered.increment();
    };
  }

  /** Waits until so many have come, warm-up included. */
  void await(long expected) {
    long begun = System.nanoTime();
    while (delivered.sum() < expected) {
      if (System.nanoTime() - begun > PATIENCE_NANOS) {
        throw new CommandFailure(
            ExitCode.ADDRESS_UNAVAILABLE,
            "of " + expected + " deliveries only " + delivered.sum() + " came");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  long count() {
    return latencies.getTotalCount();
  }

  String latencies() {
    return LoadReport.json(latencies);
  }
}
