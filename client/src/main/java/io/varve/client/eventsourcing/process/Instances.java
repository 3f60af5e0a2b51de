package io.varve.client.eventsourcing.process;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees every open instance of a process to its end: takes events in, carries commands out, fires
 * timers, and records each as the next input.
 */
final class Instances<S, E> {

  /*
   * Why everything takes effect exactly once.
   *
   * An instance is its stream, and every append to it expects the version that it was decided on. So
   * of two inputs that are recorded at the same time, by two threads or two runners, one is decided
   * again. An event is taken in by an append that moves the process's tracking as well, so it is
   * taken in once. A timer is in the stream until it has fired, and firing is an append.
   *
   * A command has an id from the append that sends it. It is carried out at least once, and the
   * handler makes once of that. What two runners might disagree on is the answer: refused here, and
   * accepted there a moment later. Therefore the record of a refusal takes the event id that the
   * acceptance would have had (CommandOutcome.refused), and the store gives an id away once. If it is
   * gone, the command has been accepted; it is asked for again, and says so.
   *
   * So several runners may work at the same time, without a lease whose holder might be mistaken.
   * To spare them the double work, a runner that loses a race leaves the instance alone for a while
   * (the grace), and takes it up if it has not moved by then.
   */

  /** Of instances that are idle, so many are kept in memory with what they know. */
  static final int MOST_CACHED = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(Instances.class);

  /** A command's handler, and how its commands are written. */
  record Binding<C>(CommandTarget<C> target, CommandHandler<C> handler) {

    CommandOutcome handle(Fold.Pending command) throws Exception {
      return handler.handle(
          command.send().id(),
          target.types().family().cast(command.send().command()),
          command.commandId(),
          EventContext.causedBy(command.issued()));
    }
  }

  /** How instances are worked on. */
  record Settings(int concurrency, Duration firstPause, Duration longestPause, Duration grace) {}

  private final EventStore store;
  private final ProcessManager<S, E> process;
  private final ProcessEvents<E> events;
  private final Map<String, Binding<?>> bindings;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;
  private final ExecutorService workers;
  private final ToolkitObserver observer;
  private final Settings settings;
  private final Semaphore permits;
  private final Runnable onCompleted;
  private final Waiters<S> waiters;

  private final Map<String, Instance<S, E>> open = new ConcurrentHashMap<>();
  private final AtomicInteger cached = new AtomicInteger();
  private final AtomicLong completed = new AtomicLong();
  private volatile boolean closed;

  Instances(
      EventStore store,
      ProcessManager<S, E> process,
      ProcessEvents<E> events,
      Map<String, Binding<?>> bindings,
      InstantSource clock,
      ScheduledExecutorService scheduler,
      ExecutorService workers,
      ToolkitObserver observer,
      Settings settings,
      Runnable onCompleted) {
    this.store = store;
    this.process = process;
    this.events = events;
    this.bindings = Map.copyOf(bindings);
    this.clock = clock;
    this.scheduler = scheduler;
    this.workers = workers;
    this.observer = observer;
    this.settings = settings;
    this.permits = new Semaphore(settings.concurrency());
    this.onCompleted = onCompleted;
    this.waiters = new Waiters<>(store, process.name(), this::find, workers);
  }

  void close() {
    closed = true;
    waiters.close();
    for (Instance<S, E> instance : open.values()) {
      locked(instance, (i, fold) -> disarm(i));
    }
  }

  Collection<Instance<S, E>> all() {
    return open.values();
  }

  long completed() {
    return completed.get();
  }

  /** Those who wait for instances. */
  Waiters<S> waiters() {
    return waiters;
  }

  // ---- the list

  /** Takes an instance up that a former runner has left, or another one has. */
  void takeUp(String id) {
    try (Held<S, E> held = hold(id)) {
      wake(held.instance);
    }
  }

  /** The instance, locked. Close it to unlock. */
  @SuppressWarnings("LockNotBeforeTry") // whoever is handed the instance unlocks it
  private Held<S, E> hold(String id) {
    while (true) {
      Instance<S, E> instance = open.computeIfAbsent(id, Instance::new);
      instance.lock.lock();
      if (!instance.gone) {
        return new Held<>(instance);
      }
      instance.lock.unlock();
    }
  }

  private record Held<S, E>(Instance<S, E> instance) implements AutoCloseable {
    @Override
    public void close() {
      instance.lock.unlock();
    }
  }

