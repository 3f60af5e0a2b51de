package io.varve.server.cli.bench;

import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.SubscriptionListener;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What live consumers in this process get: when each event was due is in its payload. Events that
 * were due before it counts are delivered and not counted.
 */
final class Deliveries {
  /** What a group's consumer may have beside what it has answered; renewed when half is used. */
  static final int CREDIT = 10_000;

  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final ConcurrentHistogram latencies = new ConcurrentHistogram(LoadResult.DIGITS);
  private final LongAdder delivered = new LongAdder();
  private final LongAdder appended = new LongAdder();
  private final LongSupplier measuredFrom;

  /**
   * @param measuredFrom from when on it counts, on the clock of System.nanoTime
   */
  Deliveries(LongSupplier measuredFrom) {
    this.measuredFrom = measuredFrom;
  }

  /** Appends events for the consumers, each client to a stream of its own. */
  LoadResult appendTo(Stores stores, String prefix, LoadPlan plan, Loader loader) {
    LoadPart appends =
        LoadPart.of(
            plan.clients(),
            plan.rate(),
            number -> {
              EventStore store = stores.of(number);
              return due -> {
                var _ = store.append(prefix + number, ExpectedVersion.any(), event(due));
                appended.increment();
                return 1;
              };
            });
    return loader.run(List.of(appends)).getFirst();
  }

  /** How many events have been appended, warm-up included. */
  long appended() {
    return appended.sum();
  }

  static NewEvent event(long due) {
    return NewEvent.of("Benched", ByteBuffer.allocate(Long.BYTES).putLong(due).array());
  }

  /** One live subscriber. */
  SubscriptionListener subscriber() {
    return event -> count(event.data());
  }

  /** One consumer of a group. */
  ConsumerListener consumer() {
    return new Consumer();
  }

  private void count(byte[] data) {
    long now = System.nanoTime();
    long due = ByteBuffer.wrap(data).getLong();
    if (due >= measuredFrom.getAsLong()) {
      latencies.recordValue(Math.max(0, now - due));
    }
    delivered.increment();
  }

  /** Acks each event as it comes. Called by one thread at a time. */
  private final class Consumer implements ConsumerListener {
    private int credit = CREDIT;

    @Override
    public void onEvent(DeliveredEvent event, GroupConsumer consumer) {
      count(event.event().data());
      consumer.ack(event);
      if (--credit < CREDIT / 2) {
        credit += CREDIT;
        consumer.credit(CREDIT);
      }
    }
  }

  /** Waits until so many have come, warm-up included. */
  void await(long expected) {
    long begun = System.nanoTime();
    while (delivered.sum() < expected) {
      if (System.nanoTime() - begun > PATIENCE_NANOS) {
        throw new LoadFailure(
            "of " + expected + " deliveries only " + delivered.sum() + " came within a minute");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  Histogram latencies() {
    return latencies;
  }
}
