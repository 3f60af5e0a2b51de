package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.varve.server.append.CommitListener;
import io.varve.server.storage.EventRun;
import java.util.List;
import java.util.function.LongSupplier;

/** How long commits take and how much is in one. Told by the writer's thread alone. */
public final class CommitMetrics implements CommitListener {
  private final DistributionDataPoint writes;
  private final DistributionDataPoint batchEvents;
  private final DistributionDataPoint batchCommands;
  private final Counter events;
  private final Counter bytes;
  private final LongSupplier nanoTime;

  private long begunNanos; // the writer's, as the next
  private long bytesBegun;

  CommitMetrics(MeterRegistry registry, Histograms histograms, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.writes =
        histograms
            .seconds(
                "varve_commit_seconds",
                "How long it takes to write one batch and to make it durable.")
            .labelValues();
    this.batchEvents =
        histograms
            .counts("varve_commit_batch_events", "How many events one batch holds.")
            .labelValues();
    this.batchCommands =
        histograms
            .counts(
                "varve_commit_batch_commands",
                "How many commands one batch answers, refused ones included.")
            .labelValues();
    this.events =
        Counter.builder("varve.committed.events")
            .description("Events that have become durable.")
            .register(registry);
    this.bytes =
        Counter.builder("varve.committed")
            .description("What these events took, as encoded for the disk.")
            .baseUnit("bytes")
            .register(registry);
  }

  @Override
  public void writing(int commands, int eventCount, long byteCount) {
    batchCommands.observe(commands);
    if (eventCount > 0) {
      batchEvents.observe(eventCount);
    }
    bytesBegun = byteCount;
    begunNanos = nanoTime.getAsLong();
  }

  @Override
  public void written() {
    writes.observe(Histograms.seconds(nanoTime.getAsLong() - begunNanos));
    bytes.increment((double) bytesBegun);
  }

  @Override
  public void committed(List<EventRun> runs) {
    int count = 0;
    for (EventRun run : runs) {
      count += run.count();
    }
    events.increment(count);
  }

  @Override
  public void stopped(String reason) {
    // Told by the gauge that says whether the store takes appends.
  }
}
