package io.varve.server.append;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A step of a simulation.
 *
 * @param seed of all that is drawn while it is taken
 */
record SimulationStep(Kind kind, long seed) {

  /** Who goes on, or what happens. */
  enum Kind {
    CALLER(28),
    READER(5),
    COMMITTER(17),
    WRITER(17),
    TASK(17),
    FOLLOWER(8),
    TIME(3),
    DISK_FAILS(1),
    REST(2),
    STOP(1),
    CRASH(1);

    private static final int ALL = 100;
    private final int share;

    Kind(int share) {
      this.share = share;
    }

    private static Kind draw(Random random) {
      int drawn = random.nextInt(ALL);
      for (Kind kind : values()) {
        drawn -= kind.share;
        if (drawn < 0) {
          return kind;
        }
      }
      throw new IllegalStateException("the shares are not " + ALL);
    }
  }

  /** So many steps, drawn from a seed. */
  static List<SimulationStep> draw(long seed, int count) {
    Random random = new Random(~seed);
    List<SimulationStep> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      steps.add(new SimulationStep(Kind.draw(random), random.nextLong()));
    }
    return steps;
  }
}