  private void locked(
      Instance<S, E> instance, BiConsumer<Instance<S, E>, @Nullable Fold<S, E>> work) {
    instance.lock.lock();
    try {
      work.accept(instance, instance.fold);
    } finally {
      instance.lock.unlock();
    }
  }

  private void remove(Instance<S, E> instance) {
    forget(instance);
    disarm(instance);
    instance.gone = true;
    open.remove(instance.id, instance);
  }

  private Fold<S, E> load(Instance<S, E> instance) {
    Fold<S, E> fold = instance.fold;
    if (fold == null) {
      fold = read(instance.id);
      instance.fold = fold;
      cached.incrementAndGet();
    }
    instance.help = fold.help();
    return fold;
  }

  private void forget(Instance<S, E> instance) {
    if (instance.fold != null) {
      instance.fold = null;
      cached.decrementAndGet();
    }
  }

  /**
   * The instance as the store has it now; without an event if it has none.
   *
   * @throws UnreadableInstanceException something else has written into its stream
   */
  Fold<S, E> read(String id) {
    Fold<S, E> fold = new Fold<>(process, events);
    try (EventReader reader = store.readStream(ReadStream.of(events.stream(id)))) {
      for (RecordedEvent event : reader) {
        try {
          fold.apply(event);
        } catch (RuntimeException e) {
          throw new UnreadableInstanceException(id, event, fold.version() == 0, e);
        }
      }
    } catch (StreamNotFoundException e) {
      return new Fold<>(process, events);
    }
    return fold;
  }

  /** What the store has of the instance now; empty: it has not begun. */
  Optional<ProcessInstance<S>> find(String id) {
    Fold<S, E> fold = read(id);
    return fold.version() == 0 ? Optional.empty() : Optional.of(fold.told(id));
  }

  private Draft<S, E> draft(Instance<S, E> instance, Fold<S, E> fold) {
    return new Draft<>(process, events, instance.id, fold, clock);
  }

  // ---- events

  /**
   * Takes an event in, for each instance that it belongs to, and moves the tracking with it.
   *
   * @return false: no instance wanted it, and nothing was recorded
   * @throws TrackingNotRisingException another runner has taken it in
   * @throws UnreadableInstanceException something else has written into the stream of one of them
   */
  boolean takeIn(Map<String, List<TypedEvent<E>>> byInstance, Tracking tracking) {
    Set<String> closedForEver = new HashSet<>();
    boolean idTaken = false;
    while (true) {
      TreeMap<String, Held<S, E>> held =
          new TreeMap<>(); // in order, so that nobody waits in a ring
      try {
        for (String id : new TreeMap<>(byInstance).keySet()) {
          if (!closedForEver.contains(id)) {
            held.put(id, hold(id));
          }
        }
        return tryTakeIn(byInstance, held.values(), tracking);
      } catch (VersionConflictException e) {
        forgetAll(held.values());
      } catch (EventIdTakenException e) {
        forgetAll(held.values());
        if (idTaken) {
          throw e;
        }
        idTaken = true;
      } catch (StreamTombstonedException e) {
        forgetAll(held.values());
        String id = e.stream().substring(process.name().length() + 1);
        if (!closedForEver.add(id)) {
          throw e;
        }
      } catch (VarveException e) {
        forgetAll(held.values()); // whether it was written is not known
        throw e;
      } finally {
        held.values().forEach(Held::close);
      }
    }
  }

  private void forgetAll(Collection<Held<S, E>> held) {
    held.forEach(one -> forget(one.instance));
  }

  private record Drafted<S, E>(Instance<S, E> instance, Fold<S, E> fold, Draft<S, E> draft) {}

  private boolean tryTakeIn(
      Map<String, List<TypedEvent<E>>> byInstance, Collection<Held<S, E>> held, Tracking tracking) {
    List<Drafted<S, E>> drafts = new ArrayList<>();
    for (Held<S, E> one : held) {
      Instance<S, E> instance = one.instance;
      Fold<S, E> fold;
      try {
        fold = load(instance);
      } catch (UnreadableInstanceException e) {
        if (e.isForeign()) {
          remove(instance);
        } else {
          wake(instance); // a worker finds the same, and has it shown
        }
        throw e;
      }
      Draft<S, E> draft = take(instance, fold, byInstance.getOrDefault(instance.id, List.of()));
      if (draft != null) {
        drafts.add(new Drafted<>(instance, fold, draft));
      } else if (fold.version() == 0 || fold.isCompleted()) {
        remove(instance);
      } else {
        wake(instance); // if it has the event from a try whose answer was lost, it must go on
      }
    }
    if (drafts.isEmpty()) {
      return false;
    }
    append(drafts, tracking);
    for (Drafted<S, E> drafted : drafts) {
      drafted.instance().yieldedUntil = null;
      tell("event", drafted);
      wake(drafted.instance());
    }
    return true;
  }

