package io.varve.benchmarks.campaign;

import io.varve.benchmarks.contender.Contender;
import io.varve.benchmarks.contender.GrpcEcho;
import io.varve.benchmarks.contender.Kafka;
import io.varve.benchmarks.contender.Nats;
import io.varve.benchmarks.contender.PostgreSqlFunction;
import io.varve.benchmarks.contender.PostgreSqlTable;
import io.varve.benchmarks.contender.RawRocksDb;
import io.varve.benchmarks.contender.Varve;
import io.varve.benchmarks.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * How fast is Varve beside what somebody would take instead, and beside what the machine can do?
 *
 * <p>Starts every contender that can be had, as a process of its own on loopback, and has each of
 * them do every workload once in each round. They stay up between their turns, so that all are warm
 * and none works while another is measured. Prints a Markdown table of medians, and ratios against
 * Varve in the same round; {@code --json} writes all rounds for the plots. Everything that was
 * written is removed.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx2g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.campaign.Campaign --json campaign.json
 * }</pre>
 */
@Command(
    name = "Campaign",
    description = "Compares Varve with others, all in turn, on this machine.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Campaign implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "How often each workload is run on each contender. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "How many rounds come before those and do not count: a JVM takes a minute of work to be"
              + " as fast as it gets. Default: ${DEFAULT-VALUE}.")
  private int warmUpRounds;

  @Option(
      names = "--warm-up",
      defaultValue = "2",
      paramLabel = "SECONDS",
      description = "How long each run is not measured. Default: ${DEFAULT-VALUE}.")
  private double warmUp;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      paramLabel = "SECONDS",
      description = "How long each run is measured. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--contenders",
      split = ",",
      paramLabel = "NAME",
      description = "Only these. Default: all that can be had.")
  private List<String> names = List.of();

  @Option(
      names = "--workloads",
      split = ",",
      paramLabel = "NAME",
      description = "Only these, or those whose names begin with these words. Default: all.")
  private List<String> workloads = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "On which disk they write: a folder of this run's own is made there, and removed. Default:",
        "the system's folder for what is temporary."
      })
  private @Nullable Path data;

  @Option(
      names = "--before",
      paramLabel = "JAR",
      description =
          "An earlier build's varve-server.jar, its libraries beside it, to be measured as"
              + " varve-before.")
  private @Nullable Path before;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write all figures to this file too, for Plots.")
  private @Nullable Path json;

  @Option(
      names = "--nats-server",
      paramLabel = "FILE",
      description = "NATS's server. Default: in benchmarks/target/contenders, or on the path.")
  private @Nullable Path natsServer;

  @Option(
      names = "--kafka-libraries",
      paramLabel = "DIR",
      defaultValue = "benchmarks/target/contenders/kafka",
      description = "Kafka's JARs. Default: ${DEFAULT-VALUE}.")
  private Path kafkaLibraries = Path.of("");

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    // What clients of others log at their start would bury what we say.
    System.setProperty("logback.configurationFile", "io/varve/benchmarks/campaign/logback.xml");
    System.exit(new CommandLine(new Campaign()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Machine machine = Machine.here();
    List<Workload> asked = asked();
    Map<Contender, String> leftOut = new LinkedHashMap<>();
    Map<Contender, Contender.Running> running = new LinkedHashMap<>();
    try (ScratchFolder scratch = ScratchFolder.make(data, "varve-campaign-")) {
      try {
        for (Contender contender : contenders()) {
          String missing = contender.missing();
          if (missing == null) {
            System.err.println("starting " + contender.name());
            running.put(contender, contender.start(scratch.path().resolve(contender.name())));
          } else {
            System.err.println(contender.name() + " is left out: " + missing);
            leftOut.put(contender, missing);
          }
        }
        List<Cell> cells = cells(asked, running);
        runAll(cells);
        CampaignReport report = new CampaignReport(machine, settings(), cells, leftOut);
        System.out.println(report.markdown());
        if (json != null) {
          Files.writeString(json, report.json());
        }
      } finally {
        closeAll(running.values());
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private List<Contender> contenders() {
    List<Contender> all = new ArrayList<>(List.of(Varve.pipelined(), Varve.unary()));
    if (before != null) {
      all.add(Varve.before(before));
    }
    all.add(new PostgreSqlTable());
    all.add(new PostgreSqlFunction());
    all.add(new Nats(natsServer, Path.of("benchmarks/target/contenders")));
    all.add(new Kafka(kafkaLibraries));
    all.add(new RawRocksDb());
    all.add(new GrpcEcho(false));
    all.add(new GrpcEcho(true));
    for (String name : names) {
      if (all.stream().noneMatch(contender -> contender.name().equals(name))) {
        throw new CommandLine.ParameterException(
            command.commandLine(),
            "--contenders knows " + all.stream().map(Contender::name).toList() + ", not " + name);
      }
    }
    return all.stream()
        .filter(contender -> names.isEmpty() || names.contains(contender.name()))
        .toList();
  }

  private List<Workload> asked() {
    List<Workload> found =
        Workload.all().stream()
            .filter(
                workload ->
                    workloads.isEmpty()
                        || workloads.stream().anyMatch(given -> isCalled(workload, given)))
            .toList();
    if (found.isEmpty()) {
      throw new CommandLine.ParameterException(
          command.commandLine(),
          "--workloads knows " + Workload.all().stream().map(Workload::name).toList());
    }
    return found;
  }

  /** By its whole name, or by words that it begins with: append is all of append-1, append-16 … */
  private static boolean isCalled(Workload workload, String given) {
    return workload.name().equals(given) || workload.name().startsWith(given + "-");
  }

  private static List<Cell> cells(
      List<Workload> workloads, Map<Contender, Contender.Running> running) {
    List<Cell> cells = new ArrayList<>();
    for (Workload workload : workloads) {
      running.forEach(
          (contender, runs) -> {
            if (Cell.isPossible(workload, contender, runs)) {
              cells.add(new Cell(workload, contender, runs));
            }
          });
    }
    return cells;
  }

  /** Every workload in each round; within it the contenders take turns at being first. */
  private void runAll(List<Cell> cells) throws IOException {
    Map<Workload, List<Cell>> byWorkload = new LinkedHashMap<>();
    for (Cell cell : cells) {
      byWorkload.computeIfAbsent(cell.workload(), _ -> new ArrayList<>()).add(cell);
    }
    int run = 0;
    for (int round = -warmUpRounds; round < rounds; round++) {
      for (List<Cell> row : byWorkload.values()) {
        List<Cell> turns = new ArrayList<>(row);
        Collections.rotate(turns, round);
        boolean counts = round >= 0;
        for (Cell cell : turns) {
          cell.run(Integer.toString(run++), duration(warmUp), duration(seconds));
          System.err.printf(
              "round %d of %d: %s on %s: %,.0f events a second%s%n",
              round + 1,
              rounds,
              cell.workload().name(),
              cell.contender().name(),
              cell.samples().getLast().perSecond(),
              counts ? "" : ", which do not count");
          if (!counts) {
            cell.forget();
          }
        }
      }
    }
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  private String settings() {
    return "%d rounds after %d to warm up, each run %s s after %s s; server and load on the same machine."
        .formatted(rounds, warmUpRounds, seconds, warmUp);
  }

  /** Closes all, whatever happens to one of them. */
  private static void closeAll(Iterable<Contender.Running> running) throws IOException {
    IOException failure = null;
    for (Contender.Running one : running) {
      try {
        one.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
