package io.varve.server.cli;

import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What a load came to. */
final class LoadReport {
  /** Latencies are right to a thousandth. */
  static final int DIGITS = 3;

  private final int clients;
  private final int connections;
  private final @Nullable Double rate;
  private final Duration warmUp;
  private final Duration measured;
  private final Histogram latencies = new Histogram(DIGITS);
  private long events;

  LoadReport(
      int clients, int connections, @Nullable Double rate, Duration warmUp, Duration measured) {
    this.clients = clients;
    this.connections = connections;
    this.rate = rate;
    this.warmUp = warmUp;
    this.measured = measured;
  }

  void add(Histogram client, long eventsOfClient) {
    latencies.add(client);
    events += eventsOfClient;
  }

  /** A line to which more can be put. */
  JsonLine line(String shape) {
    double seconds = measured.toNanos() / 1e9;
    JsonLine line =
        new JsonLine().put("shape", shape).put("loop", rate == null ? "closed" : "open");
    if (rate != null) {
      line.put("rate", rate);
    }
    return line.put("clients", clients)
        .put("connections", connections)
        .put("warm_up_seconds", warmUp.toNanos() / 1e9)
        .put("seconds", seconds)
        .put("requests", latencies.getTotalCount())
        .put("events", events)
        .put("requests_per_second", latencies.getTotalCount() / seconds)
        .put("events_per_second", events / seconds)
        .putJson("latency_micros", json(latencies));
  }

  /** Percentiles in microseconds. */
  static String json(Histogram nanos) {
    return new JsonLine()
        .put("p50", micros(nanos, 50))
        .put("p90", micros(nanos, 90))
        .put("p99", micros(nanos, 99))
        .put("p99_9", micros(nanos, 99.9))
        .put("max", nanos.getMaxValue() / 1_000)
        .put("mean", Math.round(nanos.getMean() / 1_000))
        .end();
  }

  private static long micros(Histogram nanos, double percentile) {
    return nanos.getTotalCount() == 0 ? 0 : nanos.getValueAtPercentile(percentile) / 1_000;
  }
}
