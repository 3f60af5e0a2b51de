package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.projection.ProjectionStatus;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.testkit.InMemoryEventStore;
import java.io.BufferedReader;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A read model on its default database is killed again and again while it takes a log that is the
 * same each time. Whenever the database is opened anew, each projection's rows are what the log was
 * up to its checkpoint, by a scan and by the keys; and all go on at once, without waiting for
 * leases that the killed process had.
 */
class ReadModelKillIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int KILLS = Integer.getInteger("varve.kills", 8);
  private static final int LONGEST_LIFE_MILLIS = 700; // more than one save in the background

  @TempDir Path folder;
  private final long seed = System.nanoTime();

  @Test
  void a_killed_read_model_leaves_whole_transactions_and_goes_on_at_once() throws Exception {
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      Process program = startProgram();
      try (BufferedReader said = program.inputReader()) {
        // It has checked what it found, has gone on from there, and goes on until it is killed.
        assertThat(said.readLine()).as("seed %s, kill %s", seed, kill).isEqualTo("sound");
        assertThat(program.waitFor(random.nextInt(LONGEST_LIFE_MILLIS), TimeUnit.MILLISECONDS))
            .as("writes until it is killed: seed %s, kill %s", seed, kill)
            .isFalse();
      } finally {
        program.destroyForcibly();
        program.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
    try (Connection connection = connect(folder)) {
      Map<String, Long> checkpoints = Program.checkpoints(connection);
      assertThat(Program.complaints(connection, checkpoints)).as("seed %s", seed).isEmpty();
      assertThat(checkpoints).hasSize(4);
      assertThat(checkpoints.values()).allSatisfy(p -> assertThat(p).isGreaterThan(KILLS));
    }
  }

  private static Connection connect(Path folder) throws SQLException {
    DatabaseSettings settings = DatabaseSettings.inFolder(folder);
    return DriverManager.getConnection(settings.url(), settings.user(), settings.password());
  }

  private Process startProgram() throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1", // lives too short to gain by more
                "-Dlogback.configurationFile=" + System.getProperty("logback.configurationFile"),
                "-cp",
                classPath,
                Program.class.getName(),
                folder.toString()))
        .redirectError(ProcessBuilder.Redirect.appendTo(new File(folder.toFile(), "errors")))
        .start();
  }

  /** The log: what its event at a position is, and what all of them up to there come to. */
  static final class Script {

    private static final int ACCOUNTS = 50;

    private Script() {}

    static boolean isOpening(long position) {
      return position <= ACCOUNTS;
    }

    static boolean isTransfer(long position) {
      return !isOpening(position) && position % 3 == 0;
    }

    /** Falls anywhere in the index. */
    static String account(long position) {
      return "acc-"
          + (isOpening(position)
              ? position - 1
              : Long.remainderUnsigned(position * 0x9E3779B97F4A7C15L, ACCOUNTS));
    }

    static void append(BankLog bank, long position) {
      long written;
      if (isOpening(position)) {
        written = bank.opened(account(position), "Ada", "10");
      } else if (isTransfer(position)) {
        written = bank.asked("tr-" + position, "acc-0", "acc-1", "5");
      } else {
        written = bank.deposited(account(position), "1");
      }
      if (written != position) {
        throw new IllegalStateException("at " + written + " instead of " + position);
      }
    }

    /** How many movements up to here. */
    static long movements(long position) {
      return position - transfers(position);
    }

    static long transfers(long position) {
      return Math.max(0, position / 3 - ACCOUNTS / 3);
    }

    static long openings(long position) {
      return Math.min(position, ACCOUNTS);
    }

    static long newestMovement(long position) {
      return isTransfer(position) ? position - 1 : position;
    }
  }

  /** The process: checks, says what it found, and goes on until it is killed. */
  static final class Program {

    /** Much shorter than whoever waits for a lease stands by between two attempts to get it. */
    private static final Duration LOOK = Duration.ofMillis(50);

    private static final int MOST_AHEAD = 300;

    private Program() {}

    public static void main(String[] arguments) throws Exception {
      PrintStream toTest = System.out;
      System.setOut(System.err); // where the log goes
      Path folder = Path.of(arguments[0]);
      long position = 0;
      try (Connection connection = connect(folder)) {
        Map<String, Long> checkpoints = checkpoints(connection);
        String complaints = complaints(connection, checkpoints);
        if (!complaints.isEmpty()) {
          toTest.println(complaints);
          return;
        }
        position = checkpoints.values().stream().mapToLong(p -> p).max().orElse(0);
      }
      InMemoryEventStore store = new InMemoryEventStore(new TestClock("2026-11-20T12:00:00Z"));
      BankLog bank = new BankLog(store);
      for (long next = 1; next <= position + 2; next++) {
        Script.append(bank, next);
      }
      position += 2;
      ReadModel readModel =
          ReadModel.start(
              folder,
              DatabaseSettings.inFolder(folder),
              store,
              ToolkitObserver.NONE,
              new SimpleMeterRegistry(),
              InstantSource.system());
      String trouble = goOnTo(position, readModel);
      if (!trouble.isEmpty()) {
        toTest.println(trouble);
        return;
      }
      toTest.println("sound");
      while (true) {
        position++;
        Script.append(bank, position);
        if (position % MOST_AHEAD == 0
            && !readModel.awaitPosition(position - MOST_AHEAD, PATIENCE)) {
          throw new IllegalStateException(readModel.projectionStatuses().toString());
        }
      }
    }

    /**
     * Waits until all projections are there. A busy machine may take its time for that, but none
     * may stand by meanwhile: nobody has the lease but the process that was killed.
     *
     * @return what keeps them; empty: nothing does
     */
    private static String goOnTo(long position, ReadModel readModel) throws InterruptedException {
      long begun = System.nanoTime();
      while (!readModel.awaitPosition(position, LOOK)) {
        List<ProjectionStatus> statuses = readModel.projectionStatuses();
        if (statuses.stream().anyMatch(status -> status.state() == State.STANDBY)) {
          return "waits for a lease: " + statuses;
        }
        if (System.nanoTime() - begun > PATIENCE.toNanos()) {
          return "stands still: " + statuses;
        }
      }
      return "";
    }

    static Map<String, Long> checkpoints(Connection connection) throws SQLException {
      Sql sql = new Sql(connection);
      Map<String, Long> found = new LinkedHashMap<>();
      if (sql.number(
              "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'varve'"
                  + " AND table_name IN ('GENERATIONS', 'PROJECTIONS')")
          < 2) {
        return found; // killed before there was anything
      }
      sql.query(
              "SELECT p.projection, p.live, g.position FROM \"varve\".projections p"
                  + " JOIN \"varve\".generations g"
                  + " ON g.projection = p.projection AND g.generation = p.live",
              row -> {
                found.put(row.text(1), row.number(3));
                return row.number(2);
              })
          .forEach(generation -> assertThat(generation).isEqualTo(1));
      return found;
    }

    /** What does not fit together; empty when all does. */
    static String complaints(Connection connection, Map<String, Long> checkpoints)
        throws SQLException {
      Sql sql = new Sql(connection);
      StringBuilder complaints = new StringBuilder();
      for (Map.Entry<String, Long> checkpoint : checkpoints.entrySet()) {
        long at = checkpoint.getValue();
        Map<String, Long> wanted =
            switch (checkpoint.getKey()) {
              case Projections.ACCOUNTS ->
                  Map.of(
                      "SELECT COUNT(*) FROM \"accounts_g1\".accounts",
                      Script.openings(at),
                      "SELECT SUM(tx_count) FROM \"accounts_g1\".accounts",
                      Script.movements(at));
              case Projections.TRANSACTIONS ->
                  Map.of(
                      "SELECT COUNT(*) FROM \"transactions_g1\".transactions",
                      Script.movements(at),
                      "SELECT SUM(tx_count) FROM \"transactions_g1\".holdings",
                      Script.movements(at),
                      "SELECT COUNT(*) FROM \"transactions_g1\".transactions WHERE position >= "
                          + Script.newestMovement(at),
                      Math.min(at, 1),
                      "SELECT COUNT(*) FROM \"transactions_g1\".transactions WHERE account_id = '"
                          + Script.account(Script.newestMovement(at))
                          + "' AND position >= "
                          + Script.newestMovement(at),
                      Math.min(at, 1));
              case Projections.SAGAS ->
                  Map.of(
                      "SELECT COUNT(*) FROM \"sagas_g1\".transfers",
                      Script.transfers(at),
                      "SELECT SUM(events) FROM \"sagas_g1\".transfers",
                      Script.transfers(at));
              default ->
                  Map.of(
                      "SELECT SUM(in_count) FROM \"analytics_g1\".daily_figures",
                      Script.movements(at),
                      "SELECT SUM(tx_count) FROM \"analytics_g1\".daily_accounts",
                      Script.movements(at),
                      "SELECT COUNT(*) FROM \"analytics_g1\".open_transfers",
                      Script.transfers(at));
            };
        for (Map.Entry<String, Long> one : wanted.entrySet()) {
          long is = sql.number(one.getKey());
          if (is != one.getValue()) {
            complaints.append(
                "%s is at %d: %s is %d, not %d; "
                    .formatted(checkpoint.getKey(), at, one.getKey(), is, one.getValue()));
          }
        }
      }
      return complaints.toString();
    }
  }
}