  /** Null: the instance does not want any of these. */
  private @Nullable Draft<S, E> take(
      Instance<S, E> instance, Fold<S, E> fold, List<TypedEvent<E>> parts) {
    UUID origin = parts.getFirst().recorded().id();
    if (fold.isCompleting() || fold.hasTaken(origin)) {
      return null;
    }
    List<TypedEvent<E>> wanted = parts;
    boolean starts = fold.version() == 0;
    if (starts) {
      int first = 0;
      while (first < parts.size() && !process.starts(parts.get(first).event())) {
        first++;
      }
      if (first == parts.size()) {
        return null;
      }
      wanted = parts.subList(first, parts.size());
    }
    if (!fold.parked().isEmpty()) {
      return park(instance, fold, wanted, false, new IllegalStateException("one before it waits"));
    }
    try {
      Draft<S, E> draft = draft(instance, fold);
      if (starts) {
        draft.start(wanted.getFirst());
      }
      wanted.forEach(draft::event);
      return draft;
    } catch (RuntimeException e) {
      LOG.error("process {} {} cannot take {}", process.name(), instance.id, origin, e);
      return park(instance, fold, wanted, starts, e);
    }
  }

  private Draft<S, E> park(
      Instance<S, E> instance,
      Fold<S, E> fold,
      List<TypedEvent<E>> parts,
      boolean starts,
      RuntimeException why) {
    Draft<S, E> draft = draft(instance, fold);
    if (starts) {
      draft.start(parts.getFirst());
    }
    parts.forEach(part -> draft.park(part, why));
    return draft;
  }

  /** Leaves instances to the runner that has just been at work on them. */
  void leaveToOthers(Collection<String> ids) {
    for (String id : ids) {
      try (Held<S, E> held = hold(id)) {
        Instance<S, E> instance = held.instance;
        if (!instance.driven) {
          forget(instance);
          instance.yieldedUntil = clock.instant().plus(settings.grace());
          arm(instance);
        }
      }
    }
  }

  // ---- recording

  private void append(List<Drafted<S, E>> drafts, @Nullable Tracking tracking) {
    if (drafts.size() == 1) {
      Drafted<S, E> only = drafts.getFirst();
      String stream = events.stream(only.instance().id);
      List<NewEvent> newEvents = only.draft().events();
      AppendResult result =
          tracking == null
              ? store.append(stream, expected(only.fold()), newEvents)
              : store.append(stream, expected(only.fold()), newEvents, tracking);
      appended(
          only, result.version(), result.position(), result.recordedAt(), result.deduplicated());
      return;
    }
    Transaction.Builder transaction = Transaction.builder();
    for (Drafted<S, E> drafted : drafts) {
      transaction.append(
          events.stream(drafted.instance().id), expected(drafted.fold()), drafted.draft().events());
    }
    if (tracking != null) {
      transaction.tracking(tracking);
    }
    TransactionResult result = store.transact(transaction.build());
    for (Drafted<S, E> drafted : drafts) {
      forget(drafted.instance());
    }
    if (result.position() < 1) {
      throw new IllegalStateException("the store took " + drafts.size() + " parts without a place");
    }
  }

  private ExpectedVersion expected(Fold<S, E> fold) {
    return fold.version() == 0
        ? ExpectedVersion.noStream()
        : ExpectedVersion.exactly(fold.version());
  }

  /** What is in memory is made from what was written, as a restart would make it. */
  private void appended(
      Drafted<S, E> drafted, long version, long position, Instant at, boolean deduplicated) {
    if (deduplicated) {
      forget(drafted.instance()); // written by somebody else, with other times perhaps
      return;
    }
    List<NewEvent> newEvents = drafted.draft().events();
    int before = newEvents.size();
    try {
      for (NewEvent event : newEvents) {
        before--;
        drafted
            .fold()
            .apply(
                new RecordedEvent(
                    events.stream(drafted.instance().id),
                    version - before,
                    position - before,
                    at,
                    event));
      }
    } catch (RuntimeException e) {
      forget(drafted.instance()); // it is in between two versions
      throw e;
    }
    drafted.instance().help = drafted.fold().help();
    if (drafted.fold().isCompleted() || drafted.fold().help() != null) {
      waiters.tell(drafted.instance().id, () -> drafted.fold().told(drafted.instance().id));
    }
  }

