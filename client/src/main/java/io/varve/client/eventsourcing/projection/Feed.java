package io.varve.client.eventsourcing.projection;

import static io.varve.client.eventsourcing.projection.ErrorPolicy.Action.RETRY;
import static io.varve.client.eventsourcing.projection.ErrorPolicy.Action.SKIP;
import static io.varve.client.eventsourcing.projection.ErrorPolicy.Action.STOP;

import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds one generation of one projection on a thread of its own, for ever: claims it, subscribes
 * behind its checkpoint, and has what arrives take effect. Whatever goes wrong, it gives its tenure
 * back and begins anew at the checkpoint, so that nothing is believed that has not been read back.
 *
 * <p>A batch that fails is taken again event by event; so the projection comes to stand right
 * before the event that it cannot take, and only that one is held against it.
 */
final class Feed<T> {

  /** What all feeds of a runner share. */
  record Settings(
      EventStore store, String owner, InstantSource clock, ToolkitObserver observer, int batch) {}

  /** Hears what a feed does. Called on the feed's thread. */
  interface Watcher {

    /** The position or the state is another one. */
    void changed();

    /** The log goes up to here at least. */
    void heardOf(long position);

    /** The newest position of the log that anybody has heard of. */
    long head();

    /** The generation is not what it was: it is served now, or somebody else has taken over. */
    void generationsChanged();
  }

  /** A batch failed; it is taken again at once, event by event, or without the bad one. */
  private static final class AgainAtOnce extends Exception {
    private static final long serialVersionUID = 1;

    AgainAtOnce(Exception cause) {
      super(cause);
    }
  }

  /** An event could not be taken, and the policy says what is next. */
  private static final class EventFailed extends Exception {
    private static final long serialVersionUID = 1;

    EventFailed(Exception cause) {
      super(cause);
    }
  }

  /** How long a wait may be without a look at the clock, which need not be the system's. */
  private static final Duration SLICE = Duration.ofMillis(100);

  /** While catching up, a batch that has not filled up by then is taken as it is. */
  private static final Duration FILLING = Duration.ofMillis(50);

  private static final Logger log = LoggerFactory.getLogger(Feed.class);

  private final Projection<T> projection;
  private final int generation;
  private final ProjectionTarget<T> target;
  private final ErrorPolicy policy;
  private final Settings settings;
  private final Watcher watcher;
  private final Thread thread;
  private final RateMeter rate;
  private final Queue<Consumer<@Nullable Tenure<T>>> errands = new ConcurrentLinkedQueue<>();

  // Of the feed's thread.
  private long carefulUntil; // up to here, one event at a time
  private long failedAt; // the position of the event that failed last; 0: none
  private int attempts; // of that event
  private @Nullable Exception failedWith;
  private int outages; // in a row
  private Instant renewedAt = Instant.MIN;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ReentrantLock counting = new ReentrantLock();
  // Under lock.
  private boolean closing;
  private boolean paused;
  private boolean resumed;
  private boolean stuck; // before an event that it cannot take
  private @Nullable Mailbox mailbox;

  // Written by the feed's thread, read by anybody.
  private volatile State state = State.STARTING;
  private volatile long position;
  private volatile int parked;
  private volatile @Nullable String failure;
  private volatile @Nullable Instant oldestPending;

