package io.varve.benchmarks.growth;

import io.varve.benchmarks.campaign.Machine;
import io.varve.benchmarks.process.ProcessMemory;
import io.varve.benchmarks.process.ScratchFolder;
import io.varve.benchmarks.process.VarveProcess;
import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.server.cli.bench.AppendShape;
import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.LoadResult;
import io.varve.server.cli.bench.Loader;
import io.varve.server.cli.bench.ScanShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Does what a store does cost more as it grows? How long does it take to start, and how much memory
 * does it hold?
 *
 * <p>Fills a server in a process of its own step by step, and after each step measures appends,
 * loads of small streams, queries and scans, looks at memory and disk, and starts the server again.
 * Prints a row of a Markdown table for each step as soon as it is done, and writes a line of JSON;
 * so what was measured is there when a long run is ended early. It ends by itself before the disk
 * is full. The store is removed at the end.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx1g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.growth.StoreGrowth --json growth.jsonl
 * }</pre>
 */
@Command(
    name = "StoreGrowth",
    description = "Fills a store step by step and measures it at each.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class StoreGrowth implements Callable<Integer> {
  private static final int CLIENTS = 16;
  private static final int APPENDS_IN_FLIGHT = 1_024;

  /** How much is written between two looks at the disk. */
  private static final long BETWEEN_LOOKS = 200_000;

  @Option(
      names = "--steps",
      split = ",",
      defaultValue = "1000000,2000000,5000000,10000000,20000000,50000000",
      paramLabel = "N",
      description = "The sizes at which it is measured, rising. Default: ${DEFAULT-VALUE}.")
  private List<Long> steps = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "On which disk the store is: a folder of this run's own is made there, and removed. About",
        "0.6 KB an event. Default: the system's folder for what is temporary."
      })
  private @Nullable Path data;

  @Option(
      names = "--jvm-options",
      split = ",",
      defaultValue = "-Xmx256m",
      paramLabel = "OPTION",
      description = "For the server's JVM. Default: ${DEFAULT-VALUE}.")
  private List<String> jvmOptions = List.of();

  @Option(
      names = "--settings",
      split = ",",
      paramLabel = "OPTION",
      description = "For the server, such as --block-cache=64MiB. Default: none.")
  private List<String> settings = List.of();

  @Option(
      names = "--seconds",
      defaultValue = "10",
      paramLabel = "SECONDS",
      description = "How long each figure is measured. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "3",
      paramLabel = "SECONDS",
      description = "How long before that is not. Default: ${DEFAULT-VALUE}.")
  private double warmUp;

  @Option(
      names = "--keep-free",
      defaultValue = "8",
      paramLabel = "GIB",
      description = "End when the disk has less than this free. Default: ${DEFAULT-VALUE}.")
  private long keepFreeGib;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write a line for each step to this file too, for Plots. It must not exist.")
  private @Nullable Path json;

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new StoreGrowth()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    if (json != null) {
      Files.createFile(json);
    }
    System.out.println(Machine.here().sentence() + " Server with " + jvmOptions + settings + ".");
    System.out.println();
    System.out.println(Checkpoint.HEAD);
    try (ScratchFolder scratch = ScratchFolder.make(data, "varve-growth-")) {
      Filling filling = new Filling();
      Path folder = scratch.path().resolve("store");
      for (long step : steps) {
        Checkpoint reached = step(folder, filling, step);
        if (reached == null) {
          System.out.println();
          System.out.printf(
              "Ended at %,d events: the disk has less than %d GiB free.%n",
              filling.events(), keepFreeGib);
          break;
        }
        System.out.println(reached.row());
        if (json != null) {
          Files.writeString(json, reached.json() + "\n", StandardOpenOption.APPEND);
        }
      }
    }
    return CommandLine.ExitCode.OK;
  }

  /** Fills up to a size and measures there; null: the disk has no room for it. */
  private @Nullable Checkpoint step(Path folder, Filling filling, long target) throws IOException {
    double filledPerSecond;
    LoadResult appends;
    LoadResult reads;
    LoadResult queries;
    LoadResult scans;
    long diskBytes;
    ProcessMemory loaded;
    try (VarveProcess server = VarveProcess.start(folder, jvmOptions, settings);
        VarveClient store = server.connect(APPENDS_IN_FLIGHT)) {
      long before = filling.events();
      long begun = System.nanoTime();
      while (filling.events() < target) {
        if (Files.getFileStore(folder).getUsableSpace() < (keepFreeGib << 30)) {
          return null;
        }
        filling.fill(store, Math.min(target, filling.events() + BETWEEN_LOOKS));
      }
      filledPerSecond = (filling.events() - before) / ((System.nanoTime() - begun) / 1e9);
      LoadPlan plan = new LoadPlan(CLIENTS, null, duration(warmUp), duration(seconds));
      reads = Loader.run(plan, _ -> _ -> read(store, filling));
      queries = Loader.run(plan, _ -> _ -> query(store, filling));
      scans = new ScanShape(100_000, Query.all()).run(_ -> store, plan.closed(1)).requests();
      appends =
          new AppendShape(AppendShape.Target.OWN_STREAM, 1, 200).run(_ -> store, plan).requests();
      diskBytes = store.statistics().diskBytes();
      loaded = server.memory();
    }
    try (VarveProcess again = VarveProcess.start(folder, jvmOptions, settings)) {
      return new Checkpoint(
          filling.events(),
          filledPerSecond,
          appends,
          reads,
          queries,
          scans,
          diskBytes,
          loaded,
          again.untilReady(),
          again.memory());
    }
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  private static long read(VarveClient store, Filling filling) {
    try (EventReader events = store.readStream(ReadStream.of(filling.anyStream()))) {
      return count(events);
    }
  }

  private static long query(VarveClient store, Filling filling) {
    ReadLog newest =
        ReadLog.all()
            .query(Query.tags(filling.anyTag()))
            .backwards()
            .limit(Filling.EVENTS_OF_A_STREAM);
    try (EventReader events = store.readLog(newest)) {
      return count(events);
    }
  }

  private static long count(EventReader events) {
    long count = 0;
    for (var _ : events) {
      count++;
    }
    return count;
  }
}