  /**
   * Records an input of one instance. The lock is held.
   *
   * @return false: the instance has moved meanwhile, and the input must be decided again
   */
  private boolean record(
      Instance<S, E> instance, Fold<S, E> fold, Draft<S, E> draft, String input) {
    try {
      Drafted<S, E> drafted = new Drafted<>(instance, fold, draft);
      append(List.of(drafted), null);
      tell(input, drafted);
      return true;
    } catch (VersionConflictException e) {
      forget(instance);
      return false;
    } catch (VarveException e) {
      forget(instance); // whether it was written is not known
      throw e;
    }
  }

  private void tell(String input, Drafted<S, E> drafted) {
    observer.tell(
        o ->
            o.processAdvanced(
                process.name(), drafted.instance().id, input, drafted.draft().effects()));
  }

  // ---- work

  /** Has a worker see whether there is something to do. The lock is held. */
  private void wake(Instance<S, E> instance) {
    if (closed || instance.gone) {
      return;
    }
    if (instance.driven) {
      instance.again = true;
      return;
    }
    instance.driven = true;
    try {
      workers.execute(() -> drive(instance));
    } catch (RejectedExecutionException e) {
      instance.driven = false; // closing
    }
  }

  private void drive(Instance<S, E> instance) {
    try {
      permits.acquire();
    } catch (InterruptedException e) {
      locked(instance, (i, fold) -> i.driven = false);
      return;
    }
    try {
      boolean more = true;
      while (more) {
        more = step(instance);
      }
    } finally {
      permits.release();
      instance.busy = false;
    }
  }

  /** Does one thing. False: there is nothing to do now, and the instance has been left. */
  private boolean step(Instance<S, E> instance) {
    try {
      Fold.Pending command;
      instance.lock.lock();
      try {
        instance.again = false;
        if (closed || instance.gone || isPausing(instance)) {
          return leave(instance);
        }
        Fold<S, E> fold = load(instance);
        if (fold.isCompleted() || fold.version() == 0) {
          if (fold.isCompleted()) {
            countCompleted();
          }
          remove(instance);
          return leave(instance);
        }
        fold.state(); // or it fails here, before anything is done
        if (!fold.parked().isEmpty()) {
          Draft<S, E> draft = draft(instance, fold);
          draft.parked(fold.parked().getFirst());
          recordOrReload(instance, fold, draft, "event");
          return true;
        }
        Fold.Timer due = due(fold);
        if (due != null) {
          fire(instance, fold, due);
          return true;
        }
        if (fold.pending().isEmpty()) {
          succeeded(instance);
          return leave(instance);
        }
        command = fold.pending().values().iterator().next();
        arm(instance); // timers fire meanwhile
      } finally {
        instance.lock.unlock();
      }
      instance.busy = true;
      CommandOutcome outcome = carryOut(command);
      locked(instance, (i, fold) -> decided(i, command, outcome));
      return true;
    } catch (Throwable e) {
      boolean ends = e instanceof InterruptedException || closed;
      locked(
          instance,
          (i, fold) -> {
            i.driven = false;
            if (isClosedForEver(i, e)) {
              LOG.warn("process {} {} was closed for ever", process.name(), i.id);
              remove(i);
            } else if (!ends) {
              failed(i, e);
            }
          });
      return false;
    }
  }

  /** Whether somebody has closed the instance's own stream, and so the instance. */
  private boolean isClosedForEver(Instance<S, E> instance, Throwable e) {
    return e instanceof StreamTombstonedException closed
        && closed.stream().equals(events.stream(instance.id));
  }

  private boolean isPausing(Instance<S, E> instance) {
    Instant retryAt = instance.retryAt;
    Instant now = clock.instant();
    return (retryAt != null && now.isBefore(retryAt))
        || (instance.yieldedUntil != null && now.isBefore(instance.yieldedUntil));
  }

  private boolean leave(Instance<S, E> instance) {
    if (instance.again && !closed && !instance.gone && !isPausing(instance)) {
      return true;
    }
    instance.driven = false;
    if (!instance.gone) {
      arm(instance);
      if (cached.get() > MOST_CACHED) {
        forget(instance);
      }
    }
    return false;
  }

