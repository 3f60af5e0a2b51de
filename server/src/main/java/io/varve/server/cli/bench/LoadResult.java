package io.varve.server.cli.bench;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What a load came to.
 *
 * @param plan what was asked for
 * @param latencies of the requests that were due while it counted, in nanoseconds; not to be
 *     changed
 * @param events how many events those requests appended or read
 * @param retries how often they were refused and made again
 */
public record LoadResult(LoadPlan plan, Histogram latencies, long events, long retries) {
  /** Latencies are right to a thousandth. */
  public static final int DIGITS = 3;

  /**
   * The clients of one load together: counts are added up, and percentiles are of all requests, not
   * of the clients' percentiles.
   */
  static LoadResult merge(LoadPlan plan, List<ClientTally> clients) {
    Histogram all = new Histogram(DIGITS);
    long events = 0;
    long retries = 0;
    for (ClientTally client : clients) {
      all.add(client.latencies());
      events += client.events();
      retries += client.retries();
    }
    return new LoadResult(plan, all, events, retries);
  }

  /** Requests that were due while it counted. */
  public long requests() {
    return latencies.getTotalCount();
  }

  /** Requests a second. */
  public double requestsPerSecond() {
    return requests() / seconds();
  }

  /** Events a second. */
  public double eventsPerSecond() {
    return events / seconds();
  }

  /** How long it counted. */
  public double seconds() {
    return plan.measured().toNanos() / 1e9;
  }

  /** A percentile of the latency in microseconds; 0 if there was no request. */
  public long micros(double percentile) {
    return micros(latencies, percentile);
  }

  /** A percentile of nanoseconds, in microseconds; 0 if nothing was recorded. */
  public static long micros(Histogram nanos, double percentile) {
    return nanos.getTotalCount() == 0 ? 0 : nanos.getValueAtPercentile(percentile) / 1_000;
  }
}
