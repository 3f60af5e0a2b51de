package io.varve.benchmarks;

import io.varve.server.append.AppendCommand;
import io.varve.server.append.Command;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Position;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import io.varve.server.ops.metrics.CommitMetrics;
import io.varve.server.ops.metrics.ServerMetrics;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * What do metrics cost on the commit path?
 *
 * <p>Proposes commands to a commit log that answers at once, with metrics around it and without, in
 * turn, and tells the CPU time that metrics add to a command, and to a batch on the writer's
 * thread.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.MetricsCost
 * }</pre>
 */
@CommandLine.Command(
    name = "MetricsCost",
    description = "CPU time that metrics add to a command and to a batch.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class MetricsCost implements Callable<Integer> {
  private static final AppendCommand COMMAND =
      new AppendCommand(
          new StreamId("account-1"), new ExpectedVersion.Any(), List.of(), null, Instant.EPOCH, 0);
  private static final Outcome DONE =
      new Outcome.Appended(new StreamVersion(1), new Position(1), Instant.EPOCH, false);

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private long answered;

  @Option(
      names = "--rounds",
      defaultValue = "21",
      paramLabel = "N",
      description = "Rounds with and without metrics, in turn. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--commands",
      defaultValue = "2000000",
      paramLabel = "N",
      description = "Commands, and batches, in a round. Default: ${DEFAULT-VALUE}.")
  private int commands;

  /** Answers at once, so that nothing is measured but what is around it. */
  private static final class AtOnce implements CommitLog {
    @Override
    public void propose(Command command, Consumer<Outcome> callback) {
      callback.accept(DONE);
    }

    @Override
    public void close() {
      // There is nothing open.
    }
  }

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new MetricsCost()).execute(arguments));
  }

  @Override
  public Integer call() {
    try (ServerMetrics metrics = new ServerMetrics("benchmark", System::nanoTime);
        CommitLog bare = new AtOnce();
        CommitLog metered = metrics.metered(bare)) {
      List<Double> ofCommands = new ArrayList<>();
      List<Double> ofBatches = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        double without = nanosEach(() -> bare.propose(COMMAND, _ -> answered++));
        double with = nanosEach(() -> metered.propose(COMMAND, _ -> answered++));
        ofCommands.add(with - without);
        ofBatches.add(nanosEach(() -> batch(metrics.commits())));
      }
      print("a command", ofCommands);
      print("a batch", ofBatches);
    }
    return answered == 2L * rounds * commands ? 0 : 1;
  }

  private static void batch(CommitMetrics commits) {
    commits.writing(10, 10, 3_000);
    commits.written();
    commits.committed(List.of());
  }

  private double nanosEach(Runnable action) {
    long begun = threads.getCurrentThreadCpuTime();
    for (int i = 0; i < commands; i++) {
      action.run();
    }
    return (double) (threads.getCurrentThreadCpuTime() - begun) / commands;
  }

  private static void print(String what, List<Double> nanos) {
    Collections.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%s: %.0f ns of CPU more (median; least %.0f, most %.0f)%n",
        what,
        nanos.get(nanos.size() / 2),
        nanos.getFirst(),
        nanos.getLast());
  }
}