  private CommandOutcome carryOut(Fold.Pending command) throws Exception {
    Binding<?> binding = bindings.get(command.send().target());
    if (binding == null) {
      throw new IllegalStateException("no handler for target " + command.send().target());
    }
    return binding.handle(command);
  }

  private void decided(Instance<S, E> instance, Fold.Pending command, CommandOutcome outcome) {
    Fold<S, E> fold = load(instance);
    if (!fold.pending().containsKey(command.commandId())) {
      leaveToOther(instance, fold.version());
      return;
    }
    Draft<S, E> draft = draft(instance, fold);
    switch (outcome) {
      case CommandOutcome.Accepted yes -> draft.accepted(command);
      case CommandOutcome.Refused refused ->
          draft.refused(command, refused.refusal(), refused.claim());
    }
    boolean accepted = outcome instanceof CommandOutcome.Accepted;
    if (recordOrReload(instance, fold, draft, accepted ? "accepted" : "refused")) {
      succeeded(instance);
      String name = command.send().command().getClass().getSimpleName();
      observer.tell(o -> o.processCommand(process.name(), instance.id, name, accepted));
    }
  }

  /** The loser of a race leaves the instance to the other runner, if there is one. */
  private boolean recordOrReload(
      Instance<S, E> instance, Fold<S, E> fold, Draft<S, E> draft, String input) {
    long version = fold.version();
    if (record(instance, fold, draft, input)) {
      return true;
    }
    // The intake of this runner shares the lock, so it was another runner's append.
    leaveToOther(instance, version);
    return false;
  }

  private void leaveToOther(Instance<S, E> instance, long seenVersion) {
    instance.seenVersion = seenVersion;
    instance.yieldedUntil = clock.instant().plus(settings.grace());
  }

  private void succeeded(Instance<S, E> instance) {
    instance.failures = 0;
    instance.lastFailure = null;
    instance.failingSince = null;
    instance.retryAt = null;
  }

  /** The lock is held. */
  private void failed(Instance<S, E> instance, Throwable e) {
    int failures = instance.failures + 1;
    Duration pause = pauseAfter(failures);
    if (failures == 1) {
      instance.failingSince = clock.instant();
    }
    instance.lastFailure = e;
    instance.failures = failures;
    instance.retryAt = clock.instant().plus(pause);
    if (instance.fold != null && instance.fold.isBroken()) {
      forget(instance);
    }
    arm(instance);
    if (failures == 1 || failures == ProcessRunner.STUCK_AFTER) {
      LOG.warn(
          "process {} {} cannot go on (try {}), tries again in {}: {}",
          process.name(),
          instance.id,
          failures,
          pause,
          e.toString());
    }
    Exception told = e instanceof Exception exception ? exception : new IllegalStateException(e);
    observer.tell(o -> o.processFailed(process.name(), instance.id, told));
  }

