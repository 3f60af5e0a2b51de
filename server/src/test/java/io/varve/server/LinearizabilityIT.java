package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.HistoryRound.Caller;
import io.varve.server.HistoryRound.Follower;
import io.varve.server.history.History;
import io.varve.server.history.LinearizabilityCheck;
import io.varve.server.history.LoggedEvent;
import io.varve.server.history.RandomCalls;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Callers append under every kind of expectation, decide under conditions, repeat themselves, and
 * read in every way, all at the same time and over links that are cut; some do not wait for an
 * answer; the server is killed. Whatever anybody was told must be what one store could have said
 * that did one thing after the other ({@link LinearizabilityCheck}).
 *
 * <p>{@code -Dvarve.histories=100} for more histories, each of {@code
 * -Dvarve.history.operations=4500}; {@code -Dvarve.histories.killed=10} for more of those during
 * which servers are killed; {@code -Dvarve.seed=N} for the same choices.
 */
class LinearizabilityIT {
  private static final int HISTORIES = Integer.getInteger("varve.histories", 1);
  private static final int KILLED = Integer.getInteger("varve.histories.killed", 1);
  private static final int OPERATIONS = Integer.getInteger("varve.history.operations", 3_000);
  private static final long SEED = Long.getLong("varve.seed", 1);
  private static final int KILLS = 2;
  private static final int CALLERS = 8;

  private static final Logger GRPC =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

  @TempDir Path folder;

  @BeforeAll
  static void grpc_need_not_tell_of_each_cut() {
    GRPC.setLevel(Level.OFF);
  }

  @AfterAll
  static void log_as_before() {
    GRPC.setLevel(null);
  }

  static LongStream histories() {
    return LongStream.range(SEED, SEED + HISTORIES);
  }

  static LongStream killed() {
    return LongStream.range(SEED, SEED + KILLED);
  }

  @ParameterizedTest(name = "-Dvarve.seed={0}")
  @MethodSource("histories")
  void a_server_under_a_crowd_does_one_thing_after_the_other(long seed) throws Exception {
    Random random = new Random(seed);
    History history = new History(System::nanoTime);
    List<Caller> callers = callers(random);
    try (TestServer server = TestServer.start(folder)) {
      try (HistoryRound round = new HistoryRound(server.port(), history)) {
        round.start(callers, new Follower());
        round.run(OPERATIONS, 1 + random.nextInt(4));
        round.end();
      }
      try (HistoryRound last = new HistoryRound(server.port(), history)) {
        last.repeatWhatIsUnknown(callers);
        check("crowd", seed, history, last.log());
      }
    }
  }

  @ParameterizedTest(name = "-Dvarve.seed={0}")
  @MethodSource("killed")
  void servers_that_are_killed_one_after_the_other_are_one_store(long seed) throws Exception {
    Random random = new Random(seed);
    History history = new History(System::nanoTime);
    List<Caller> callers = callers(random);
    Follower follower = new Follower();
    for (int kill = 0; kill < KILLS; kill++) {
      try (ServerProcess server = ServerProcess.serve(folder);
          HistoryRound round = new HistoryRound(server.port(), history)) {
        round.start(callers, follower);
        round.run(1 + random.nextInt(2 * OPERATIONS / KILLS), random.nextInt(3));
        server.kill();
        history.serverEnded();
        round.end();
      }
    }
    try (ServerProcess server = ServerProcess.serve(folder);
        HistoryRound last = new HistoryRound(server.port(), history)) {
      last.repeatWhatIsUnknown(callers);
      check("kills", seed, history, last.log());
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
  }

  private static List<Caller> callers(Random random) {
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      callers.add(
          new Caller(
              "caller " + i,
              new RandomCalls(new Random(random.nextLong())),
              new Random(random.nextLong())));
    }
    return callers;
  }

  private static void check(String which, long seed, History history, List<LoggedEvent> log) {
    LinearizabilityCheck.Verdict verdict = LinearizabilityCheck.of(history.operations(), log);
    System.out.println("LinearizabilityIT: %s, seed %d: %s".formatted(which, seed, verdict));
    assertThat(verdict.violations()).isEmpty();
    int few = verdict.operations() / 100;
    assertThat(List.of(verdict.writes(), verdict.refusals(), verdict.reads()))
        .as("of everything some: %s", verdict)
        .allMatch(count -> count > few);
  }
}
