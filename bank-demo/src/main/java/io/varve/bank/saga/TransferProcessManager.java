package io.varve.bank.saga;

import io.varve.bank.application.AccountLoader;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.TransferLoader;
import io.varve.bank.application.TransferLoader.LoadedTransfer;
import io.varve.bank.application.TransferReport;
import io.varve.bank.application.Transfers;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.EventContext;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.LogFollower;
import io.varve.bank.store.Streams;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts transfers and sees each to its end. It follows the transfers in the log, so that it knows
 * of every one that has not ended, whoever started it: those it finds when it starts it takes up at
 * once, and those of another process that have not moved for {@link #GRACE}.
 *
 * <p>A run that fails because the store is away is repeated, after pauses that double up to {@link
 * #LONGEST_PAUSE}, until the transfer has ended.
 */
public final class TransferProcessManager implements Transfers, AutoCloseable {

  /** How long a transfer of another process is left to that process. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** More transfers on their way than this are not taken on. */
  static final int MAX_JOBS = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(TransferProcessManager.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration CLOSING_TIME = Duration.ofSeconds(10);

  private final EventStore store;
  private final EventCodec codec;
  private final AccountLoader accounts;
  private final TransferLoader transfers;
  private final TransferDriver driver;
  private final ExecutorService workers;
  private final ScheduledExecutorService timer;
  private final InstantSource clock;
  private final LogFollower follower;

  /** Started and not ended, as the log says; since when we know. */
  private final Map<String, Instant> unfinished = new ConcurrentHashMap<>();

  /** What this process is working on. */
  private final Map<String, CompletableFuture<TransferReport>> jobs = new ConcurrentHashMap<>();

  private volatile @Nullable ScheduledFuture<?> lookOut; // for forgotten transfers
  private volatile boolean closed;

  /**
   * @param workers runs the transfers, as many at a time as it has threads; closed with the manager
   * @param timer for pauses and the look-out for forgotten transfers; the caller's to close
   */
  public TransferProcessManager(
      EventStore store,
      EventCodec codec,
      ExecutorService workers,
      ScheduledExecutorService timer,
      InstantSource clock) {
    this.store = store;
    this.codec = codec;
    this.accounts = new AccountLoader(store, codec);
    this.transfers = new TransferLoader(store, codec);
    this.driver = new TransferDriver(store, codec, accounts, transfers);
    this.workers = workers;
    this.timer = timer;
    this.clock = clock;
    this.follower = new LogFollower("transfers", store, Streams.TRANSFERS, new Watch(), timer);
  }

  /**
   * Begins to look for unfinished transfers; returns at once, whether the store is there or not.
   */
  public void start() {
    follower.start();
  }

  public LogFollower.Status status() {
    return follower.status();
  }

  @Override
  public int unfinished() {
    return unfinished.size();
  }

  @Override
  public Start start(
      String fromAccount, String toAccount, Money amount, CommandId id, String correlationId) {
    if (jobs.size() >= MAX_JOBS) {
      return new Start.TooMany(jobs.size());
    }
    for (String account : new String[] {fromAccount, toAccount}) {
      if (!accounts.exists(account)) {
        return new Start.AccountUnknown(account);
      }
    }
    String transferId = id.newSubject("tr-");
    TransferStarted started = new TransferStarted(fromAccount, toAccount, amount);
    NewEvent event =
        codec.encode(
            EventIds.named("transfer", transferId, "started"),
            started,
            new EventContext(correlationId, id.value().toString(), Map.of()));
    try {
      store.append(Streams.transfer(transferId), ExpectedVersion.noStream(), event);
    } catch (VersionConflictException | EventIdTakenException e) {
      return new Start.KeyReused();
    }
    LoadedTransfer loaded =
        transfers
            .load(transferId)
            .orElseThrow(() -> new IllegalStateException("lost transfer " + transferId));
    Transfer transfer = loaded.transfer();
    boolean same =
        transfer.fromAccount().equals(fromAccount)
            && transfer.toAccount().equals(toAccount)
            && transfer.amount().equals(amount);
    return same ? new Start.Started(loaded.report(), drive(transferId)) : new Start.KeyReused();
  }

  /** Makes sure that somebody works on the transfer. */
  private void takeUp(String transferId) {
    CompletableFuture<TransferReport> _ = drive(transferId); // nobody waits for this one
  }

  /** Makes sure that somebody works on the transfer; the same future for all who ask. */
  private CompletableFuture<TransferReport> drive(String transferId) {
    CompletableFuture<TransferReport> fresh = new CompletableFuture<>();
    CompletableFuture<TransferReport> present = jobs.putIfAbsent(transferId, fresh);
    if (present != null) {
      return present;
    }
    execute(() -> run(transferId, fresh, 0));
    return fresh;
  }

  private void execute(Runnable run) {
    try {
      workers.execute(run);
    } catch (RejectedExecutionException e) {
      LOG.debug("closed; what is unfinished goes on at the next start", e);
    }
  }

  private void run(String transferId, CompletableFuture<TransferReport> job, int failures) {
    if (closed) {
      return;
    }
    try {
      Optional<TransferReport> report = driver.run(transferId, () -> closed);
      if (report.isPresent()) {
        unfinished.remove(transferId);
        jobs.remove(transferId);
        job.complete(report.get());
      }
    } catch (RuntimeException e) {
      runLater(transferId, job, failures, e);
    }
  }

  private void runLater(
      String transferId, CompletableFuture<TransferReport> job, int failures, RuntimeException e) {
    long pauseMillis =
        Math.min(FIRST_PAUSE.toMillis() << Math.min(failures, 20), LONGEST_PAUSE.toMillis());
    if (e instanceof VarveException || e instanceof StepContendedException) {
      LOG.warn("transfer {} waits {} ms: {}", transferId, pauseMillis, e.getMessage());
    } else {
      LOG.error("transfer {} waits {} ms for its next run", transferId, pauseMillis, e);
    }
    if (!closed) {
      Runnable nextRun = () -> execute(() -> run(transferId, job, failures + 1));
      ScheduledFuture<?> _ = timer.schedule(nextRun, pauseMillis, TimeUnit.MILLISECONDS);
    }
  }

  /** Stops between two steps of each transfer; what is unfinished goes on at the next start. */
  @Override
  public void close() {
    closed = true;
    follower.close();
    ScheduledFuture<?> running = lookOut;
    if (running != null) {
      running.cancel(false);
    }
    workers.shutdown();
    try {
      if (!workers.awaitTermination(CLOSING_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("transfers still wait for the store after {}", CLOSING_TIME);
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** Keeps the list of unfinished transfers, from the log. Called by the follower alone. */
  private final class Watch implements LogFollower.Handler {

    private long position;
    private boolean caughtUpOnce;

    @Override
    public long resumeAfter() {
      return position;
    }

    @Override
    public void onEvent(RecordedEvent recorded) {
      String transferId = Streams.idIn(recorded.stream());
      Optional<TransferEvent> event = codec.decodeTransferEvent(recorded);
      if (event.isPresent()) {
        if (Transfer.none(transferId).evolve(event.get()).status().isFinal()) {
          unfinished.remove(transferId);
        } else {
          unfinished.put(transferId, clock.instant());
        }
      }
      position = recorded.position();
    }

    @Override
    public void onReached(long reached, boolean caughtUp) {
      position = Math.max(position, reached);
      if (caughtUp && !caughtUpOnce) {
        caughtUpOnce = true;
        LOG.info("{} unfinished transfers taken up", unfinished.size());
        unfinished.keySet().forEach(TransferProcessManager.this::takeUp);
        lookOut =
            timer.scheduleWithFixedDelay(
                this::takeUpForgotten, GRACE.toMillis(), GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
    }

    private void takeUpForgotten() {
      Instant latest = clock.instant().minus(GRACE);
      unfinished.forEach(
          (transferId, seen) -> {
            if (seen.isBefore(latest)) {
              takeUp(transferId);
            }
          });
    }
  }
}
