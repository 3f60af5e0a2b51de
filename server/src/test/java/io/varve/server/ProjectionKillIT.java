package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.eventsourcing.projection.AccountEvent;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.AccountEvent.Withdrawn;
import io.varve.client.eventsourcing.projection.ErrorPolicy;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.sql.Balances;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.streams.EventStore;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.h2.jdbcx.JdbcConnectionPool;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs that run a projection are killed at random moments, while events are appended and
 * generations are built beside each other. Afterwards the rows are exactly the fold of the log, and
 * the checkpoint is at its last event.
 *
 * <p>{@code -Dvarve.kills=100} for a long run, {@code -Dvarve.seed=N} for the same choices again.
 */
class ProjectionKillIT {

  private static final int KILLS = Integer.getInteger("varve.kills", 6);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int ACCOUNTS = 20;

  @TempDir Path folder;

  @Test
  void a_program_with_its_own_database_file_that_is_killed_leaves_nothing_out_and_nothing_twice()
      throws Exception {
    String url = "jdbc:h2:file:" + folder.resolve("rows") + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
    Random random = new Random(SEED);
    try (TestServer server = TestServer.start(folder.resolve("store"));
        EventStore store = server.client()) {
      Load load = new Load(store, random.nextLong());
      for (int kill = 0; kill < KILLS; kill++) {
        Process program = program(server.port(), url, "the only one");
        try {
          awaitProgress(program, load, random);
        } finally {
          kill(program);
        }
      }
      load.stop();
      exactAfterwards(url, store);
    }
  }

  @Test
  void two_programs_that_compete_and_are_killed_in_turn_leave_nothing_out_and_nothing_twice()
      throws Exception {
    Random random = new Random(SEED);
    Server database =
        Server.createTcpServer("-tcpPort", "0", "-ifNotExists", "-baseDir", folder.toString())
            .start();
    String url = "jdbc:h2:tcp://localhost:" + database.getPort() + "/mem:rows;DB_CLOSE_DELAY=-1";
    try (TestServer server = TestServer.start(folder.resolve("store"));
        EventStore store = server.client()) {
      Load load = new Load(store, random.nextLong());
      Process first = program(server.port(), url, "first");
      Process second = program(server.port(), url, "second");
      try {
        for (int kill = 0; kill < KILLS / 2; kill++) {
          awaitProgress(first, load, random);
          kill(first);
          first = second;
          second = program(server.port(), url, "again-" + kill);
        }
      } finally {
        kill(first);
        kill(second);
      }
      load.stop();
      exactAfterwards(url, store);
    } finally {
      database.stop();
    }
  }

  private void awaitProgress(Process program, Load load, Random random) throws Exception {
    // It says so once rows of its own time have been written, and is killed while it goes on.
    assertThat(program.inputReader(UTF_8).readLine()).as("seed %s; %s", SEED, errors()).isNotNull();
    long enough = load.appended() + 20 + random.nextInt(400);
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> load.appended() >= enough || !program.isAlive());
    assertThat(program.waitFor(random.nextInt(1_500), TimeUnit.MILLISECONDS))
        .as("runs until it is killed; seed %s; %s", SEED, errors())
        .isFalse();
  }

  private static void kill(Process program) throws Exception {
    program.destroyForcibly();
    assertThat(program.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private String errors() throws Exception {
    Path errors = folder.resolve("errors");
    return Files.exists(errors) ? Files.readString(errors) : "";
  }

  private Process program(int port, String url, String owner) throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classPath));
    command.addAll(List.of(Program.class.getName(), Integer.toString(port), url, owner));
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.appendTo(new File(folder.toFile(), "errors")))
        .start();
  }

  private static void exactAfterwards(String url, EventStore store) throws Exception {
    long last = store.statistics().headPosition();
    JdbcConnectionPool pool = JdbcConnectionPool.create(url, "test", "");
    SqlReadModel model = Program.model(pool);
    try (ProjectionRunner runner = Program.runner(store, model, "afterwards")) {
      await().atMost(PATIENCE).until(() -> runner.status("balances").position() == last);
      assertThat(Balances.rows(model)).as("seed %s", SEED).isEqualTo(Balances.folded(store));
      assertThat(runner.parked("balances")).isEmpty();
    } finally {
      pool.dispose();
    }
  }

  /** Appends until it is stopped. */
  private static final class Load {

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final java.util.concurrent.atomic.AtomicLong appended =
        new java.util.concurrent.atomic.AtomicLong();
    private final Thread thread;

    Load(EventStore store, long seed) {
      Random random = new Random(seed);
      for (int account = 0; account < ACCOUNTS; account++) {
        var _ = AccountEvent.append(store, Integer.toString(account), new Opened("Ada"));
      }
      this.thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!stopped.get()) {
                      String account = Integer.toString(random.nextInt(ACCOUNTS));
                      var _ =
                          AccountEvent.append(
                              store,
                              account,
                              new Deposited(100 + random.nextInt(900)),
                              new Withdrawn(20 + random.nextInt(80)));
                      appended.addAndGet(2);
                    }
                  });
    }

    long appended() {
      return appended.get();
    }

    void stop() throws InterruptedException {
      stopped.set(true);
      assertThat(thread.join(PATIENCE)).isTrue();
    }
  }

  /** The process: projects until it is killed, and now and then begins another generation. */
  static final class Program {

    private Program() {}

    public static void main(String[] arguments) throws Exception {
      JdbcConnectionPool pool = JdbcConnectionPool.create(arguments[1], "test", "");
      try (VarveClient store =
              VarveClient.builder().endpoint("127.0.0.1", Integer.parseInt(arguments[0])).build();
          ProjectionRunner runner = runner(store, model(pool), arguments[2])) {
        long before = runner.position("balances");
        while (runner.position("balances") <= before) {
          var _ = runner.awaitPosition(before + 1, Duration.ofMillis(20));
        }
        System.out.println("rows are written");
        Random random = new Random();
        while (true) {
          var _ =
              runner.awaitPosition(Long.MAX_VALUE, Duration.ofMillis(100 + random.nextInt(1_500)));
          if (random.nextInt(4) == 0) {
            rebuild(runner);
          }
        }
      }
    }

    private static void rebuild(ProjectionRunner runner) {
      try {
        int _ = runner.rebuild("balances");
      } catch (Exception e) {
        System.err.println("the other one was quicker, or the database is away: " + e);
      }
    }

    static SqlReadModel model(JdbcConnectionPool pool) {
      return SqlReadModel.builder(pool)
          .lease(Duration.ofMillis(800))
          .keepReplaced(Duration.ofMillis(100))
          .oneWriterAtATime()
          .build();
    }

    static ProjectionRunner runner(EventStore store, SqlReadModel model, String owner) {
      return ProjectionRunner.builder(store)
          .add(
              Balances.projection(),
              model,
              ErrorPolicy.retry().pausing(Duration.ofMillis(5), Duration.ofMillis(200)))
          .owner(owner)
          .batch(64)
          .start();
    }
  }
}
