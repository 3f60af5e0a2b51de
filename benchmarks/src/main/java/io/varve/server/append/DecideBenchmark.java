package io.varve.server.append;

import io.varve.benchmarks.hotpath.OpenStorage;
import io.varve.benchmarks.hotpath.SomeEvents;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.StreamId;
import java.io.IOException;
import java.util.ArrayList;
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
 * What does the committer's thread do for an append of one event: look for its id and its stream's
 * head, decide, and put it into the commit? What {@code CommitBuildBenchmark} measures is part of
 * it. Encoding the body, which is the caller's, and writing the commit are left out.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH calls open before anything else
public class DecideBenchmark {
  private static final int COMMANDS = 1_000;
  private static final int MAX_CACHED_HEADS = 100_000;

  private OpenStorage open;
  private Committer committer;
  private long round;
  private long answered;
  private final List<AppendCommand> commands = new ArrayList<>();

  /** Opens an empty storage. */
  @Setup
  public void open() throws IOException {
    open = new OpenStorage();
    committer = new Committer(open.storage(), MAX_CACHED_HEADS);
  }

  /** Makes the commands of the next batch: to 1,000 streams, each under its version. */
  @Setup(Level.Invocation)
  public void prepare() {
    commands.clear();
    for (int i = 0; i < COMMANDS; i++) {
      commands.add(
          AppendCommand.of(
              new StreamId("account-" + i),
              new ExpectedVersion.Exactly(round),
              List.of(SomeEvents.next()),
              null,
              SomeEvents.TIME));
    }
    round++;
  }

  /** Decides a batch. */
  @Benchmark
  @OperationsPerInvocation(COMMANDS)
  public int decide() {
    for (AppendCommand command : commands) {
      committer.decide(command, _ -> answered++);
    }
    return committer.open().commit().count();
  }

  /** Writes it. All must have been taken: a refusal costs less. */
  @TearDown(Level.Invocation)
  public void write() {
    Batch batch = committer.handOver();
    if (batch.commit().count() != COMMANDS) {
      throw new IllegalStateException(batch.commit().count() + " events of " + COMMANDS);
    }
    batch.commit().write();
    batch.answers().forEach(answer -> answer.callback().accept(answer.outcome()));
  }

  /** Removes everything. */
  @TearDown
  public void close() throws IOException {
    if (answered != round * COMMANDS) {
      throw new IllegalStateException(answered + " answers to " + round * COMMANDS);
    }
    open.close();
  }
}
