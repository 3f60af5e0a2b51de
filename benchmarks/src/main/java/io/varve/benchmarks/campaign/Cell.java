package io.varve.benchmarks.campaign;

import io.varve.benchmarks.contender.Contender;
import io.varve.benchmarks.contender.Contender.Session;
import io.varve.benchmarks.contender.Varve.RunningVarve;
import io.varve.server.cli.bench.LoadOperation;
import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.LoadResult;
import io.varve.server.cli.bench.Loader;
import io.varve.server.cli.bench.Shape;
import io.varve.server.cli.bench.ShapeResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** One workload on one contender, and what its rounds came to. */
final class Cell {
  /** Few enough that they are in memory: it is the path to them that is measured. */
  private static final int READ_STREAMS = 500;

  private final Workload workload;
  private final Contender contender;
  private final Contender.Running running;
  private final List<Sample> samples = new ArrayList<>();

  Cell(Workload workload, Contender contender, Contender.Running running) {
    this.workload = workload;
    this.contender = contender;
    this.running = running;
  }

  /** Whether the contender can be asked for it. */
  static boolean isPossible(Workload workload, Contender contender, Contender.Running running) {
    return workload.shape() == null
        ? contender.abilities().contains(workload.need())
        : running instanceof RunningVarve;
  }

  Workload workload() {
    return workload;
  }

  Contender contender() {
    return contender;
  }

  /** In the order of the rounds. */
  List<Sample> samples() {
    return samples;
  }

  List<Double> rates() {
    return samples.stream().map(Sample::perSecond).toList();
  }

  /**
   * Runs it once more.
   *
   * @param run tells this round's streams from those of others
   */
  void run(String run, Duration warmUp, Duration measured) throws IOException {
    LoadPlan plan = new LoadPlan(workload.clients(), workload.rate(), warmUp, measured);
    Shape shape = workload.shape();
    samples.add(
        Sample.of(
            shape != null && running instanceof RunningVarve varve
                ? shape.run(varve, plan)
                : runOnSessions(run, plan)));
  }

  /** The last run does not count: it was to warm up. */
  void forget() {
    samples.removeLast();
  }

  private ShapeResult runOnSessions(String run, LoadPlan plan) throws IOException {
    List<Session> sessions = new ArrayList<>();
    try {
      for (int i = 0; i < plan.clients(); i++) {
        sessions.add(running.connect());
      }
      String prefix = "bench-" + run + "x"; // letters and digits, for the subjects of some
      if (workload.need() == Contender.Ability.READ) {
        for (int i = 0; i < READ_STREAMS; i++) {
          sessions.getFirst().append(prefix + i, 0, workload.events());
        }
      }
      LoadResult result =
          Loader.run(plan, number -> operation(sessions.get(number), prefix, number));
      return new ShapeResult(result, null, null);
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private LoadOperation operation(Session session, String prefix, int number) {
    int events = workload.events();
    return switch (workload.need()) {
      case READ ->
          _ -> {
            int found = session.read(prefix + ThreadLocalRandom.current().nextInt(READ_STREAMS));
            if (found != events) {
              throw new IllegalStateException(found + " events of " + events);
            }
            return found;
          };
      case HOT ->
          _ -> {
            session.append(prefix + "hot", Session.ANY, events);
            return events;
          };
      case APPEND, BATCH ->
          new LoadOperation() {
            private long expected;

            @Override
            public long run(long due) {
              expected = session.append(prefix + number, expected, events);
              return events;
            }
          };
    };
  }
}
