package io.varve.benchmarks.hotpath;

import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to put an event into a commit, with both copies and its places in the indexes?
 * Writing the commit is left out: it happens between what is measured.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH calls open before anything else
public class CommitBuildBenchmark {
  private static final int EVENTS = 1_000;

  private OpenStorage open;
  private List<AssignedEvent> events = List.of();
  private Commit commit;

  /** Opens an empty storage. */
  @Setup
  public void open() throws IOException {
    open = new OpenStorage();
  }

  /** Makes the events of the next commit. */
  @Setup(Level.Invocation)
  public void prepare() {
    long head = open.storage().head().position();
    events = SomeEvents.assigned(head + 1, 1 + head / 20, EVENTS);
    commit = open.storage().begin();
  }

  /** Builds a commit. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long build() {
    for (AssignedEvent event : events) {
      commit.add(event);
    }
    return commit.bytes();
  }

  /** Writes it, for the next must follow. */
  @TearDown(Level.Invocation)
  public void write() {
    commit.write();
  }

  /** Removes everything. */
  @TearDown
  public void close() throws IOException {
    open.close();
  }
}
