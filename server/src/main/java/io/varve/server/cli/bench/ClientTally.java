package io.varve.server.cli.bench;

import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What one client has counted. Answers may be counted by several threads if it was made for that.
 */
final class ClientTally {
  private final Histogram latencies;
  private final LongAdder events = new LongAdder();
  private final LongAdder retries = new LongAdder();

  private ClientTally(Histogram latencies) {
    this.latencies = latencies;
  }

  /** For a client that counts in its own thread only. */
  static ClientTally ofOneThread() {
    return new ClientTally(new Histogram(LoadResult.DIGITS));
  }

  /** For a client whose answers come on any thread. */
  static ClientTally ofManyThreads() {
    return new ClientTally(new ConcurrentHistogram(LoadResult.DIGITS));
  }

  void add(long nanos, long someEvents, long someRetries) {
    latencies.recordValue(Math.max(0, nanos));
    events.add(someEvents);
    retries.add(someRetries);
  }

  AbstractHistogram latencies() {
    return latencies;
  }

  long events() {
    return events.sum();
  }

  long retries() {
    return retries.sum();
  }
}
