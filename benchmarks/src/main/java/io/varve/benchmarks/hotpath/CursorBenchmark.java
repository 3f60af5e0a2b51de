package io.varve.benchmarks.hotpath;

import io.varve.server.storage.EventPage;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What does a step of a reader cost: a page of the log, a small stream? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH calls open before anything else
public class CursorBenchmark {
  private static final int EVENTS = 200_000;
  private static final int PAGE_BYTES = 64 * 1024;

  private OpenStorage open;

  /** Writes a log. */
  @Setup
  public void open() throws IOException {
    open = new OpenStorage();
    SomeEvents.write(open.storage(), EVENTS);
  }

  /** A page of 64 KiB from a random place on. */
  @Benchmark
  public EventPage logPage() {
    long from = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 2);
    return open.storage().readLog(from, EVENTS, PAGE_BYTES);
  }

  /** A random stream of 20 events. */
  @Benchmark
  public EventPage smallStream() {
    long stream = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 20);
    EventPage page = open.storage().readStream(stream, 1, 20, PAGE_BYTES);
    if (page.count() != 20) {
      throw new IllegalStateException(page.count() + " events of 20");
    }
    return page;
  }

  /** Removes everything. */
  @TearDown
  public void close() throws IOException {
    open.close();
  }
}
