package io.varve.client.eventsourcing.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a process happen: follows the log for its events, carries its commands out, fires its
 * timers, and records each step in the instance's own stream before the next. All it knows is in
 * the store, so it may be stopped at any instruction and started again, here or elsewhere; several
 * runners of one process may be at work at the same time. Each event is taken in once, each command
 * takes effect once, each timer fires once.
 *
 * <pre>{@code
 * var transfers =
 *     ProcessRunner.builder(store, new Transfers(), JsonEvents.of(TransferEvent.class))
 *         .handler(ACCOUNTS, accountCommands)
 *         .start();
 * }</pre>
 *
 * <p>A command whose handler throws is sent again after a pause that doubles, for ever: nobody
 * knows whether it has taken effect. Other instances go on meanwhile, and {@link #status} tells of
 * it. So it does of an instance whose own code throws: its events are put aside in its stream, and
 * come again.
 *
 * <p><b>What a start costs.</b> One read for the list of open instances, two events for each
 * instance that has begun or ended since the list was written (it is written every 5,000 of them),
 * and one read for each open instance. Instances that have ended before cost nothing.
 *
 * @param <S> what an instance knows
 * @param <E> the events that the process listens to
 */
public final class ProcessRunner<S, E> implements AutoCloseable {

  /** After so many failures in a row an instance is worth another line in the log. */
  static final int STUCK_AFTER = 5;

  private static final Logger LOG = LoggerFactory.getLogger(ProcessRunner.class);

  /** Of the 512 bytes that a stream's name may have; the rest is for ids. */
  private static final int LONGEST_NAME_BYTES = 200;

  private static final Duration CLOSING_TIME = Duration.ofSeconds(10);

  private final ProcessManager<S, E> process;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;
  private final boolean ownsScheduler;
  private final ExecutorService workers;
  private final OpenInstances list;
  private final Instances<S, E> instances;
  private final Intake<S, E> intake;

  private ProcessRunner(Builder<S, E> from) {
    this.process = from.process;
    this.clock = from.clock;
    String name = process.name();
    this.ownsScheduler = from.scheduler == null;
    this.scheduler = from.scheduler == null ? newScheduler(name) : from.scheduler;
    this.workers =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("varve-process-" + name + "-", 0).factory());
    this.list = new OpenInstances(from.store, name);
    Map<String, CommandTarget<?>> targets =
        from.bindings.values().stream()
            .map(Instances.Binding::target)
            .collect(Collectors.toMap(CommandTarget::name, target -> target));
    Instances.Settings settings =
        new Instances.Settings(from.concurrency, from.firstPause, from.longestPause, from.grace);
    this.instances =
        new Instances<>(
            from.store,
            process,
            new ProcessEvents<>(name, from.types, targets),
            from.bindings,
            clock,
            scheduler,
            workers,
            from.observer,
            settings,
            this::writeList);
    Query query =
        requireNonNullElse(
            from.query,
            Query.of(
                QueryItem.types(
                    from.types.storedNames(from.types.family()).toArray(String[]::new))));
    this.intake =
        new Intake<>(
            from.store,
            process,
            from.types,
            query,
            from.startAfter,
            from.passOverFaulty,
            instances,
            list,
            scheduler,
            workers,
            settings);
  }

  private static ScheduledExecutorService newScheduler(String name) {
    ScheduledThreadPoolExecutor scheduler =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("varve-process-timer-" + name).factory());
    scheduler.setRemoveOnCancelPolicy(true);
    return scheduler;
  }

  /**
   * Starts to set a runner up.
   *
   * @param types the events that the process listens to; a query for their types is what is read of
   *     the log
   * @throws IllegalArgumentException the process's name is none; {@link ProcessManager#name}
   */
  public static <S, E> Builder<S, E> builder(
      EventStore store, ProcessManager<S, E> process, EventTypes<E> types) {
    return new Builder<>(store, process, types);
  }

  private void writeList() {
    try {
      workers.execute(this::tryToWriteList);
    } catch (RejectedExecutionException e) {
      LOG.debug("process {} is closing", process.name());
    }
  }

  private void tryToWriteList() {
    try {
      int open = list.find().size();
      LOG.debug("process {} has {} open instances", process.name(), open);
    } catch (VarveException | IllegalStateException e) {
      LOG.debug("process {} could not list its open instances", process.name(), e);
    }
  }

  /** How the process is doing, as this runner sees it. */
  public ProcessStatus status() {
    int running = 0;
    int waiting = 0;
    List<ProcessStatus.Stuck> stuck = new ArrayList<>();
    List<ProcessStatus.NeedsHelp> needHelp = new ArrayList<>();
    for (Instance<S, E> instance : instances.all()) {
      Throwable failure = instance.lastFailure;
      Instant since = instance.failingSince;
      Instant retryAt = instance.retryAt;
      String help = instance.help;
      if (instance.failures > 0 && failure != null) {
        stuck.add(
            new ProcessStatus.Stuck(
                instance.id,
                failure.toString(),
                instance.failures,
                requireNonNullElse(since, clock.instant()),
                requireNonNullElse(retryAt, clock.instant())));
      } else if (help != null) {
        needHelp.add(new ProcessStatus.NeedsHelp(instance.id, help));
      } else if (instance.busy) {
        running++;
      } else {
        waiting++;
      }
    }
    stuck.sort(Comparator.comparingInt(ProcessStatus.Stuck::failures).reversed());
    return new ProcessStatus(
        process.name(),
        intake.state(),
        intake.error(),
        intake.reached(),
        running,
        waiting,
        stuck,
        needHelp,
        intake.lost(),
        instances.completed());
  }

  /**
   * An instance as the store has it now, whichever runner is at work on it. Empty: it has not
   * begun.
   *
   * @throws RuntimeException the process's code or the codecs cannot take its inputs
   * @throws io.varve.client.streams.StoreUnavailableException the store did not answer in time
   */
  public Optional<ProcessInstance<S>> find(String id) {
    return instances.find(id);
  }

  /**
   * Waits until an instance has completed or asks for help, whichever runner is at work on it; also
   * until it begins. Whoever waits is woken by what is recorded, so any number of virtual threads
   * may. The first call that has to wait has the runner subscribe to what is recorded of that kind,
   * until it is closed.
   *
   * <pre>{@code
   * switch (transfers.await(id, Duration.ofSeconds(5)).orElse(null)) {
   *   case null -> stillUnderWay(id);
   *   case ProcessInstance<?> transfer when transfer.completed() -> over(transfer.outcome());
   *   case ProcessInstance<?> transfer -> needsHelp(transfer.help());
   * }
   * }</pre>
   *
   * @param timeout however long; zero or less: what is so now is said
   * @return the instance at the moment when it had completed or asked for help; empty: it did not
   *     within the time, or the runner was closed meanwhile
   * @throws RuntimeException as {@link #find}
   * @throws io.varve.client.streams.VarveException the store did not answer in time, or refused
   */
  public Optional<ProcessInstance<S>> await(String id, Duration timeout)
      throws InterruptedException {
    return instances.waiters().await(requireNonNull(id), timeout);
  }

  /** How many callers wait now. */
  int waiting() {
    return instances.waiters().count();
  }

  /**
   * Tries a stuck instance again now; gives one that has asked for help {@link
   * Input.RetryRequested}.
   *
   * @return false: it is neither stuck nor in need of help
   * @throws io.varve.client.streams.StoreUnavailableException the store did not answer in time
   */
  public boolean retry(String id) {
    return instances.retry(id);
  }

  /**
   * Stops: no event is taken in, and no command begun any more; those who {@linkplain #await wait}
   * are let go. Commands that are being carried out are waited for, but not for long; they are sent
   * again at the next start. Closing twice does nothing. The store stays open.
   */
  @Override
  public void close() {
    intake.close();
    instances.close();
    workers.shutdown();
    try {
      if (!workers.awaitTermination(CLOSING_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("process {} still waits for commands after {}", process.name(), CLOSING_TIME);
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
    if (ownsScheduler) {
      scheduler.shutdownNow();
    }
  }

  /** Sets a {@link ProcessRunner} up. Not safe for use by several threads. */
  public static final class Builder<S, E> {

    private final EventStore store;
    private final ProcessManager<S, E> process;
    private final EventTypes<E> types;
    private final Map<String, Instances.Binding<?>> bindings = new LinkedHashMap<>();
    private @Nullable Query query;
    private @Nullable Long startAfter = 0L;
    private InstantSource clock = InstantSource.system();
    private @Nullable ScheduledExecutorService scheduler;
    private ToolkitObserver observer = ToolkitObserver.NONE;
    private int concurrency = 32;
    private Duration firstPause = Duration.ofMillis(100);
    private Duration longestPause = Duration.ofSeconds(30);
    private Predicate<? super RecordedEvent> passOverFaulty = event -> false;
    private Duration grace = Duration.ofSeconds(10);

    private Builder(EventStore store, ProcessManager<S, E> process, EventTypes<E> types) {
      this.store = requireNonNull(store);
      this.process = requireNonNull(process);
      this.types = requireNonNull(types);
      String name = process.name();
      if (name.isEmpty() || name.contains("-") || name.startsWith("$")) {
        throw new IllegalArgumentException(
            "a process's name is the category of its streams; it has no \"-\" and does not begin"
                + " with \"$\", was \""
                + name
                + "\"");
      }
      if (name.chars().anyMatch(Character::isISOControl) || !UTF_8.newEncoder().canEncode(name)) {
        throw new IllegalArgumentException(
            "a process's name is text without control characters, was \"" + name + "\"");
      }
      int bytes = name.getBytes(UTF_8).length;
      if (bytes > LONGEST_NAME_BYTES) {
        throw new IllegalArgumentException(
            "a process's name has at most "
                + LONGEST_NAME_BYTES
                + " bytes, so that ids have room in its streams' names; this one has "
                + bytes);
      }
    }

    /**
     * Who carries out the commands to a target.
     *
     * @throws IllegalArgumentException the target has a handler already
     */
    public <C> Builder<S, E> handler(CommandTarget<C> target, CommandHandler<C> handler) {
      Instances.Binding<?> taken =
          bindings.putIfAbsent(
              target.name(), new Instances.Binding<>(target, requireNonNull(handler)));
      if (taken != null) {
        throw new IllegalArgumentException(
            "target \"" + target.name() + "\" has a handler already");
      }
      return this;
    }

    /**
     * Which events are read, instead of all of the types that the process listens to: for events
     * that are known by their category or their tags as well.
     */
    public Builder<S, E> query(Query query) {
      this.query = requireNonNull(query);
      return this;
    }

    /**
     * Where a process begins that has never run before: after this position of the log. 0, the
     * default: at the first event that there ever was. Later starts go on where the last one ended.
     */
    public Builder<S, E> startAfter(long position) {
      if (position < 0) {
        throw new IllegalArgumentException("position must be >= 0, was " + position);
      }
      this.startAfter = position;
      return this;
    }

    /** A process that has never run before begins with what happens from now on. */
    public Builder<S, E> startNow() {
      this.startAfter = null;
      return this;
    }

    /** What time it is; the system's clock unless given. */
    public Builder<S, E> clock(InstantSource clock) {
      this.clock = requireNonNull(clock);
      return this;
    }

    /** Who waits for timers and pauses; the caller's to close. One of its own unless given. */
    public Builder<S, E> scheduler(ScheduledExecutorService scheduler) {
      this.scheduler = requireNonNull(scheduler);
      return this;
    }

    /** Who hears what happens. */
    public Builder<S, E> observer(ToolkitObserver observer) {
      this.observer = requireNonNull(observer);
      return this;
    }

    /** How many instances carry out a command at the same time; 32 unless given. */
    public Builder<S, E> concurrency(int concurrency) {
      if (concurrency < 1) {
        throw new IllegalArgumentException("concurrency must be >= 1, was " + concurrency);
      }
      this.concurrency = concurrency;
      return this;
    }

    /**
     * How long a failure is waited out: first so long, then twice as long each time, up to the
     * longest. 100 ms and 30 seconds unless given.
     */
    public Builder<S, E> pauses(Duration first, Duration longest) {
      if (!first.isPositive() || longest.compareTo(first) < 0) {
        throw new IllegalArgumentException(
            "pauses must be positive and rise, were " + first + " to " + longest);
      }
      this.firstPause = first;
      this.longestPause = longest;
      return this;
    }

    /**
     * How long an instance is left to another runner of the same process that was seen at work on
     * it, before this one takes it up; 10 seconds unless given. It spares double work and is not
     * needed for anything to be right.
     */
    public Builder<S, E> grace(Duration grace) {
      if (!grace.isPositive()) {
        throw new IllegalArgumentException("grace must be positive, was " + grace);
      }
      this.grace = grace;
      return this;
    }

    /**
     * Events that can never be taken in, because of themselves, are passed over for good: they
     * cannot be decoded, the process cannot say whose they are or gives an id that no stream can be
     * named after, or their instance's stream is unreadable. Each is logged, counted, and told of
     * in {@link ProcessStatus#passedOver}; none comes again. Without this choice the first one
     * stops the intake of all that come after it, {@link ProcessStatus#error} names it, and it is
     * tried again until a program that can take it in is started. What the store is to blame for is
     * waited out always.
     *
     * <p>With or without it, an event is passed over, and told of, whose instance's stream begins
     * with an event that is not a process's: something else has the name.
     */
    public Builder<S, E> passOverFaultyEvents() {
      return passOverFaultyEvents(event -> true);
    }

    /**
     * The same for some of such events only: the others stop the intake, as all do without it. For
     * example, one that a newer release wrote can be taken in by that release, and is better waited
     * with; one that is no JSON never will be.
     *
     * @param which is asked about an event that could not be taken in, on the thread that takes
     *     them in; true: it is passed over for good
     */
    public Builder<S, E> passOverFaultyEvents(Predicate<? super RecordedEvent> which) {
      this.passOverFaulty = requireNonNull(which);
      return this;
    }

    /** Starts the runner; returns at once, whether the store is there or not. */
    public ProcessRunner<S, E> start() {
      ProcessRunner<S, E> runner = new ProcessRunner<>(this);
      runner.intake.start();
      return runner;
    }
  }
}