  Feed(
      Projection<T> projection,
      int generation,
      ProjectionTarget<T> target,
      ErrorPolicy policy,
      Settings settings,
      Watcher watcher,
      boolean paused) {
    this.projection = projection;
    this.generation = generation;
    this.target = target;
    this.policy = policy;
    this.settings = settings;
    this.watcher = watcher;
    this.paused = paused;
    this.rate = new RateMeter(settings.clock());
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("varve-projection-" + projection.name() + "-" + generation)
            .unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  // ---- asked and told by others

  int generation() {
    return generation;
  }

  State state() {
    return state;
  }

  /** The checkpoint as this feed has seen it last. */
  long position() {
    return position;
  }

  int parked() {
    return parked;
  }

  /** Counts anew what is put aside; one at a time, so that the newest count is the one shown. */
  void countParked(Callable<Integer> count) throws Exception {
    counting.lock();
    try {
      parked = count.call();
    } finally {
      counting.unlock();
    }
  }

  /**
   * Whether it stays where it is until somebody does something: resumes it, or mends what an event
   * fails on. A first failure is not held to be one for ever, nor is any while it is tried again.
   */
  boolean standsStill() {
    lock.lock();
    try {
      return stuck || (paused && state == State.PAUSED) || state == State.CLOSED;
    } finally {
      lock.unlock();
    }
  }

  @Nullable String failure() {
    return failure;
  }

  double eventsPerSecond() {
    return rate.perSecond();
  }

  /** When the oldest event was recorded that it has in hand; null: none. */
  @Nullable Instant oldestPending() {
    return oldestPending;
  }

  void pause() {
    tell(() -> paused = true);
  }

  void resume() {
    tell(
        () -> {
          paused = false;
          resumed = true;
          stuck = false;
        });
  }

  /** Begins to end it, without waiting. */
  void stop() {
    tell(() -> closing = true);
  }

  private void tell(Runnable what) {
    lock.lock();
    try {
      what.run();
      changed.signalAll();
      if (mailbox != null) {
        mailbox.wake();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until it has ended; false: not within the time. */
  boolean awaitEnd(Duration patience) throws InterruptedException {
    return Thread.currentThread().equals(thread) || thread.join(patience);
  }

  /** Takes an event again that was put aside, on the feed's own thread. */
  CompletableFuture<Boolean> retryParked(RecordedEvent event) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    errands.add(
        tenure -> {
          if (tenure == null) {
            done.completeExceptionally(
                new IllegalStateException(
                    "the projection " + projection.name() + " is not fed here, but " + state));
            return;
          }
          try {
            boolean taken =
                tenure.retryParked(
                    event.position(),
                    into -> {
                      projection.apply(into, event);
                      return new Step(event.position(), 1);
                    });
            countParked(tenure::parkedCount); // first, so that who asked finds it counted
            done.complete(taken);
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    tell(() -> {});
    return done;
  }

  private void runErrands(@Nullable Tenure<T> tenure) {
    for (Consumer<@Nullable Tenure<T>> errand = errands.poll();
        errand != null;
        errand = errands.poll()) {
      errand.accept(tenure);
    }
  }

  // ---- the feed's thread

  private void run() {
    try {
      while (!isClosing()) {
        round();
      }
    } finally {
      state = State.CLOSED;
      runErrands(null);
      watcher.changed();
    }
  }

  /** From one claim to whatever ends it. */
  private void round() {
    try {
      Optional<Tenure<T>> claimed = target.claim(projection, generation, settings.owner());
      if (claimed.isEmpty()) {
        standBy();
        return;
      }
      try (Tenure<T> tenure = claimed.get()) {
        feed(tenure);
      }
    } catch (AgainAtOnce e) {
      log.info("{} goes event by event: {}", this, message(e));
    } catch (TenureLostException e) {
      log.info("{} stands by: {}", this, e.getMessage());
      standBy();
    } catch (EventFailed e) {
      afterEventFailed(e);
    } catch (Throwable e) {
      afterOutage(e instanceof Exception known ? known : new IllegalStateException(e));
    }
  }

  private void standBy() {
    outages = 0;
    forgetFailure();
    show(State.STANDBY);
    watcher.generationsChanged();
    rest(target.standbyPause());
  }

  private void afterEventFailed(EventFailed e) {
    if (policy.action() == STOP) {
      log.error("{} stops: {}", this, message(e), e.getCause());
      setStuck(true);
      show(State.STOPPED);
      awaitResume();
      return;
    }
    Duration pause = policy.pauseAfter(attempts);
    log.error("{} tries again in {}: {}", this, pause, message(e), e.getCause());
    setStuck(policy.action() == RETRY && attempts > 1);
    show(State.FAILING);
    rest(pause);
    setStuck(false);
  }

  private void setStuck(boolean now) {
    lock.lock();
    try {
      stuck = now;
      resumed = false;
    } finally {
      lock.unlock();
    }
  }

  private void afterOutage(Exception e) {
    outages++;
    Duration pause = policy.pauseAfter(outages);
    failure = message(e);
    show(State.FAILING);
    observe(observer -> observer.projectionFailed(projection.name(), position, e));
    if (e instanceof VarveException || outages > 1) {
      log.warn("{} tries again in {}: {}", this, pause, failure);
    } else {
      log.warn("{} tries again in {}", this, pause, e);
    }
    rest(pause);
  }

  private void feed(Tenure<T> tenure) throws Exception {
    position = tenure.position();
    renewedAt = settings.clock().instant();
    countParked(tenure::parkedCount);
    watcher.changed();
    refuseAnotherStore();
    while (!isClosing()) {
      if (isPaused()) {
        keepWhilePaused(tenure);
      } else {
        follow(tenure);
      }
    }
  }

  /** A log that ends before the checkpoint is not the log that the rows came from. */
  private void refuseAnotherStore() {
    long head;
    try (EventReader reader = settings.store().readLog(ReadLog.all().backwards().limit(1))) {
      head = reader.headPosition();
    }
    watcher.heardOf(head);
    if (head < position) {
      throw new IllegalStateException(
          "the projection "
              + projection.name()
              + " is at position "
              + position
              + ", and the log ends at "
              + head
              + ": it was made from another store. Connect to that one, or delete what was made"
              + " from it");
    }
  }

  private void keepWhilePaused(Tenure<T> tenure) throws Exception {
    show(State.PAUSED);
    while (!isClosing() && isPaused()) {
      runErrands(tenure);
      renewIfDue(tenure);
      rest(SLICE);
    }
  }

  private void follow(Tenure<T> tenure) throws Exception {
    show(State.CATCHING_UP);
    Mailbox arriving = new Mailbox(2 * settings.batch());
    setMailbox(arriving);
    Subscription subscription =
        settings
            .store()
            .subscribeToLog(
                SubscribeToLog.all().query(projection.query()).after(position), arriving);
    try {
      while (!isClosing() && !isPaused()) {
        runErrands(tenure);
        Duration patience = state == State.LIVE ? SLICE : FILLING;
        take(tenure, arriving.take(isCareful() ? 1 : settings.batch(), patience));
        renewIfDue(tenure);
      }
    } finally {
      setMailbox(null);
      arriving.close();
      subscription.close();
    }
  }

  private void take(Tenure<T> tenure, Mailbox.Delivery delivery) throws Exception {
    Queue<RecordedEvent> pending = new ArrayDeque<>(delivery.events());
    while (!pending.isEmpty() && !isClosing()) {
      oldestPending = pending.element().recordedAt();
      int size = target.isAtomic() && !isCareful() ? pending.size() : 1;
      commit(tenure, pending.stream().limit(size).toList());
      while (!pending.isEmpty() && pending.element().position() <= position) {
        pending.remove();
      }
    }
    if (!pending.isEmpty()) {
      return;
    }
    oldestPending = null;
    if (delivery.reached() > position) {
      Step step = tenure.commit(into -> new Step(delivery.reached(), 0));
      progressed(step);
    }
    if (delivery.linkLost() != null) {
      failure = message(delivery.linkLost());
      show(State.FAILING);
    } else if (delivery.live()) {
      forgetFailure();
      outages = 0;
      if (!tenure.isLive() && tenure.promote()) {
        log.info("{} is the one that is served from now on", this);
        watcher.generationsChanged();
      }
      show(State.LIVE);
    } else if (state == State.LIVE) {
      show(State.CATCHING_UP);
    }
  }

  private void commit(Tenure<T> tenure, List<RecordedEvent> events) throws Exception {
    RecordedEvent first = events.getFirst();
    Exception given = failedWith;
    if (first.position() == failedAt && given != null && isGivenUp()) {
      goOnWithout(tenure, first, given);
      return;
    }
    Instant startedAt = settings.clock().instant();
    Batch batch = new Batch(events, startedAt.plus(tenure.renewEvery()));
    Step step;
    try {
      step = tenure.commit(batch);
    } catch (TenureLostException e) {
      throw e;
    } catch (Exception e) {
      throw judged(tenure, batch, e);
    }
    rate.add(step.events());
    progressed(step);
    Duration took = Duration.between(startedAt, settings.clock().instant());
    observe(
        observer ->
            observer.projected(
                projection.name(), step.events(), step.position(), watcher.head(), took));
  }

  private void progressed(Step step) {
    if (target.isAtomic()) {
      renewedAt = settings.clock().instant(); // the commit said that we are there
    }
    position = step.position();
    if (position >= failedAt) {
      forgetFailure();
    }
    outages = 0;
    watcher.heardOf(position);
    watcher.changed();
  }

  /** Handlers at work on some events, until there are none or the time is over. */
  private final class Batch implements Tenure.Work<T> {

    private final List<RecordedEvent> events;
    private final Instant until;
    private @Nullable RecordedEvent inHand;

    Batch(List<RecordedEvent> events, Instant until) {
      this.events = events;
      this.until = until;
    }

    @Override
    public Step run(T into) throws Exception {
      int done = 0;
      long reached = 0;
      for (RecordedEvent event : events) {
        if (done > 0 && settings.clock().instant().isAfter(until)) {
          break; // committed before the lease runs out
        }
        inHand = event;
        try {
          projection.apply(into, event);
        } catch (LinkageError | AssertionError | StackOverflowError e) {
          throw new IllegalStateException(e.toString(), e);
        }
        inHand = null;
        reached = event.position();
        done++;
      }
      return new Step(reached, done);
    }
  }

  /** Whose fault it was, and so what is next. */
  private Exception judged(Tenure<T> tenure, Batch batch, Exception e) {
    @Nullable RecordedEvent inHand = batch.inHand;
    if (tenure.isPassing(e, inHand != null)) {
      return e;
    }
    if (batch.events.size() > 1) {
      carefulUntil = batch.events.getLast().position();
      return new AgainAtOnce(e);
    }
    RecordedEvent event = batch.events.getFirst();
    attempts = event.position() == failedAt ? attempts + 1 : 1;
    failedAt = event.position();
    failedWith = e;
    carefulUntil = Math.max(carefulUntil, failedAt);
    failure =
        "cannot take "
            + event.type()
            + " in "
            + event.stream()
            + " at position "
            + event.position()
            + ": "
            + message(e);
    observe(observer -> observer.projectionFailed(projection.name(), event.position(), e));
    return isGivenUp() ? new AgainAtOnce(e) : new EventFailed(e);
  }

  private boolean isGivenUp() {
    return policy.action() != RETRY && policy.action() != STOP && attempts >= policy.attempts();
  }

  private void goOnWithout(Tenure<T> tenure, RecordedEvent event, Exception why) throws Exception {
    if (policy.action() == SKIP) {
      Step step = tenure.commit(into -> new Step(event.position(), 0));
      progressed(step);
      log.error("{} goes on without {}: {}", this, event, message(why), why);
      return;
    }
    tenure.park(event, why, attempts);
    log.error("{} has put {} aside: {}", this, event, message(why), why);
    observe(observer -> observer.eventParked(projection.name(), event.position(), why));
    countParked(tenure::parkedCount);
    progressed(new Step(event.position(), 0));
  }

  private void forgetFailure() {
    failedAt = 0;
    attempts = 0;
    failedWith = null;
    failure = null;
  }

  private boolean isCareful() {
    return position < carefulUntil;
  }

  private void renewIfDue(Tenure<T> tenure) throws Exception {
    Instant now = settings.clock().instant();
    if (now.isAfter(renewedAt.plus(tenure.renewEvery()))) {
      tenure.renew();
      renewedAt = now;
    }
  }

  /** Shows a state; one that tries again after a failure is failing until it has got further. */
  private void show(State next) {
    state = next == State.CATCHING_UP && failure != null ? State.FAILING : next;
    watcher.changed();
  }

  // ---- waiting

  private void rest(Duration pause) {
    Instant until = settings.clock().instant().plus(pause);
    lock.lock();
    try {
      boolean pausedBefore = paused;
      resumed = false;
      while (!closing && !resumed && paused == pausedBefore && errands.isEmpty()) {
        Duration left = Duration.between(settings.clock().instant(), until);
        if (left.isNegative() || left.isZero()) {
          return;
        }
        Duration slice = left.compareTo(SLICE) < 0 ? left : SLICE;
        long unused = changed.awaitNanos(slice.toNanos());
      }
    } catch (InterruptedException e) {
      closing = true; // nobody interrupts this thread but a program that ends
    } finally {
      lock.unlock();
    }
    if (!errands.isEmpty() && state != State.PAUSED) {
      runErrands(null);
    }
  }

  private void awaitResume() {
    while (true) {
      runErrands(null);
      lock.lock();
      try {
        if (closing || resumed) {
          resumed = false;
          return;
        }
        if (errands.isEmpty()) {
          changed.await();
        }
      } catch (InterruptedException e) {
        closing = true;
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean isClosing() {
    lock.lock();
    try {
      return closing;
    } finally {
      lock.unlock();
    }
  }

  private boolean isPaused() {
    lock.lock();
    try {
      return paused;
    } finally {
      lock.unlock();
    }
  }

  private void setMailbox(@Nullable Mailbox now) {
    lock.lock();
    try {
      mailbox = now;
    } finally {
      lock.unlock();
    }
  }

  private void observe(Consumer<ToolkitObserver> what) {
    try {
      what.accept(settings.observer());
    } catch (RuntimeException e) {
      log.warn("an observer failed on {}", this, e);
    }
  }

  private static String message(Throwable e) {
    @Nullable Throwable cause =
        e instanceof AgainAtOnce || e instanceof EventFailed ? e.getCause() : null;
    Throwable shown = cause == null ? e : cause;
    String text = shown.getMessage();
    return text == null ? shown.toString() : text;
  }

  @Override
  public String toString() {
    return "projection " + projection.name() + ", generation " + generation;
  }
}
