package io.varve.server.subscription;

import io.varve.server.append.CommitListener;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventStorage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * All subscriptions that are open: opens them, wakes them when something is committed, and ends
 * them. Thread-safe.
 */
public final class Subscriptions implements CommitListener, AutoCloseable {
  private static final Duration IDLE_CHECK = Duration.ofMillis(500);

  private final EventStorage storage;
  private final EventReader reader;
  private final SubscriptionSettings settings;
  private final Executor executor;
  private final LongSupplier nanoTime;
  private final RecentCommits recent;
  private final Feeds feeds;

  /** By their ids, so that the same happens in the same order whenever a simulation is repeated. */
  private final ConcurrentSkipListMap<String, Subscription> open = new ConcurrentSkipListMap<>();

  private final AtomicLong lastId = new AtomicLong();
  private final AtomicBoolean waking = new AtomicBoolean();
  private final ScheduledFuture<?> idleCheck;
  private volatile boolean stopping;

  /**
   * @param executor runs the subscriptions; rejects nothing before {@link #close}
   * @param timer wakes idle subscriptions
   * @param nanoTime a clock that only runs forwards
   */
  public Subscriptions(
      EventStorage storage,
      EventReader reader,
      SubscriptionSettings settings,
      Executor executor,
      ScheduledExecutorService timer,
      LongSupplier nanoTime) {
    this.storage = storage;
    this.reader = reader;
    this.settings = settings;
    this.executor = executor;
    this.nanoTime = nanoTime;
    this.recent = new RecentCommits(settings.recentBytes());
    this.feeds = new Feeds(storage, reader, recent, settings.pageBytes());
    this.idleCheck =
        timer.scheduleWithFixedDelay(
            this::wakeIdle, IDLE_CHECK.toMillis(), IDLE_CHECK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Feeds that share what is kept in memory for these subscriptions. */
  public Feeds feeds() {
    return feeds;
  }

  // ---- opening

  /** Follows the log. Nothing is delivered before the first {@link Subscription#signal}. */
  public Subscription toLog(Query query, SubscriptionStart start, Subscriber subscriber) {
    return toLog(query, start, false, subscriber);
  }

  /**
   * The same, perhaps without events that are in the archive when their turn comes.
   *
   * @param skipArchived whether those are left out
   */
  public Subscription toLog(
      Query query, SubscriptionStart start, boolean skipArchived, Subscriber subscriber) {
    long after =
        switch (start) {
          case SubscriptionStart.After given -> given.place();
          case SubscriptionStart.Now _ -> headPosition();
        };
    return open(
        feeds.ofLog(query, after, skipArchived), subjectOf(query), after, subscriber, settings);
  }

  /**
   * The same, and another bound for how much is passed over without a word.
   *
   * @param checkpointAfterEvents see {@link SubscriptionSettings}
   */
  public Subscription toLog(
      Query query, SubscriptionStart start, Subscriber subscriber, int checkpointAfterEvents) {
    long after = start instanceof SubscriptionStart.After given ? given.place() : headPosition();
    return open(
        feeds.ofLog(query, after),
        subjectOf(query),
        after,
        subscriber,
        settings.checkpointingAfter(checkpointAfterEvents));
  }

  private static String subjectOf(Query query) {
    return query.matchesEverything() ? "log" : "log, under a query";
  }

  private long headPosition() {
    return storage.head().position();
  }

  /**
   * Follows a stream, which need not exist yet. Nothing is delivered before the first {@link
   * Subscription#signal}.
   */
  public Subscription toStream(StreamId stream, SubscriptionStart start, Subscriber subscriber) {
    return toStream(stream, start, false, subscriber);
  }

  /**
   * The same, perhaps without events that are in the archive when their turn comes.
   *
   * @param skipArchived whether those are left out
   */
  public Subscription toStream(
      StreamId stream, SubscriptionStart start, boolean skipArchived, Subscriber subscriber) {
    return toStream(stream, start, skipArchived, subscriber, (feed, _) -> feed);
  }

  /** What is made of a feed, given the position of the log at which it begins. */
  public interface Around {
    Feed feed(Feed feed, long startPosition);
  }

  /**
   * The same.
   *
   * @param around puts something of the caller's around the feed
   */
  public Subscription toStream(
      StreamId stream, SubscriptionStart start, Subscriber subscriber, Around around) {
    return toStream(stream, start, false, subscriber, around);
  }

  private Subscription toStream(
      StreamId stream,
      SubscriptionStart start,
      boolean skipArchived,
      Subscriber subscriber,
      Around around) {
    long afterVersion = 0;
    long afterPosition = 0;
    switch (start) {
      case SubscriptionStart.After given -> afterVersion = given.place();
      case SubscriptionStart.Now _ -> {
        afterPosition = headPosition();
        afterVersion = reader.headOf(stream, afterPosition).version();
      }
    }
    Feed feed = around.feed(feeds.ofStream(stream, afterVersion, skipArchived), afterPosition);
    return open(feed, "stream " + stream, afterPosition, subscriber, settings);
  }

  private Subscription open(
      Feed feed,
      String subject,
      long startPosition,
      Subscriber subscriber,
      SubscriptionSettings bounds) {
    Subscription subscription =
        new Subscription(
            "subscription-" + lastId.incrementAndGet(),
            subject,
            feed,
            startPosition,
            storage.head(),
            subscriber,
            executor,
            bounds,
            nanoTime);
    open.put(subscription.id(), subscription);
    if (stopping) {
      subscription.stop();
    }
    return subscription;
  }

  /** Ends a subscription; its subscriber hears nothing more. */
  public void close(Subscription subscription) {
    open.remove(subscription.id());
    subscription.close();
  }

  /** How many are open. */
  public int count() {
    return open.size();
  }

  /** Where each of them stands, as of now. */
  public List<SubscriptionStatus> statuses() {
    List<SubscriptionStatus> statuses = new ArrayList<>();
    for (Subscription subscription : open.values()) {
      statuses.add(subscription.status());
    }
    return statuses;
  }

  // ---- waking

  @Override
  public void committed(List<EventRun> runs) {
    for (EventRun run : runs) {
      recent.add(run);
    }
    // Off the writer's thread: with many subscribers, waking them takes longer than a commit.
    if (!open.isEmpty() && waking.compareAndSet(false, true)) {
      executor.execute(this::wakeAll);
    }
  }

  private void wakeAll() {
    waking.set(false); // before the round, so that a commit during it starts another
    open.values().forEach(Subscription::signal);
  }

  private void wakeIdle() {
    long now = nanoTime.getAsLong();
    for (Subscription subscription : open.values()) {
      subscription.signalIfIdle(now);
    }
  }

  @Override
  public void stopped(String reason) {
    // What is durable goes on being delivered.
  }

  // ---- stopping

  /** Tells every subscriber that the server is stopping. */
  @Override
  public void close() {
    stopping = true;
    idleCheck.cancel(false);
    open.values().forEach(Subscription::stop);
  }
}
