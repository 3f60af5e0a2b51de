package io.varve.server.append;

import io.varve.server.append.SimulatedServer.Crash;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.history.Answer;
import io.varve.server.history.Call;
import io.varve.server.history.History;
import io.varve.server.history.LinearizabilityCheck;
import io.varve.server.history.LoggedEvent;
import io.varve.server.history.RandomCalls;
import io.varve.server.history.Selection;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.StorageException;
import io.varve.server.subscription.SubscriptionSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One run: servers that live one after the other on one disk, callers that append, decide, repeat
 * themselves and read, and followers, all on one thread. What happens next is drawn; and at each
 * step inside of a commit, a look-up, a read or an answer, anything else may happen first: whatever
 * other threads could do, a failed write, the end of the server.
 *
 * <p>A run is its seed and a list of steps, each with a seed of its own; so steps can be left out,
 * and what is left does what it did.
 */
final class CommitSimulation {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  private static final int CALLERS = 5;
  private static final int READERS = 2;
  private static final int FOLLOWERS = 4;

  /** What a write to the disk does next. */
  private enum Fault {
    NONE,
    NOT_WRITTEN,
    WRITTEN_AND_NOT_TOLD,
    /** The log is, and the head does not get there. */
    INDEX_NOT_WRITTEN;

    private static final List<Fault> FAILURES =
        List.of(NOT_WRITTEN, WRITTEN_AND_NOT_TOLD, INDEX_NOT_WRITTEN);
  }

  private final boolean recording;
  private final AppendSettings appendSettings;
  private final SubscriptionSettings subscriptionSettings;
  private final SimulatedDisk disk = new SimulatedDisk();
  private final List<SimulatedCaller> callers = new ArrayList<>();
  private final List<SimulatedCaller> readers = new ArrayList<>();
  private final List<SimulatedFollower> followers = new ArrayList<>();
  private final List<String> script = new ArrayList<>();
  private final History history = new History(this::tick);
  private SimulatedServer server;

  /** Draws what happens inside of the step that is being taken. */
  private Random random;

  private long ticks;
  private long nanos = 1_000_000_000L;
  private long clockMillis;
  private Fault fault = Fault.NONE;
  private boolean broken;
  private boolean calm;
  private int depth;
  private int crashes;
  private int faults;
  private @Nullable AssertionError violation;

  /**
   * @param recording whether there is to be a {@link #script}
   */
  CommitSimulation(long seed, boolean recording) {
    this.recording = recording;
    random = new Random(seed);
    appendSettings =
        new AppendSettings(
            2 + random.nextInt(12),
            2_000 + random.nextInt(20_000),
            1 + random.nextInt(8),
            300 + random.nextInt(3_000),
            1 + random.nextInt(4));
    subscriptionSettings =
        new SubscriptionSettings(
            500 + random.nextInt(5_000),
            200 + random.nextInt(800),
            1 + random.nextInt(20),
            Duration.ofSeconds(5));
    for (int i = 0; i < CALLERS; i++) {
      callers.add(caller("caller " + i, false));
    }
    for (int i = 0; i < READERS; i++) {
      readers.add(caller("reader " + i, true));
    }
    for (int i = 0; i < FOLLOWERS; i++) {
      followers.add(follower(i));
    }
    server = start();
  }

  private long tick() {
    return ++ticks;
  }

  private SimulatedServer start() {
    SimulatedServer started =
        new SimulatedServer(
            disk.open(),
            appendSettings,
            subscriptionSettings,
            this::wallClock,
            () -> nanos,
            this::at);
    started.storage.journal(this::keep);
    started.storage.beforeLookUp(() -> at("look-up"));
    started.storage.beforeRead(() -> at("read"));
    started.storage.beforeHead(this::index);
    broken = false;
    fault = Fault.NONE;
    return started;
  }

  // ---- what happens

