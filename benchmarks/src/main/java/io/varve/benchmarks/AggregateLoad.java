package io.varve.benchmarks;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.Loaded;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.aggregate.SnapshotPolicy;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
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
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What does loading an aggregate cost, and what does a snapshot make of it?
 *
 * <p>Loads aggregates of different lengths, each in full and through a snapshot, and prints a
 * Markdown table of how many microseconds it took, as median and 99th percentile, with the medians
 * divided by that of the shortest aggregate in full.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx1g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.AggregateLoad
 * }</pre>
 *
 * <p>The events are JSON, some 60 bytes each; the state is an account. A snapshot leaves the newest
 * 50 events to be read, which is the middle of what {@code SnapshotPolicy.every(100)} leaves. Each
 * round loads everything once, in an order of its own. What is measured is a repeated load: pages
 * that it needs are in memory.
 */
@Command(
    name = "AggregateLoad",
    description = "Loads aggregates of different lengths, in full and through a snapshot.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class AggregateLoad implements Callable<Integer> {

  /** How many events a snapshot leaves to be read. */
  private static final int TAIL = 50;

  private static final int APPENDED_AT_ONCE = 1_000;

  @Option(
      names = "--events",
      split = ",",
      defaultValue = "100,1000,10000,100000",
      paramLabel = "N",
      description = "How many events the aggregates have, fewest first. Default: ${DEFAULT-VALUE}.")
  private List<Integer> sizes = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "200",
      paramLabel = "N",
      description = "How often each load is measured. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "50",
      paramLabel = "N",
      description = "How often each is done before that. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  /** What happens to an account. */
  public sealed interface Event {}

  /** Money came in. */
  public record MoneyDeposited(long cents, String reference) implements Event {}

  /** Money went out. */
  public record MoneyWithdrawn(long cents, String reference) implements Event {}

  /** An account. */
  public record Account(long cents, long movements) {}

  /** An account that takes no commands: it is only loaded. */
  private enum Folding implements Decider<Event, Account, Event> {
    INSTANCE;

    @Override
    public Account initial() {
      return new Account(0, 0);
    }

    @Override
    public Decision<Event> decide(Event command, Account account) {
      return Decision.of(command);
    }

    @Override
    public Account evolve(Account account, Event event) {
      return switch (event) {
        case MoneyDeposited e -> new Account(account.cents + e.cents(), account.movements + 1);
        case MoneyWithdrawn e -> new Account(account.cents - e.cents(), account.movements + 1);
      };
    }
  }

  private static final EventTypes<Event> TYPES = JsonEvents.of(Event.class);

  private static final AggregateType<Event, Account, Event> IN_FULL =
      AggregateType.of("account", TYPES, Folding.INSTANCE);

  private static final AggregateType<Event, Account, Event> THROUGH_SNAPSHOT =
      IN_FULL.snapshots(JsonEvents.codecs().of(Account.class), 1, SnapshotPolicy.every(1));

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new AggregateLoad()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, StartFailure {
    Path temporary = Files.createTempDirectory("varve-aggregate-load-");
    try (LocalStore local = LocalStore.open(temporary)) {
      measureIn(local.store());
    } finally {
      remove(temporary);
    }
    return CommandLine.ExitCode.OK;
  }

  private void measureIn(EventStore store) {
    List<Cell> cells = new ArrayList<>();
    for (int size : sizes) {
      fill(store, size);
      cells.add(new Cell(Repository.of(store, IN_FULL), size));
      cells.add(new Cell(Repository.of(store, THROUGH_SNAPSHOT), size));
    }
    List<Cell> shuffled = new ArrayList<>(cells);
    Random random = new Random(1);
    System.err.println("warming up");
    for (int round = 0; round < warmUp; round++) {
      Collections.shuffle(shuffled, random);
      shuffled.forEach(Cell::load);
    }
    System.err.println("measuring");
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(shuffled, random);
      shuffled.forEach(cell -> cell.timings.add(cell.load()));
    }
    print(cells);
  }

  /** Writes an aggregate; its snapshot is taken by the repository when the tail is yet to come. */
  private static void fill(EventStore store, int size) {
    String stream = IN_FULL.streamOf(Integer.toString(size));
    append(store, stream, 0, size - TAIL - 1);
    Repository.builder(store, THROUGH_SNAPSHOT)
        .snapshotExecutor(Runnable::run)
        .build()
        .execute(Integer.toString(size), event(size - TAIL))
        .orElseThrow();
    append(store, stream, size - TAIL, size);
  }

  private static void append(EventStore store, String stream, int from, int to) {
    List<NewEvent> batch = new ArrayList<>();
    EventContext context = EventContext.begin();
    for (int i = from; i < to; i++) {
      batch.add(TYPES.encode(event(i), context));
      if (batch.size() == APPENDED_AT_ONCE || i == to - 1) {
        store.append(stream, ExpectedVersion.any(), batch);
        batch.clear();
      }
    }
  }

  private static Event event(int i) {
    String reference = "payment %08d of this account".formatted(i);
    return i % 3 == 0 ? new MoneyWithdrawn(i, reference) : new MoneyDeposited(i, reference);
  }

  /** One aggregate, loaded in one way. */
  private final class Cell {
    private final Repository<Event, Account, Event> accounts;
    private final int size;
    private final Timings timings = new Timings(rounds);

    Cell(Repository<Event, Account, Event> accounts, int size) {
      this.accounts = accounts;
      this.size = size;
    }

    /** Loads it; returns how long it took. */
    long load() {
      long begun = System.nanoTime();
      Loaded<Account> loaded = accounts.load(Integer.toString(size));
      long took = System.nanoTime() - begun;
      if (loaded.version() != size || loaded.state().movements() != size) {
        throw new IllegalStateException(loaded + " has not " + size + " events");
      }
      return took;
    }

    String text() {
      return String.format(Locale.ROOT, "%,.0f / %,.0f", timings.micros(0.5), timings.micros(0.99));
    }
  }

  private void print(List<Cell> cells) {
    double shortest = cells.getFirst().timings.micros(0.5);
    System.out.println("| events | in full | ratio | through a snapshot | ratio |");
    System.out.println("| ---: | ---: | ---: | ---: | ---: |");
    for (int i = 0; i < cells.size(); i += 2) {
      Cell full = cells.get(i);
      Cell snapshot = cells.get(i + 1);
      System.out.printf(
          Locale.ROOT,
          "| %,d | %s | %.2f | %s | %.2f |%n",
          full.size,
          full.text(),
          full.timings.micros(0.5) / shortest,
          snapshot.text(),
          snapshot.timings.micros(0.5) / shortest);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
