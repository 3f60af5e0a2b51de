package io.varve.server.append;

import io.varve.server.fixture.ManualTimer;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.history.LoggedEvent;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventRun;
import io.varve.server.subscription.SubscriptionSettings;
import io.varve.server.subscription.Subscriptions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * One life of a server, from its start to its crash: commit log, subscriptions and reader on one
 * thread. Whoever steers it is asked at every step of them, and may do anything else meanwhile that
 * another thread could do, or end it there.
 */
final class SimulatedServer {
  final MemoryEventStorage storage;
  final LocalCommitLog log;
  final Subscriptions subscriptions;
  final EventReader reader;
  final ManualTimer timer = new ManualTimer();
  final List<Runnable> tasks = new ArrayList<>();

  /** Nothing that it says or does counts any more. */
  boolean dead;

  private boolean deciding;
  private boolean writing;

  /** Who steers. */
  interface Steps {
    /** A commit has come so far; may end the server. */
    void at(String step);
  }

  /** The server is no more. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash() {
      super("the server is dead", null, false, false);
    }
  }

  SimulatedServer(
      MemoryEventStorage storage,
      AppendSettings settings,
      SubscriptionSettings subscriptionSettings,
      InstantSource clock,
      LongSupplier nanoTime,
      Steps steps) {
    this.storage = storage;
    this.reader = new EventReader(storage, subscriptionSettings.pageBytes(), clock);
    this.subscriptions =
        new Subscriptions(
            storage,
            reader,
            subscriptionSettings,
            task -> {
              tasks.add(task);
              steps.at("a task is submitted");
            },
            timer,
            nanoTime);
    this.log =
        new LocalCommitLog(
            storage,
            settings,
            Thread.ofPlatform()::unstarted,
            List.of(
                new Witness("before publishing", steps),
                subscriptions,
                new Witness("published", steps)));
    log.writeRound(); // idle from the start, as the writer's thread is
  }

  /** A listener beside the subscriptions. */
  private record Witness(String when, Steps steps) implements CommitListener {
    @Override
    public void writing(int commands, int events, long bytes) {
      steps.at("writing " + events + " events for " + commands + " commands, " + when);
    }

    @Override
    public void committed(List<EventRun> runs) {
      steps.at("committed, " + when);
    }

    @Override
    public void stopped(String reason) {}
  }

  /** The committer's next round, unless it is in the midst of one. */
  void decide() {
    if (!deciding && !dead) {
      deciding = true;
      try {
        var _ = log.decideRound();
      } finally {
        deciding = false;
      }
    }
  }

  /** The writer's next batch, unless it is in the midst of one. */
  void write() {
    if (!writing && !dead) {
      writing = true;
      try {
        log.writeRound();
      } finally {
        writing = false;
      }
    }
  }

  /** All events that readers may see. */
  List<LoggedEvent> visible() {
    return storage.all().stream()
        .filter(event -> event.position() <= storage.head().position())
        .map(SimulatedDisk::logged)
        .toList();
  }

  /** Lets everybody finish that is under way. */
  void settle() {
    for (int i = 0; log.heldBytes() > 0 && !dead; i++) {
      if (i > 10_000) {
        throw new AssertionError("what was proposed is never answered");
      }
      decide();
      write();
    }
    for (int i = 0; !tasks.isEmpty() && !dead; i++) {
      if (i > 100_000) {
        throw new AssertionError("subscriptions never come to rest");
      }
      tasks.removeFirst().run();
    }
  }
}