  /** Takes the steps, brings everything to its end, and holds what was said against the log. */
  LinearizabilityCheck.Verdict run(List<SimulationStep> steps) {
    for (SimulationStep step : steps) {
      random = new Random(step.seed());
      take(step.kind());
      throwViolation();
    }
    toItsEnd();
    List<LoggedEvent> log = server.visible();
    for (SimulatedFollower follower : followers) {
      follower.checkIsComplete(log);
    }
    throwViolation();
    LinearizabilityCheck.Verdict verdict = LinearizabilityCheck.of(history.operations(), log);
    if (!verdict.linearizable()) {
      throw new AssertionError(String.join(System.lineSeparator(), verdict.violations()));
    }
    return verdict;
  }

  private void throwViolation() {
    for (SimulatedFollower follower : followers) {
      if (violation == null) {
        violation = follower.violation;
      }
    }
    if (violation != null) {
      throw violation;
    }
  }

  /** Takes down a promise that is broken; the run ends after its step. */
  void check(boolean holds, String otherwise) {
    if (!holds && violation == null) {
      violation = new AssertionError(otherwise);
    }
  }

  void say(Supplier<String> what) {
    if (recording) {
      script.add("  ".repeat(depth) + what.get());
    }
  }

  private void take(SimulationStep.Kind kind) {
    try {
      switch (kind) {
        case CALLER -> oneOf(callers).turn();
        case READER -> oneOf(readers).turn();
        case COMMITTER -> {
          say(() -> "the committer decides");
          server.decide();
        }
        case WRITER -> {
          say(() -> "the writer writes");
          server.write();
        }
        case TASK -> task();
        case FOLLOWER -> turn(oneOf(followers));
        case TIME -> time();
        case DISK_FAILS -> {
          fault = oneOf(Fault.FAILURES);
          say(() -> "the disk will fail: " + fault);
        }
        case REST -> rest();
        case STOP -> stop();
        case CRASH -> die("between two steps");
      }
    } catch (Crash e) {
      // Somebody was in the midst of something when the server ended.
    }
    if (server.dead) {
      restart();
    } else if (broken && random.nextInt(20) == 0) {
      stop();
    }
  }

  /** At a step inside of something: what other threads do meanwhile, or the end. */
  void at(String step) {
    if (server.dead) {
      throw new Crash();
    }
    if (calm || depth > 3) {
      return;
    }
    depth++;
    try {
      while (random.nextBoolean()) {
        switch (random.nextInt(12)) {
          case 0, 1 -> oneOf(callers).turn();
          case 2, 3, 4, 5 -> oneOf(readers).turn();
          case 6, 7, 8 -> task();
          case 9 -> server.decide();
          case 10 -> server.write();
          default -> turn(oneOf(followers));
        }
        if (server.dead) {
          throw new Crash();
        }
      }
      if (random.nextInt(400) == 0) {
        die(step);
        throw new Crash();
      }
    } finally {
      depth--;
    }
  }

  /** The disk takes a commit, or does not. */
  private void keep(List<AssignedEvent> events, Map<String, Long> progress) {
    at("not written");
    Fault now = fault;
    if (now == Fault.NOT_WRITTEN) {
      fails("the disk is full");
    }
    disk.keep(events, progress);
    say(() -> "durable up to " + disk.head());
    if (now == Fault.WRITTEN_AND_NOT_TOLD) {
      fails("the disk does not answer");
    }
    at("durable, not in the index");
  }

  /** The index takes a commit, or does not. */
  private void index() {
    if (fault == Fault.INDEX_NOT_WRITTEN) {
      fails("the index is not written");
    }
    at("indexed, the head not moved");
  }

  private void fails(String how) {
    fault = Fault.NONE;
    broken = true;
    faults++;
    say(() -> how);
    throw new StorageException(how);
  }

  private void task() {
    if (!server.tasks.isEmpty()) {
      Runnable task = server.tasks.remove(random.nextInt(server.tasks.size()));
      task.run();
    }
  }

  private void time() {
    Duration time = Duration.ofMillis(random.nextInt(4_000));
    nanos += time.toNanos();
    // The clock on the wall is set back now and then.
    clockMillis += random.nextInt(5) == 0 ? -random.nextInt(5_000) : time.toMillis();
    say(() -> "time passes");
    server.timer.fire();
  }

  // ---- the server's life

