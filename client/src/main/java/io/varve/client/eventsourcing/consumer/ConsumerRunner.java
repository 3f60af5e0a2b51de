package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.consumer.ConsumerStatus.State;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer of a group that calls a handler, and answers by what the handler says. Several streams
 * are handled at the same time, each on a virtual thread; the events of one stream one after the
 * other, in the order in which they are delivered.
 *
 * <pre>{@code
 * var mails =
 *     ConsumerRunner.builder(store, ConsumerGroup.ofLog("mails", Query.types("AccountOpened")),
 *             JsonEvents.of(AccountEvent.class), event -> mailer.welcome(event.event()))
 *         .concurrency(16)
 *         .start();
 * }</pre>
 *
 * <p>No more is asked for than can be begun soon, so a handler that keeps within the group's
 * time-out lets nothing time out that it has not begun. An event that comes again while it is being
 * handled, because it took too long, is not handled a second time by the same runner, and neither
 * is one that it has answered meanwhile; the answer counts for both.
 *
 * <p>When the link is lost, handlers go on; the runner joins again, for ever, with pauses that
 * double. A group that was stopped, or deleted, ends the runner: {@link #status} and {@link #ended}
 * say so, and it does not come back by itself.
 *
 * @param <E> the events
 */
public final class ConsumerRunner<E> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ConsumerRunner.class);

  private final EventStore store;
  private final String group;
  private final @Nullable ConsumerGroup toCreate;
  private final String consumer;
  private final EventTypes<E> types;
  private final EventHandler<E> handler;
  private final FailurePolicy failures;
  private final ToolkitObserver observer;
  private final int concurrency;
  private final Duration firstPause;
  private final Duration longestPause;
  private final Duration closingTime;
  private final Desk desk;
  private final ExecutorService threads;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicLong handled = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong parked = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();

  private volatile State state = State.STARTING;
  private volatile @Nullable String why;
  private volatile @Nullable String lastFailure;
  private volatile @Nullable GroupConsumer membership;

  // Of the thread that joins.
  private boolean created;
  private @Nullable Instant groupCreatedAt;
  private int lostInARow;

  private ConsumerRunner(Builder<E> from) {
    this.store = from.store;
    this.group = from.group;
    this.toCreate = from.toCreate;
    this.consumer = from.consumer;
    this.types = from.types;
    this.handler = from.handler;
    this.failures = from.failures;
    this.observer = from.observer;
    this.concurrency = from.concurrency;
    this.firstPause = from.firstPause;
    this.longestPause = from.longestPause;
    this.closingTime = from.closingTime;
    this.desk = new Desk(concurrency, System::nanoTime);
    this.threads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("varve-consumer-" + group + "-", 0).factory());
  }

  /** Starts to set up a runner for a group that is there. */
  public static <E> Builder<E> builder(
      EventStore store, String group, EventTypes<E> types, EventHandler<E> handler) {
    return new Builder<>(store, group, null, types, handler);
  }

  /**
   * Starts to set up a runner for a group that is created, as given here, unless there is one of
   * its name; one that is there stays as it is.
   */
  public static <E> Builder<E> builder(
      EventStore store, ConsumerGroup group, EventTypes<E> types, EventHandler<E> handler) {
    return new Builder<>(store, group.name(), group, types, handler);
  }

  private void start() {
    Thread unused = Thread.ofVirtual().name("varve-consumer-" + group).start(this::consume);
    threads.execute(desk::sayAll);
    threads.execute(this::handOut);
  }

  // ---- joining

  private void consume() {
    Throwable end = null;
    try {
      while (!isClosing()) {
        Throwable cause = oneMembership();
        if (isClosing()) {
          return;
        }
        if (!(cause instanceof VarveException lost) || !lost.retryable()) {
          end = cause;
          return;
        }
        if (reconnectingAfter(lost)) {
          return;
        }
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      end = e;
    } finally {
      if (!isClosing()) {
        stopped(end == null ? new IllegalStateException("the store was closed") : end);
      }
    }
  }

  /** Joins, and returns once that is over, with what ended it; null: the store was closed. */
  private @Nullable Throwable oneMembership() throws InterruptedException {
    try {
      ConsumerGroups groups = store.consumerGroups();
      if (toCreate != null && !created) {
        create(groups, toCreate);
        created = true;
      }
      Listener listener = new Listener();
      GroupConsumer joined = groups.consume(JoinGroup.of(group).as(consumer), listener);
      membership = joined;
      if (isClosing()) {
        joined.close(); // close() may have looked before it was there
        return null;
      }
      Desk.Session session = new Desk.Session(joined, concurrency);
      listener.session = session;
      recognise(groups);
      lostInARow = 0;
      why = null;
      state = isClosing() ? State.CLOSED : State.RUNNING;
      desk.begin(session);
      try {
        Void unused = joined.closed().get();
        return null;
      } catch (ExecutionException e) {
        return e.getCause();
      } finally {
        desk.end(session);
      }
    } catch (VarveException | IllegalStateException e) {
      return e;
    }
  }

  private static void create(ConsumerGroups groups, ConsumerGroup group) {
    try {
      groups.create(group);
    } catch (GroupExistsException e) {
      LOG.debug("group {} is there already", group.name());
    }
  }

  /**
   * Answers are remembered for the group that they were given to. One that was deleted and created
   * anew meanwhile is to be handled from its beginning.
   */
  private void recognise(ConsumerGroups groups) {
    Instant before = groupCreatedAt;
    groupCreatedAt = createdAt(groups);
    if (before == null || !before.equals(groupCreatedAt)) {
      desk.forget();
    }
  }

  /** Null: it cannot be learned now. */
  private @Nullable Instant createdAt(ConsumerGroups groups) {
    try {
      return groups.get(group).map(ConsumerGroupInfo::createdAt).orElse(null);
    } catch (VarveException e) {
      LOG.debug("cannot learn when group {} was created", group, e);
      return null;
    }
  }

  /** Returns whether the runner is closed meanwhile. */
  private boolean reconnectingAfter(VarveException lost) throws InterruptedException {
    Duration pause = firstPause;
    for (int i = 0; i < lostInARow && pause.compareTo(longestPause) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    pause = pause.compareTo(longestPause) < 0 ? pause : longestPause;
    if (lostInARow == 0) {
      LOG.warn("consumer {} of group {} joins again: {}", consumer, group, lost.getMessage());
    }
    lostInARow++;
    why = lost.toString();
    state = State.RECONNECTING;
    observer.tell(hears -> hears.consumerReconnecting(group, lost));
    return closing.await(pause.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void stopped(Throwable cause) {
    LOG.error("consumer {} of group {} has ended, and does not come back", consumer, group, cause);
    why = cause.toString();
    state = State.STOPPED;
    desk.close();
    observer.tell(hears -> hears.consumerStopped(group, cause));
    ended.completeExceptionally(cause);
  }

  /** Takes deliveries in. There are none before the session is known, for there is no credit. */
  private final class Listener implements ConsumerListener {
    private volatile Desk.@Nullable Session session;

    @Override
    public void onEvent(DeliveredEvent event, GroupConsumer from) {
      Desk.Session mine = session;
      if (mine != null) {
        desk.deliver(event, mine);
      }
    }
  }

  // ---- handling

  private void handOut() {
    for (Work work = desk.next(); work != null; work = desk.next()) {
      Work begun = work;
      threads.execute(() -> handle(begun));
    }
  }

  private void handle(Work work) {
    Answer answer = null;
    try {
      if (desk.handling(work)) {
        answer = handle(work.delivered);
      }
    } finally {
      desk.finish(work, answer);
    }
  }

  /** Null: the runner could not wait for it, and it comes again. */
  private @Nullable Answer handle(DeliveredEvent delivered) {
    RecordedEvent recorded = delivered.event();
    long begun = System.nanoTime();
    Outcome outcome;
    Throwable failure = null;
    try {
      outcome = outcomeOf(delivered);
    } catch (Throwable e) { // whatever a handler throws is the handler's, and has an answer
      if (threads.isShutdown()) {
        LOG.warn("the handler of event {} was interrupted, and it will come again", recorded, e);
        return null;
      }
      failure = e;
      outcome = outcomeOf(e);
    }
    count(outcome, recorded, failure);
    Outcome said = outcome;
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    observer.tell(
        hears ->
            hears.eventConsumed(
                group, recorded.type(), nameOf(said), delivered.retryCount(), took));
    if (failure != null) {
      Throwable cause = failure;
      observer.tell(hears -> hears.handlerFailed(group, recorded.position(), cause));
    }
    return Answer.of(outcome, delivered.replayed());
  }

  private Outcome outcomeOf(DeliveredEvent delivered) throws Exception {
    for (TypedEvent<E> typed : types.decode(delivered.event())) {
      Outcome outcome =
          requireNonNull(
              handler.handle(
                  new ConsumedEvent<>(typed, delivered.retryCount(), delivered.replayed())),
              "a handler must say what has become of the event");
      if (!(outcome instanceof Outcome.Done)) {
        return outcome;
      }
    }
    return Outcome.done();
  }

  private Outcome outcomeOf(Throwable failure) {
    try {
      return requireNonNull(failures.outcomeOf(failure));
    } catch (RuntimeException e) {
      e.addSuppressed(failure);
      LOG.error("the failure policy of group {} has failed; the event comes again", group, e);
      return Outcome.retry(failure.toString());
    }
  }

  private void count(Outcome outcome, RecordedEvent event, @Nullable Throwable failure) {
    if (failure != null) {
      lastFailure = failure.toString();
      failed.incrementAndGet();
      LOG.warn("the handler of group {} failed with {}: {}", group, event, outcome, failure);
    }
    switch (outcome) {
      case Outcome.Done done -> handled.incrementAndGet();
      case Outcome.Retry retry -> failed.addAndGet(failure == null ? 1 : 0);
      case Outcome.Park park -> parked.incrementAndGet();
      case Outcome.Skip skip -> skipped.incrementAndGet();
      case Outcome.Stop stop ->
          LOG.error("the handler stops group {} before {}: {}", group, event, stop.reason());
    }
  }

  private static String nameOf(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> "done";
      case Outcome.Retry retry -> "retry";
      case Outcome.Park park -> "park";
      case Outcome.Skip skip -> "skip";
      case Outcome.Stop stop -> "stop";
    };
  }

  // ---- how it is doing

  /** How the runner is doing. */
  public ConsumerStatus status() {
    return new ConsumerStatus(
        group,
        consumer,
        state,
        why,
        desk.running(),
        desk.waiting(),
        handled.get(),
        failed.get(),
        parked.get(),
        skipped.get(),
        lastFailure);
  }

  /**
   * Completes when the runner has ended: normally if it was closed, else with what ended it, such
   * as {@link io.varve.client.streams.GroupStoppedException} or {@link
   * io.varve.client.streams.GroupNotFoundException}. Completing or cancelling it does nothing.
   */
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  /**
   * Stops: nothing more is begun. Handlers that are at work are waited for, for the closing time at
   * most, and what they say still counts; those that take longer are interrupted, and their events
   * go to others, as does all that was not begun. Then the runner leaves the group. Closing twice
   * does nothing; a handler that closes its own runner is not waited for by itself. The store stays
   * open.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    closing.countDown();
    desk.close();
    if (desk.isHandler(Thread.currentThread())) {
      Thread unused = Thread.ofVirtual().name("varve-consumer-close-" + group).start(this::leave);
    } else {
      leave();
    }
  }

  private void leave() {
    boolean interrupted = false;
    try {
      if (!desk.awaitQuiet(closingTime)) {
        LOG.warn("handlers of group {} are still at work after {}", group, closingTime);
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    GroupConsumer member = membership;
    if (member != null) {
      member.close();
    }
    desk.endAll();
    threads.shutdownNow();
    if (state != State.STOPPED) {
      state = State.CLOSED;
      why = null;
    }
    ended.complete(null);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sets a {@link ConsumerRunner} up. Not safe for use by several threads. */
  public static final class Builder<E> {

    private final EventStore store;
    private final String group;
    private final @Nullable ConsumerGroup toCreate;
    private final EventTypes<E> types;
    private final EventHandler<E> handler;
    private String consumer = "pid-" + ProcessHandle.current().pid();
    private FailurePolicy failures = FailurePolicy.retry();
    private ToolkitObserver observer = ToolkitObserver.NONE;
    private int concurrency = 8;
    private Duration firstPause = Duration.ofMillis(100);
    private Duration longestPause = Duration.ofSeconds(10);
    private Duration closingTime = Duration.ofSeconds(10);

    private Builder(
        EventStore store,
        String group,
        @Nullable ConsumerGroup toCreate,
        EventTypes<E> types,
        EventHandler<E> handler) {
      this.store = requireNonNull(store);
      this.group = requireNonNull(group);
      this.toCreate = toCreate;
      this.types = requireNonNull(types);
      this.handler = requireNonNull(handler);
    }

    /** The name under which it joins, for whoever looks at the group; the process id by default. */
    public Builder<E> named(String consumer) {
      this.consumer = requireNonNull(consumer);
      return this;
    }

    /** How many streams are handled at the same time, at most; 8 unless given. */
    public Builder<E> concurrency(int concurrency) {
      if (concurrency < 1) {
        throw new IllegalArgumentException("concurrency must be >= 1, was " + concurrency);
      }
      this.concurrency = concurrency;
      return this;
    }

    /** What failures of the handler are for the group; {@link FailurePolicy#retry} by default. */
    public Builder<E> failures(FailurePolicy failures) {
      this.failures = requireNonNull(failures);
      return this;
    }

    /** Who hears what happens. */
    public Builder<E> observer(ToolkitObserver observer) {
      this.observer = requireNonNull(observer);
      return this;
    }

    /**
     * How long to wait before joining again when the link is lost: first so long, then twice as
     * long each time, up to the longest. 100 ms and 10 seconds unless given.
     */
    public Builder<E> pauses(Duration first, Duration longest) {
      if (!first.isPositive() || longest.compareTo(first) < 0) {
        throw new IllegalArgumentException(
            "pauses must be positive and rise, were " + first + " to " + longest);
      }
      this.firstPause = first;
      this.longestPause = longest;
      return this;
    }

    /** How long close waits for handlers that are at work; 10 seconds unless given. */
    public Builder<E> closingTime(Duration closingTime) {
      if (closingTime.isNegative()) {
        throw new IllegalArgumentException("closing time must be >= 0, was " + closingTime);
      }
      this.closingTime = closingTime;
      return this;
    }

    /** Starts the runner; returns at once, whether the store is there or not. */
    public ConsumerRunner<E> start() {
      ConsumerRunner<E> runner = new ConsumerRunner<>(this);
      runner.start();
      return runner;
    }
  }
}
