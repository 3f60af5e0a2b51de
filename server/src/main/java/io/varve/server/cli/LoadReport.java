package io.varve.server.cli;

import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.LoadResult;
import io.varve.server.cli.bench.ShapeResult;
import org.HdrHistogram.Histogram;

/** What a load came to, as members of a line. */
final class LoadReport {
  private LoadReport() {}

  /** A line to which more can be put. */
  static JsonLine line(String shape, int connections, ShapeResult result) {
    LoadResult load = result.requests();
    LoadPlan plan = load.plan();
    Double rate = plan.rate();
    JsonLine line =
        new JsonLine().put("shape", shape).put("loop", rate == null ? "closed" : "open");
    if (rate != null) {
      line.put("rate", rate);
    }
    line.put("clients", plan.clients())
        .put("connections", connections)
        .put("warm_up_seconds", plan.warmUp().toNanos() / 1e9)
        .put("seconds", load.seconds())
        .put("requests", load.requests())
        .put("events", load.events())
        .put("retries", load.retries())
        .put("requests_per_second", load.requestsPerSecond())
        .put("events_per_second", load.eventsPerSecond())
        .putJson("latency_micros", json(load.latencies()));
    LoadResult readers = result.readers();
    if (readers != null) {
      line.put("readers", readers.plan().clients())
          .put("reads", readers.requests())
          .put("reads_per_second", readers.requestsPerSecond())
          .put("events_read_per_second", readers.eventsPerSecond())
          .putJson("read_latency_micros", json(readers.latencies()));
    }
    Histogram deliveries = result.deliveries();
    if (deliveries != null) {
      line.put("deliveries", deliveries.getTotalCount())
          .put("deliveries_per_second", deliveries.getTotalCount() / load.seconds())
          .putJson("delivery_latency_micros", json(deliveries));
    }
    return line;
  }

  /** Percentiles in microseconds. */
  private static String json(Histogram nanos) {
    return new JsonLine()
        .put("p50", LoadResult.micros(nanos, 50))
        .put("p90", LoadResult.micros(nanos, 90))
        .put("p99", LoadResult.micros(nanos, 99))
        .put("p99_9", LoadResult.micros(nanos, 99.9))
        .put("max", nanos.getMaxValue() / 1_000)
        .put("mean", Math.round(nanos.getMean() / 1_000))
        .end();
  }
}