  private void die(String where) {
    say(() -> "the server dies: " + where);
    crashes++;
    server.dead = true;
  }

  private void restart() {
    callers.forEach(SimulatedCaller::lost);
    readers.forEach(SimulatedCaller::lost);
    followers.forEach(SimulatedFollower::lost);
    history.serverEnded();
    say(() -> "a server starts at " + disk.head());
    server = start();
  }

  /** What is under way is finished, and nobody asks for more: everybody has all that there is. */
  private void rest() {
    say(() -> "all is finished that is under way");
    boolean before = calm;
    calm = true;
    server.settle();
    List<LoggedEvent> visible = server.visible();
    followers.forEach(follower -> follower.checkIsNotForgotten(visible));
    calm = before;
  }

  /** As by SIGTERM. */
  private void stop() {
    rest();
    say(() -> "the server stops");
    boolean before = calm;
    calm = true;
    server.subscriptions.close();
    server.settle();
    server.log.close();
    server.dead = true;
    calm = before;
    restart();
  }

  private void toItsEnd() {
    calm = true;
    fault = Fault.NONE;
    stop();
    say(() -> "and so on to the end, calmly");
    int happened = script.size();
    for (SimulatedCaller caller : callers) {
      for (int i = 0; !caller.isAnswered(); i++) {
        check(i < 10_000, "somebody is never answered");
        throwViolation();
        caller.turn();
        server.settle();
      }
    }
    for (SimulatedFollower follower : followers) {
      follower.leave();
      follower.subscribe(server);
      follower.allow(1_000_000);
    }
    server.settle();
    throwViolation();
    script.subList(happened, script.size()).clear();
  }

  // ---- followers

  private SimulatedFollower follower(int number) {
    String name = "follower " + number;
    boolean fromNow = random.nextInt(3) == 0;
    if (random.nextInt(3) == 0) {
      StreamId stream = new StreamId("s-" + random.nextInt(3));
      return new SimulatedFollower(
          name + " of " + stream,
          stream,
          Query.everything(),
          fromNow,
          event -> event.stream().equals(stream.value()),
          event -> delivered(name, event),
          () -> at("asked whether it is ready"));
    }
    Set<String> tags = random.nextBoolean() ? Set.of() : Set.of("tag:" + random.nextInt(3));
    return new SimulatedFollower(
        name + " of " + tags,
        null,
        CallCommands.query(new Selection(Set.of(), tags)),
        fromNow,
        event -> event.tags().containsAll(tags),
        event -> delivered(name, event),
        () -> at("asked whether it is ready"));
  }

  private void delivered(String name, LoggedEvent event) {
    say(() -> name + " gets " + event);
    check(event.position() <= disk.head(), "delivered though not durable: " + event);
    long now = history.now();
    history.add(name, new Call.Delivery(name), new Answer.Found(event), now);
  }

  private void turn(SimulatedFollower follower) {
    if (!follower.isOpen()) {
      say(() -> follower.name + " subscribes");
      follower.subscribe(server);
    } else if (random.nextInt(20) == 0) {
      say(() -> follower.name + " leaves");
      follower.leave();
    } else {
      follower.allow(1 + random.nextInt(4));
    }
  }

  // ---- what callers ask

  private SimulatedCaller caller(String name, boolean onlyReads) {
    RandomCalls calls = new RandomCalls(new Random(random.nextLong()));
    return new SimulatedCaller(name, calls, onlyReads, this);
  }

  private <T> T oneOf(List<T> some) {
    return some.get(random.nextInt(some.size()));
  }

  SimulatedServer server() {
    return server;
  }

  History history() {
    return history;
  }

  /** The last position that is durable. */
  long durable() {
    return disk.head();
  }

  Instant wallClock() {
    return NOON.plusMillis(clockMillis);
  }

  /** Whether somebody who waits does not wait any longer. */
  boolean isImpatient() {
    return !calm && random.nextInt(15) == 0;
  }

  // ---- what happened

  int crashes() {
    return crashes;
  }

  int faults() {
    return faults;
  }

  /** What happened, line by line, if it was to be recorded. */
  List<String> script() {
    return script;
  }
}
