package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.Snapshots;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.Streams;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.client.subscription.SubscriptionThread;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An event store in memory, for tests. It answers exactly as the server does, default limits
 * included; one conformance suite holds both to it. Everything is gone when the object is; nothing
 * is ever evicted.
 *
 * <p>It runs no thread of its own until somebody subscribes or joins a consumer group: each
 * listener is called on a thread of its own.
 *
 * <p>Consumer groups keep time by the store's clock: an event times out once the clock says so, be
 * it a clock that a test moves. Any call of {@link #consumerGroups} sees what the time has brought;
 * consumers that wait see it within a few milliseconds.
 *
 * <pre>{@code
 * try (var store = new InMemoryEventStore()) {
 *   store.append("account-42", ExpectedVersion.noStream(), NewEvent.json("AccountOpened", "{}"));
 * }
 * }</pre>
 */
public final class InMemoryEventStore implements EventStore {

  /**
   * How long a read with {@code notBeforePosition} waits, and how long close waits for listeners.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(InMemoryEventStore.class);
  private static final AtomicInteger SUBSCRIPTIONS = new AtomicInteger();

  private final Clock clock;
  private final Instant startedAt;
  private final UUID storeId = UUID.randomUUID();
  private final MemoryLog events;
  private final Streams streams;
  private final Snapshots snapshots;
  private final MemoryGroups consumerGroups;
  private final RateMeter appended;
  private final RateMeter sent;
  private final Set<SubscriptionThread> subscriptions = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** An empty store that takes its times from the system's clock. */
  public InMemoryEventStore() {
    this(Clock.systemUTC());
  }

  /**
   * An empty store that takes its times from this clock; if the clock is set back, recorded times
   * stand still.
   */
  public InMemoryEventStore(Clock clock) {
    this.clock = clock;
    this.startedAt = clock.instant();
    this.events = new MemoryLog(clock);
    this.streams = new MemoryStreams(events, this::requireOpen);
    this.snapshots = new MemorySnapshots(events, clock, this::requireOpen);
    this.consumerGroups = new MemoryGroups(events, clock, this::requireOpen);
    this.appended = new RateMeter(clock);
    this.sent = new RateMeter(clock);
  }

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> newEvents) {
    return appendNow(stream, expected, newEvents, null);
  }

  @Override
  public AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> newEvents, Tracking tracking) {
    return appendNow(stream, expected, newEvents, requireNonNull(tracking));
  }

  private AppendResult appendNow(
      String stream,
      ExpectedVersion expected,
      List<NewEvent> newEvents,
      @Nullable Tracking tracking) {
    requireNonNull(stream);
    requireNonNull(expected);
    List<NewEvent> copy = List.copyOf(newEvents);
    requireOpen();
    RequestRules.checkAppend(stream, copy, tracking);
    AppendResult result = events.append(stream, expected, copy, tracking);
    appended.add(result.deduplicated() ? 0 : copy.size());
    return result;
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> newEvents) {
    try {
      return CompletableFuture.completedFuture(append(stream, expected, newEvents));
    } catch (VarveException refusal) {
      return CompletableFuture.failedFuture(refusal);
    }
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> newEvents, Tracking tracking) {
    try {
      return CompletableFuture.completedFuture(append(stream, expected, newEvents, tracking));
    } catch (VarveException refusal) {
      return CompletableFuture.failedFuture(refusal);
    }
  }

  @Override
  public TransactionResult transact(Transaction transaction) {
    requireNonNull(transaction);
    requireOpen();
    RequestRules.checkTransaction(transaction);
    TransactionResult result = events.transact(transaction);
    appended.add(result.deduplicated() ? 0 : transaction.events().count());
    return result;
  }

  @Override
  public CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    try {
      return CompletableFuture.completedFuture(transact(transaction));
    } catch (VarveException refusal) {
      return CompletableFuture.failedFuture(refusal);
    }
  }

  @Override
  public OptionalLong tracking(String source) {
    requireOpen();
    RequestRules.checkSource("source", source);
    return events.tracking(source);
  }

  @Override
  public EventReader readStream(ReadStream read) {
    requireOpen();
    RequestRules.checkRead(read);
    MemoryLog.Excerpt stream =
        events.stream(
            read.stream(),
            read.isBackwards() ? 0 : read.fromVersion(),
            read.isFromSnapshot(),
            read.asOf(),
            read.notBeforePosition(),
            PATIENCE);
    return reader(stream, read.isBackwards(), event -> isInRange(read, event), read.limit());
  }

  private static boolean isInRange(ReadStream read, RecordedEvent event) {
    return (read.fromVersion() == 0
            || (read.isBackwards()
                ? event.version() <= read.fromVersion()
                : event.version() >= read.fromVersion()))
        && (read.asOf() == null || !event.recordedAt().isAfter(read.asOf()));
  }

  @Override
  public EventReader readLog(ReadLog read) {
    requireOpen();
    RequestRules.checkQuery(read.query());
    MemoryLog.Excerpt log = events.all(read.notBeforePosition(), PATIENCE);
    return reader(
        log,
        read.isBackwards(),
        event -> isInRange(read, event) && read.query().matches(event),
        read.limit());
  }

  private static boolean isInRange(ReadLog read, RecordedEvent event) {
    boolean backwards = read.isBackwards();
    long lowest = backwards ? read.toPosition() : read.fromPosition();
    long highest = backwards ? read.fromPosition() : read.toPosition();
    @Nullable Instant earliest = backwards ? read.toTime() : read.fromTime();
    @Nullable Instant latest = backwards ? read.fromTime() : read.toTime();
    return event.position() >= lowest
        && (highest == 0 || event.position() <= highest)
        && (earliest == null || !event.recordedAt().isBefore(earliest))
        && (latest == null || !event.recordedAt().isAfter(latest));
  }

  private EventReader reader(
      MemoryLog.Excerpt excerpt, boolean backwards, Predicate<RecordedEvent> wanted, long limit) {
    List<RecordedEvent> ordered = backwards ? excerpt.events().reversed() : excerpt.events();
    List<RecordedEvent> found =
        ordered.stream().filter(wanted).limit(limit == 0 ? Long.MAX_VALUE : limit).toList();
    sent.add(found.size());
    return new ListReader(excerpt.headPosition(), excerpt.snapshot(), found);
  }

  @Override
  public Optional<RecordedEvent> getEvent(UUID id) {
    requireNonNull(id);
    requireOpen();
    return events.find(id);
  }

  @Override
  public Optional<RecordedEvent> getEvent(long position) {
    requireOpen();
    RequestRules.checkAtLeastOne("position", position);
    return events.at(position);
  }

  @Override
  public Optional<RecordedEvent> getEvent(String stream, long version) {
    requireOpen();
    RequestRules.checkStream("stream_version.stream", stream);
    RequestRules.checkAtLeastOne("stream_version.version", version);
    return events.at(stream, version);
  }

  @Override
  public Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener) {
    RequestRules.checkStream("stream", request.stream());
    events.requireNotTombstoned(request.stream());
    return subscribe(new MemorySubscription(events, request, listener), listener);
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    RequestRules.checkQuery(request.query());
    return subscribe(
        new MemorySubscription(events, request, request.query()::matches, listener), listener);
  }

  @Override
  public Streams streams() {
    return streams;
  }

  @Override
  public Snapshots snapshots() {
    return snapshots;
  }

  @Override
  public ConsumerGroups consumerGroups() {
    return consumerGroups;
  }

  @Override
  public ServerInfo serverInfo() {
    requireOpen();
    Duration uptime = Duration.between(startedAt, clock.instant());
    return new ServerInfo(
        "in memory",
        0,
        storeId,
        uptime.isNegative() ? Duration.ZERO : uptime,
        List.of("transactions", "tracking", "streams", "snapshots", "consumer-groups"));
  }

  @Override
  public StoreStatistics statistics() {
    requireOpen();
    long head = events.headPosition();
    return new StoreStatistics(
        head,
        head,
        events.infos(name -> true).size(),
        0,
        appended.perSecond(),
        sent.perSecond(),
        subscriptions.size());
  }

  private Subscription subscribe(MemorySubscription work, SubscriptionListener listener) {
    requireNonNull(listener);
    requireOpen();
    String name = "varve-memory-subscription-" + SUBSCRIPTIONS.incrementAndGet();
    SubscriptionThread subscription =
        new SubscriptionThread(name, work, listener::onClosed, subscriptions::remove);
    subscriptions.add(subscription);
    subscription.start(PATIENCE);
    if (closed) {
      subscription.stop(); // close() may have looked before this one was there
    }
    return subscription;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    List<SubscriptionThread> open = new ArrayList<>(subscriptions);
    open.addAll(consumerGroups.open());
    open.forEach(SubscriptionThread::stop);
    try {
      for (SubscriptionThread subscription : open) {
        if (!subscription.awaitListenerDone(PATIENCE)) {
          log.warn("closed while the listener of {} is still running", subscription);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
