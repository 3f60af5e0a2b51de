package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.varve.server.ops.LongTask;
import java.time.Instant;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Backups, verifications, compactions and runs of the archive: whether they run, and what has come
 * of them.
 */
final class UpkeepMetrics {
  private final MeterRegistry registry;
  private final UpkeepView upkeep;

  private UpkeepMetrics(MeterRegistry registry, UpkeepView upkeep) {
    this.registry = registry;
    this.upkeep = upkeep;
  }

  /** Registers everything; it is looked up as long as the caller keeps {@code upkeep}. */
  static void register(MeterRegistry registry, UpkeepView upkeep) {
    UpkeepMetrics metrics = new UpkeepMetrics(registry, upkeep);
    metrics.task("backup", view -> view.backups().runs());
    metrics.task("verify", view -> view.verifier().runs());
    metrics.task("compact", view -> view.compactor().runs());
    metrics.task("archive", view -> view.archiver().runs());
    Gauge.builder("varve.backup.position", () -> upkeep.backedUpTo().getAsLong())
        .description(
            "Up to which position the last backup holds the log; 0 when none was made since the"
                + " start.")
        .register(registry);
    Gauge.builder("varve.verify.findings", () -> upkeep.verifier().lastFindings())
        .description(
            "What the last verification that came to its end found damaged; 0 when none has since"
                + " the start.")
        .register(registry);
  }

  private void task(String task, Function<UpkeepView, LongTask.Runs> runs) {
    Gauge.builder("varve.upkeep.running", upkeep, view -> runs.apply(view).running() ? 1 : 0)
        .description("1 while it runs, else 0.")
        .tag("task", task)
        .register(registry);
    Gauge.builder(
            "varve.upkeep.last.done.timestamp.seconds",
            upkeep,
            view -> secondsOf(runs.apply(view).lastDoneAt()))
        .description("When it last came to its end, in seconds since 1970; 0 if it never has.")
        .tag("task", task)
        .register(registry);
    counter(task, "done", runs, LongTask.Runs::done);
    counter(task, "cancelled", runs, LongTask.Runs::cancelled);
    counter(task, "failed", runs, LongTask.Runs::failed);
  }

  private void counter(
      String task,
      String result,
      Function<UpkeepView, LongTask.Runs> runs,
      ToLongFunction<LongTask.Runs> count) {
    FunctionCounter.builder(
            "varve.upkeep.runs", upkeep, view -> (double) count.applyAsLong(runs.apply(view)))
        .description("How often it has ended, since the start.")
        .tag("task", task)
        .tag("result", result)
        .register(registry);
  }

  private static double secondsOf(@Nullable Instant time) {
    return time == null ? 0 : time.getEpochSecond();
  }
}
