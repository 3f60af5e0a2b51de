package io.varve.benchmarks.campaign;

import io.varve.server.cli.bench.LoadResult;
import io.varve.server.cli.bench.ShapeResult;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one round of one workload on one contender came to. Latencies are in microseconds.
 *
 * @param perSecond events a second
 * @param p50 the median latency of a request
 * @param p99 its 99th percentile
 * @param retriesPerSecond requests that were refused and made again
 * @param readsPerSecond reads that went on beside; null if there were none
 * @param deliveryP50 the median time to a consumer; null if there was none
 * @param deliveryP99 its 99th percentile; null likewise
 */
record Sample(
    double perSecond,
    double p50,
    double p99,
    double retriesPerSecond,
    @Nullable Double readsPerSecond,
    @Nullable Double deliveryP50,
    @Nullable Double deliveryP99) {

  static Sample of(ShapeResult result) {
    LoadResult requests = result.requests();
    LoadResult readers = result.readers();
    Histogram deliveries = result.deliveries();
    return new Sample(
        requests.eventsPerSecond(),
        (double) requests.micros(50),
        (double) requests.micros(99),
        requests.retries() / requests.seconds(),
        readers == null ? null : readers.requestsPerSecond(),
        deliveries == null ? null : (double) LoadResult.micros(deliveries, 50),
        deliveries == null ? null : (double) LoadResult.micros(deliveries, 99));
  }
}
