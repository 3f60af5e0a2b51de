package io.varve.server.cli.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The loop: a thread for each client, all with the same beginning and end. For one run.
 *
 * <p>A request that was due while it counts is waited for and counted, also when its answer comes
 * after the end. A run of which a request fails measures something else, so it ends at once and
 * throws what the request threw.
 */
public final class Loader {
  private final Duration warmUp;
  private final Duration measured;
  private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
  private volatile long measuredFrom = Long.MAX_VALUE;

  /** A loader for the time of this plan. */
  public Loader(LoadPlan plan) {
    this.warmUp = plan.warmUp();
    this.measured = plan.measured();
  }

  /** Loads with the clients of one kind that the plan asks for. */
  public static LoadResult run(LoadPlan plan, IntFunction<LoadOperation> operations) {
    return new Loader(plan)
        .run(List.of(LoadPart.of(plan.clients(), plan.rate(), operations)))
        .getFirst();
  }

  /** From when on it counts, on the clock of System.nanoTime; before the run begins, never. */
  long measuredFrom() {
    return measuredFrom;
  }

  /**
   * Runs all clients until the time is over.
   *
   * @return what each part came to, in the order of the parts
   */
  List<LoadResult> run(List<LoadPart> parts) {
    List<List<ClientTally>> tallies = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    List<Runnable> works = new ArrayList<>();
    List<List<LoadPart.Client>> clients = new ArrayList<>();
    for (LoadPart part : parts) {
      List<LoadPart.Client> made = new ArrayList<>();
      for (int i = 0; i < part.clients(); i++) {
        made.add(part.making().apply(i));
      }
      clients.add(made);
    }
    long begin = System.nanoTime();
    long from = begin + warmUp.toNanos();
    long until = from + measured.toNanos();
    measuredFrom = from;
    for (int p = 0; p < parts.size(); p++) {
      LoadPart part = parts.get(p);
      List<ClientTally> ofPart = new ArrayList<>();
      for (int i = 0; i < part.clients(); i++) {
        LoadPart.Client client = clients.get(p).get(i);
        ClientTally tally = client.newTally();
        ofPart.add(tally);
        Double rate = part.rate();
        Schedule schedule = rate == null ? null : new Schedule(begin, part.clients(), i, rate);
        LoadTime time = new LoadTime(from, until, schedule, () -> failure.get() != null);
        works.add(() -> work(client, time, tally));
      }
      tallies.add(ofPart);
    }
    for (Runnable work : works) {
      threads.add(Thread.ofPlatform().name("varve-load-" + threads.size()).start(work));
    }
    join(threads);
    RuntimeException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    List<LoadResult> results = new ArrayList<>();
    for (int p = 0; p < parts.size(); p++) {
      LoadPart part = parts.get(p);
      LoadPlan plan = new LoadPlan(part.clients(), part.rate(), warmUp, measured);
      results.add(LoadResult.merge(plan, tallies.get(p)));
    }
    return results;
  }

  private void work(LoadPart.Client client, LoadTime time, ClientTally tally) {
    try {
      client.load(time, tally);
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    } catch (Error e) {
      failure.compareAndSet(null, new LoadFailure("a client has ended: " + e, e));
    }
  }

  private static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      threads.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
      throw new LoadFailure("interrupted", e);
    }
  }
}
