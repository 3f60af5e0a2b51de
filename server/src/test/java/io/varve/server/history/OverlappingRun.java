package io.varve.server.history;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Callers at one store, on one thread and a clock of its own: each operation has its call, its
 * moment and its answer at random times, so that operations overlap in every way; some answers are
 * lost, some calls are, and some take effect long after their caller has given up. Now and then the
 * server ends, another one goes on with the store, and what had not taken effect never does. What
 * the store does has its moment in between, so the history is linearizable, unless the store has a
 * fault.
 */
final class OverlappingRun {
  private static final int LONGEST = 30;

  /** In so many calls a server ends once. */
  private static final int ONE_IN = 12;

  private final Random random;
  private final PlainStore store;
  private final History history;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::time).thenComparingInt(Event::number));
  private long now;
  private int scheduled;

  /** How many servers have ended; whoever asks, asks the one that is there. */
  private int ended;

  private int left;

  private record Event(long time, int number, Runnable action) {}

  private OverlappingRun(Random random, PlainStore store, int operations) {
    this.random = random;
    this.store = store;
    this.history = new History(() -> now);
    this.left = operations;
  }

  /** What the callers took down. */
  static List<Operation> of(Random random, PlainStore store, int callers, int operations) {
    OverlappingRun run = new OverlappingRun(random, store, operations);
    for (int i = 0; i < callers; i++) {
      RandomCalls calls = new RandomCalls(new Random(random.nextLong()));
      run.later(() -> run.ask(calls));
    }
    while (!run.events.isEmpty()) {
      Event next = run.events.remove();
      run.now = next.time();
      next.action().run();
    }
    return run.history.operations();
  }

  private void later(Runnable action) {
    events.add(new Event(now + 2L * random.nextInt(LONGEST), scheduled++, action));
  }

  /** At an odd time, so that nothing is asked in the very moment in which a server ends. */
  private void endSoon() {
    events.add(
        new Event(
            now + 2L * random.nextInt(LONGEST) + 1,
            scheduled++,
            () -> {
              ended++;
              history.serverEnded();
            }));
  }

  private void ask(RandomCalls caller) {
    if (left-- <= 0) {
      return;
    }
    if (random.nextInt(ONE_IN) == 0) {
      endSoon();
    }
    Call call = caller.next();
    long invoked = now;
    int server = ended;
    int fate = random.nextInt(12);
    if (fate > 0) { // otherwise it is lost on its way
      later(
          () -> {
            Answer answer = server == ended ? store.apply(call) : new Answer.Unknown();
            if (fate > 1) {
              later(() -> hear(caller, call, answer, invoked));
            }
          });
    }
    if (fate <= 1) { // the caller does not wait
      later(() -> hear(caller, call, new Answer.Unknown(), invoked));
    }
  }

  private void hear(RandomCalls caller, Call call, Answer answer, long invoked) {
    history.add("a caller", call, answer, invoked);
    caller.hear(call, answer);
    later(() -> ask(caller));
  }
}
