package io.varve.server.append;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.varve.server.history.LinearizabilityCheck.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Random runs of commit log, reads and subscriptions on one thread, with crashes and failed writes
 * between any two steps ({@link CommitSimulation}). In the end everything that was acknowledged is
 * there, once and in its place; what was said could have been said by one store that did one thing
 * after the other; and each follower has had each event once and in order. A failing run prints its
 * seed, which replays it, and the shortest script that was found to fail.
 *
 * <p>{@code -Dvarve.simulations=3000} for more runs, {@code -Dvarve.seed=N} for the first seed.
 */
class CommitSimulationTest {
  private static final int RUNS = Integer.getInteger("varve.simulations", 60);
  private static final long SEED = Long.getLong("varve.seed", 1);
  private static final int STEPS = 600;

  /** How often a failing run is repeated with fewer steps. */
  private static final int TRIALS = 2_000;

  private static final Logger SERVER = (Logger) LoggerFactory.getLogger("io.varve.server");

  @BeforeAll
  static void servers_need_not_tell_of_each_crash() {
    SERVER.setLevel(Level.OFF);
  }

  @AfterAll
  static void log_as_before() {
    SERVER.setLevel(null);
  }

  @Test
  void whatever_happens_in_between_it_is_one_store_and_loses_nothing() {
    int operations = 0;
    int writes = 0;
    int unknown = 0;
    int crashes = 0;
    int faults = 0;
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      List<SimulationStep> steps = SimulationStep.draw(seed, STEPS);
      CommitSimulation run = new CommitSimulation(seed, false);
      try {
        Verdict verdict = run.run(steps);
        operations += verdict.operations();
        writes += verdict.writes();
        unknown += verdict.unknownEffects();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "run with -Dvarve.seed=%d -Dvarve.simulations=1; %s"
                .formatted(seed, shortest(seed, steps)),
            e);
      }
      crashes += run.crashes();
      faults += run.faults();
    }
    System.out.println(
        "CommitSimulationTest: seed %d, %d runs: %d operations, %d writes (%d of them without an answer), %d crashes, %d failed writes"
            .formatted(SEED, RUNS, operations, writes, unknown, crashes, faults));
    assertThat(writes).isGreaterThan(RUNS);
    assertThat(crashes).isGreaterThanOrEqualTo(RUNS / 2);
    assertThat(faults).isGreaterThanOrEqualTo(RUNS / 2);
  }

  @Test
  void a_run_of_a_seed_is_the_same_every_time() {
    CommitSimulation one = new CommitSimulation(7, true);
    CommitSimulation other = new CommitSimulation(7, true);
    one.run(SimulationStep.draw(7, STEPS));
    other.run(SimulationStep.draw(7, STEPS));

    assertThat(one.script()).hasSizeGreaterThan(STEPS).isEqualTo(other.script());
    assertThat(one.history().operations()).isEqualTo(other.history().operations());
  }

  /** Leaves out steps, many at a time and then few, as long as the run goes on failing. */
  private static String shortest(long seed, List<SimulationStep> steps) {
    List<SimulationStep> failing = steps;
    int trials = 0;
    for (int piece = steps.size() / 2; piece > 0 && trials < TRIALS; ) {
      boolean shorter = false;
      for (int from = 0; from < failing.size() && trials < TRIALS; trials++) {
        List<SimulationStep> without = new ArrayList<>(failing);
        without.subList(from, Math.min(from + piece, without.size())).clear();
        if (failure(new CommitSimulation(seed, false), without) != null) {
          failing = without;
          shorter = true;
        } else {
          from += piece;
        }
      }
      piece = shorter ? Math.min(piece, failing.size() / 2) : piece / 2;
    }
    CommitSimulation run = new CommitSimulation(seed, true);
    Throwable failure = failure(run, failing);
    return "of %d steps these %d fail:%n%s%n%s"
        .formatted(
            steps.size(),
            failing.size(),
            String.join(System.lineSeparator(), run.script()),
            failure);
  }

  private static @Nullable Throwable failure(CommitSimulation run, List<SimulationStep> steps) {
    try {
      run.run(steps);
      return null;
    } catch (RuntimeException | AssertionError e) {
      return e;
    }
  }
}