  private Duration pauseAfter(int failures) {
    Duration pause = settings.firstPause();
    for (int i = 1; i < failures && pause.compareTo(settings.longestPause()) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return pause.compareTo(settings.longestPause()) < 0 ? pause : settings.longestPause();
  }

  private void countCompleted() {
    long count = completed.incrementAndGet();
    if (count % OpenInstances.WORTH_A_LIST == 0) {
      onCompleted.run();
    }
  }

  // ---- timers

  private Fold.@Nullable Timer due(Fold<S, E> fold) {
    Instant now = clock.instant();
    return fold.timers().values().stream()
        .filter(timer -> !timer.due().isAfter(now))
        .min((a, b) -> a.due().compareTo(b.due()))
        .orElse(null);
  }

  private boolean fire(Instance<S, E> instance, Fold<S, E> fold, Fold.Timer timer) {
    Draft<S, E> draft = draft(instance, fold);
    draft.fired(timer);
    return recordOrReload(instance, fold, draft, "timer");
  }

  /**
   * Sets the alarm to the next time at which there may be something to do: a timer, another try, or
   * a look at what the other runner has made of it. The lock is held.
   */
  private void arm(Instance<S, E> instance) {
    disarm(instance);
    if (closed || instance.gone) {
      return;
    }
    Instant next = instance.yieldedUntil;
    if (next == null) {
      next = instance.retryAt;
      Instant due = instance.fold == null ? null : instance.fold.nextDue().orElse(null);
      if (due != null && (next == null || (due.isBefore(next) && due.isAfter(clock.instant())))) {
        next = due; // one that is over already was tried, and failed: it waits for the next try
      }
    }
    if (next == null) {
      return;
    }
    Instant at = next;
    long nanos;
    try {
      nanos = Math.max(0, Duration.between(clock.instant(), at).toNanos());
    } catch (ArithmeticException e) {
      return; // beyond 292 years
    }
    try {
      instance.alarm =
          scheduler.schedule(() -> execute(() -> alarm(instance)), nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("the scheduler is closed; process {} {} waits", process.name(), instance.id);
    }
  }

  private void execute(Runnable work) {
    try {
      workers.execute(work);
    } catch (RejectedExecutionException e) {
      LOG.debug("process {} is closing", process.name());
    }
  }

  private void disarm(Instance<S, E> instance) {
    if (instance.alarm != null) {
      instance.alarm.cancel(false);
      instance.alarm = null;
    }
  }

  private void alarm(Instance<S, E> instance) {
    locked(
        instance,
        (i, fold) -> {
          try {
            onAlarm(i);
          } catch (RuntimeException e) {
            if (!closed && !i.gone) {
              failed(i, e);
            }
          }
        });
  }

  private void onAlarm(Instance<S, E> instance) {
    if (closed || instance.gone) {
      return;
    }
    if (instance.yieldedUntil != null && !takesOver(instance)) {
      arm(instance);
      return;
    }
    if (instance.driven || isPausing(instance)) {
      fireAllDue(instance); // even while a command is being carried out, or is to be tried again
      instance.again = true;
      if (!instance.driven || due(load(instance)) == null) {
        arm(instance); // otherwise the worker does, when it is done
      }
      return;
    }
    wake(instance);
  }

  private void fireAllDue(Instance<S, E> instance) {
    boolean more = true;
    while (more) {
      Fold<S, E> fold = load(instance);
      Fold.Timer due = fold.isBroken() || !fold.parked().isEmpty() ? null : due(fold);
      more = due != null && fire(instance, fold, due);
    }
  }

  /** Whether the other runner has let the instance lie. Otherwise it is looked at again later. */
  private boolean takesOver(Instance<S, E> instance) {
    Instant until = instance.yieldedUntil;
    Instant now = clock.instant();
    if (until != null && now.isBefore(until)) {
      return false;
    }
    forget(instance);
    Fold<S, E> fold;
    try {
      fold = load(instance);
    } catch (UnreadableInstanceException e) {
      instance.yieldedUntil = null;
      if (!e.isForeign()) {
        throw e;
      }
      remove(instance);
      return false;
    }
    if (fold.isCompleted() || fold.version() == 0) {
      remove(instance);
      return false;
    }
    boolean stands = fold.version() == instance.seenVersion;
    instance.seenVersion = fold.version();
    Optional<Instant> due = fold.nextDue();
    boolean hasWork = !fold.pending().isEmpty() || !fold.parked().isEmpty() || fold.isBroken();
    boolean late = due.isPresent() && !due.get().plus(settings.grace()).isAfter(now);
    if (stands && (hasWork || late)) {
      instance.yieldedUntil = null;
      return true;
    }
    if (hasWork || late) {
      instance.yieldedUntil = now.plus(settings.grace());
    } else if (due.isPresent()) {
      instance.yieldedUntil = due.get().plus(settings.grace());
    } else {
      instance.yieldedUntil = null; // it waits for an event, which we shall see as well
    }
    forget(instance);
    return false;
  }

  // ---- people

  /** Whether there was something to try again. */
  boolean retry(String id) {
    while (true) {
      try (Held<S, E> held = hold(id)) {
        Instance<S, E> instance = held.instance;
        if (instance.failures > 0) {
          instance.retryAt = null;
          instance.yieldedUntil = null;
          wake(instance);
          return true;
        }
        forget(instance);
        Fold<S, E> fold = load(instance);
        if (fold.version() == 0 || fold.isCompleted()) {
          remove(instance);
          return false;
        }
        if (fold.help() == null) {
          return false;
        }
        Draft<S, E> draft = draft(instance, fold);
        draft.retryRequested(EventIds.next());
        if (record(instance, fold, draft, "retry")) {
          instance.yieldedUntil = null;
          wake(instance);
          return true;
        }
      }
    }
  }
}
