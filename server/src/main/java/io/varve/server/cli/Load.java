package io.varve.server.cli;

import io.varve.client.streams.VarveException;
import io.varve.server.config.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a store is loaded, and the loop that does it. */
final class Load {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "16",
      description = "Clients that ask at the same time. Default: ${DEFAULT-VALUE}.")
  private int clients;

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "Connections that they share. Default: one each.")
  private @Nullable Integer connections;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "How long is measured. Default: ${DEFAULT-VALUE}.")
  private String duration = "";

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "5s",
      description = "How long before that is not. Default: ${DEFAULT-VALUE}.")
  private String warmUp = "";

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Requests a second, of all clients together: an open loop. Default: closed.")
  private @Nullable Double rate;

  private volatile long measuredFrom = Long.MAX_VALUE;

  void rateUnlessGiven(double rate) {
    if (this.rate == null) {
      this.rate = rate;
    }
  }

  int connections() {
    int count = connections == null ? clients : connections;
    if (count < 1) {
      throw new ParameterException(
          command.commandLine(), "--clients and --connections must be 1 or higher");
    }
    return count;
  }

  /** From when on it counts, on the clock of System.nanoTime; before the run begins, never. */
  long measuredFrom() {
    return measuredFrom;
  }

  /**
   * Runs one thread for each client until the time is over.
   *
   * @param operations makes a client's operation, by its number
   * @throws CommandFailure a request failed; a run with failures measures something else
   */
  LoadReport run(IntFunction<LoadOperation> operations) {
    Duration measured = duration("--duration", duration);
    Duration before = duration("--warm-up", warmUp);
    if (clients < 1 || clients > 10_000) {
      throw new ParameterException(
          command.commandLine(), "--clients must be from 1 to 10000, was " + clients);
    }
    if (measured.isZero()) {
      throw new ParameterException(command.commandLine(), "--duration must be longer than 0");
    }
    if (rate != null && !(rate > 0)) {
      throw new ParameterException(
          command.commandLine(), "--rate must be higher than 0, was " + rate);
    }
    long begin = System.nanoTime();
    long from = begin + before.toNanos();
    long until = from + measured.toNanos();
    measuredFrom = from;
    List<Worker> workers = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      Worker worker = new Worker(operations.apply(i), i, begin, from, until);
      workers.add(worker);
      threads.add(Thread.ofPlatform().name("varve-load-" + i).start(worker));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      threads.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.UNEXPECTED, "interrupted", e);
    }
    LoadReport report = new LoadReport(clients, connections(), rate, before, measured);
    for (Worker worker : workers) {
      if (worker.failure != null) {
        throw worker.failure;
      }
      report.add(worker.latencies, worker.events);
    }
    return report;
  }

  private Duration duration(String option, String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), option + " " + e.getMessage(), e);
    }
  }

  /** One client. */
  private final class Worker implements Runnable {
    private final LoadOperation operation;
    private final long from;
    private final long until;
    private final long between;
    private long due;
    private final Histogram latencies = new Histogram(LoadReport.DIGITS);
    private long events;
    private @Nullable VarveException failure;

    Worker(LoadOperation operation, int number, long begin, long from, long until) {
      this.operation = operation;
      this.from = from;
      this.until = until;
      // Clients take turns, so that requests are due one by one and not all at the same moment.
      this.between = rate == null ? 0 : (long) (TimeUnit.SECONDS.toNanos(1) * clients / rate);
      this.due = begin + between * number / clients;
    }

    @Override
    public void run() {
      try {
        while (true) {
          long start = rate == null ? System.nanoTime() : waitUntilDue();
          if (start >= until) {
            return;
          }
          long done = operation.runDueAt(start);
          if (start >= from) {
            latencies.recordValue(System.nanoTime() - start);
            events += done;
          }
        }
      } catch (VarveException e) {
        failure = e;
      }
    }

    /** Late or not, a request counts from when it was due. */
    private long waitUntilDue() {
      long mine = due;
      due += between;
      for (long left = mine - System.nanoTime(); left > 0; left = mine - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      return mine;
    }
  }
}
