package io.varve.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random runs of one group on one thread: consumers ack, nack, stall and vanish, events are
 * appended and reclaimed, settings change, parked events are replayed and discarded, the disk fails
 * and the server crashes, between any two steps. A failing run prints its seed, which replays it.
 *
 * <p>{@code -Dvarve.group.runs=3000} for more runs, {@code -Dvarve.seed=N} for the first seed.
 */
class GroupSimulationTest {
  private static final int RUNS = Integer.getInteger("varve.group.runs", 100);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());

  @Test
  void in_the_end_every_event_is_done_or_parked_whatever_happens() {
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      run(seed, false);
    }
  }

  @Test
  void nothing_comes_twice_and_pinned_streams_stay_in_order_while_nothing_fails() {
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      run(seed, true);
    }
  }

  private static void run(long seed, boolean orderly) {
    GroupRun run = new GroupRun(new Random(seed), orderly);
    try {
      run.steps();
      run.toItsEnd();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "run with -Dvarve.seed=%d%s; %s".formatted(seed, orderly ? " (orderly)" : "", run), e);
    }
  }

  @Test
  void a_run_of_a_seed_is_the_same_every_time() {
    GroupRun one = new GroupRun(new Random(7), false);
    GroupRun other = new GroupRun(new Random(7), false);
    one.steps();
    other.steps();

    assertThat(one.deliveries()).isNotEmpty().isEqualTo(other.deliveries());
  }
}
