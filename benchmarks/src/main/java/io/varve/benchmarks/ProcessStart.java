package io.varve.benchmarks;

import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Input;
import io.varve.client.eventsourcing.process.Origin;
import io.varve.client.eventsourcing.process.ProcessManager;
import io.varve.client.eventsourcing.process.ProcessRunner;
import io.varve.client.eventsourcing.process.ProcessStatus;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Transaction;
import io.varve.server.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What does the start of a process cost that has many finished instances behind it?
 *
 * <p>Writes streams of finished instances, and starts a runner a few times. The first start reads
 * two events for each of them and writes the list of open ones down; the later ones read the list.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx1g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.ProcessStart
 * }</pre>
 */
@Command(
    name = "ProcessStart",
    description = "Starts a process that has finished instances behind it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class ProcessStart implements Callable<Integer> {

  private static final int INSTANCES_AT_ONCE = 500;
  private static final String NAME = "measured";

  @Option(
      names = "--instances",
      defaultValue = "100000",
      paramLabel = "N",
      description = "How many instances are finished. Default: ${DEFAULT-VALUE}.")
  private int instances;

  @Option(
      names = "--starts",
      defaultValue = "6",
      paramLabel = "N",
      description = "How often the runner is started. Default: ${DEFAULT-VALUE}.")
  private int starts;

  /** What happens; none of it ever does. */
  public sealed interface Event {}

  /** An event. */
  public record Measured(String id) implements Event {}

  private static final class Idle implements ProcessManager<Boolean, Event> {
    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Boolean initial() {
      return false;
    }

    @Override
    public Optional<String> correlate(Event event, Origin origin) {
      return Optional.of(origin.id());
    }

    @Override
    public boolean starts(Event event) {
      return true;
    }

    @Override
    public Boolean evolve(Boolean state, Input<Event> input) {
      return true;
    }

    @Override
    public List<Effect> react(Boolean state, Input<Event> input) {
      return List.of();
    }
  }

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ProcessStart()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, StartFailure {
    Path temporary = Files.createTempDirectory("varve-process-start-");
    try (LocalStore local = LocalStore.open(temporary)) {
      fill(local.store());
      for (int start = 1; start <= starts; start++) {
        System.out.printf(
            Locale.ROOT,
            "start %d with %,d finished instances: %,.1f ms%n",
            start,
            instances,
            start(local.store()) / 1e6);
      }
    } finally {
      try (Stream<Path> below = Files.walk(temporary)) {
        for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private void fill(EventStore store) {
    for (int first = 0; first < instances; first += INSTANCES_AT_ONCE) {
      Transaction.Builder batch = Transaction.builder();
      for (int i = first; i < Math.min(instances, first + INSTANCES_AT_ONCE); i++) {
        batch.append(
            NAME + "-" + i,
            ExpectedVersion.noStream(),
            NewEvent.json("ProcessStarted", ""),
            NewEvent.json("ProcessEventTaken", "{\"id\":\"" + i + "\"}"),
            NewEvent.json("ProcessCommandIssued", "{\"id\":\"" + i + "\"}"),
            NewEvent.json("ProcessCommandAccepted", ""),
            NewEvent.json("ProcessCompleted", ""));
      }
      store.transact(batch.build());
    }
  }

  private static long start(EventStore store) {
    long begun = System.nanoTime();
    try (var runner =
        ProcessRunner.builder(store, new Idle(), JsonEvents.of(Event.class)).start()) {
      while (runner.status().intake() != ProcessStatus.Intake.FOLLOWING) {
        LockSupport.parkNanos(100_000);
      }
      return System.nanoTime() - begun;
    }
  }
}
