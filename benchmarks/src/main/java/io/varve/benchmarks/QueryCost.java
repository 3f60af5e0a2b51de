package io.varve.benchmarks;

import io.varve.benchmarks.Question.Answer;
import io.varve.server.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Does the cost of a query follow its matches, or the size of the log?
 *
 * <p>Asks the same {@link Question questions} of logs of different sizes and prints a Markdown
 * table: for each question how many events match in each log, and how many microseconds it took
 * until the first match and until there was nothing more to come, as median and 99th percentile,
 * with the largest log's median divided by the smallest's.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx1g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.QueryCost --events 1000000,10000000 --data /some/folder
 * }</pre>
 *
 * <p>The logs are written first, unless an earlier run has left them in the folder. All are open at
 * once, and each round asks every question of every log, in an order of its own, so that whatever
 * else the machine does, and whatever a question leaves to do, falls on all alike. What is measured
 * is a repeated question: pages that it needs are in memory. Transactions leave a few events behind
 * in the logs, which no question is about.
 */
@Command(
    name = "QueryCost",
    description = "Asks the same questions of logs of different sizes.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class QueryCost implements Callable<Integer> {

  @Option(
      names = "--events",
      split = ",",
      defaultValue = "1000000,10000000",
      paramLabel = "N",
      description =
          "The sizes of the logs, smallest first, multiples of 1,000. Default: ${DEFAULT-VALUE}.")
  private List<Integer> sizes = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "The folder for the logs, which are left there and used again; about 0.6 KB an event.",
        "Without it, a temporary folder that is removed at the end."
      })
  private @Nullable Path data;

  @Option(
      names = "--rounds",
      defaultValue = "1000",
      paramLabel = "N",
      description = "How often each question is measured. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "300",
      paramLabel = "N",
      description = "How often each is asked before that. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new QueryCost()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, StartFailure {
    Path kept = data;
    if (kept != null) {
      measureIn(kept);
      return CommandLine.ExitCode.OK;
    }
    Path temporary = Files.createTempDirectory("varve-query-cost-");
    try {
      measureIn(temporary);
    } finally {
      remove(temporary);
    }
    return CommandLine.ExitCode.OK;
  }

  private void measureIn(Path folder) throws StartFailure {
    List<OpenLog> logs = new ArrayList<>();
    try {
      for (int size : sizes) {
        logs.add(OpenLog.open(folder, size));
      }
      List<Row> rows = Question.all().stream().map(question -> new Row(question, logs)).toList();
      measure(rows);
      System.out.println(table(rows));
    } finally {
      logs.forEach(OpenLog::close);
    }
  }

  private void measure(List<Row> rows) {
    List<Cell> cells = new ArrayList<>();
    rows.forEach(row -> cells.addAll(row.cells));
    Random random = new Random(1);
    System.err.println("warming up");
    for (int round = 0; round < warmUp; round++) {
      Collections.shuffle(cells, random);
      cells.forEach(Cell::ask);
    }
    System.err.println("measuring");
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(cells, random);
      cells.forEach(cell -> cell.add(cell.ask()));
    }
  }

  /** A line of the table: one question, and what came of it on each log. */
  private final class Row {
    private final Question question;
    private final List<Cell> cells;

    Row(Question question, List<OpenLog> logs) {
      this.question = question;
      this.cells = logs.stream().map(log -> new Cell(question, log)).toList();
    }
  }

  private final class Cell {
    private final Question question;
    private final OpenLog log;
    private final Timings first = new Timings(rounds);
    private final Timings all = new Timings(rounds);
    private int matches;

    Cell(Question question, OpenLog log) {
      this.question = question;
      this.log = log;
    }

    Answer ask() {
      Answer answer = question.asking().ask(log.store());
      matches = answer.matches();
      return answer;
    }

    void add(Answer answer) {
      if (answer.firstNanos() != Answer.NONE) {
        first.add(answer.firstNanos());
      }
      all.add(answer.allNanos());
    }
  }

  private String table(List<Row> rows) {
    List<String> head = new ArrayList<>(List.of("question"));
    for (String what : List.of("matches", "first match", "all matches")) {
      for (int size : sizes) {
        head.add(what + ", " + shortly(size));
      }
      if (!what.equals("matches")) {
        head.add("ratio");
      }
    }
    Stream<String> lines =
        Stream.concat(
            Stream.of(line(head), "| --- |" + " ---: |".repeat(head.size() - 1)),
            rows.stream().map(QueryCost::line));
    return lines.collect(Collectors.joining("\n"));
  }

  private static String shortly(int size) {
    return size % 1_000_000 == 0 ? size / 1_000_000 + " M" : size / 1_000 + " k";
  }

  private static String line(Row row) {
    List<String> texts = new ArrayList<>(List.of(row.question.text()));
    row.cells.forEach(cell -> texts.add(String.format(Locale.ROOT, "%,d", cell.matches)));
    addTimings(texts, row.cells.stream().map(cell -> cell.first).toList());
    addTimings(texts, row.cells.stream().map(cell -> cell.all).toList());
    return line(texts);
  }

  private static void addTimings(List<String> texts, List<Timings> ofLogs) {
    for (Timings timings : ofLogs) {
      texts.add(
          timings.isEmpty()
              ? ""
              : String.format(
                  Locale.ROOT, "%,.0f / %,.0f", timings.micros(0.5), timings.micros(0.99)));
    }
    Timings smallest = ofLogs.getFirst();
    Timings largest = ofLogs.getLast();
    texts.add(
        smallest.isEmpty() || largest.isEmpty()
            ? ""
            : String.format(Locale.ROOT, "%.2f", largest.micros(0.5) / smallest.micros(0.5)));
  }

  private static String line(List<String> texts) {
    return "| " + String.join(" | ", texts) + " |";
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
