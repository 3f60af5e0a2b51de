package io.varve.client.eventsourcing.cache;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers of a read model, kept in memory until an event makes them wrong, or for a time. It
 * follows the log with a subscription of its own. Any thread may call it; several that ask for the
 * same key wait for one load.
 *
 * <pre>{@code
 * ReadCache<String, Balance> balances =
 *     ReadCache.<String, Balance>loading(account -> queryBalance(account))
 *         .invalidateOn(types, MoneyDeposited.class, event -> event.stream())
 *         .timeToLive(Duration.ofMinutes(10))
 *         .start(store, () -> runner.position("balances"));
 * Balance balance = balances.get("account-42");
 * Balance mine = balances.get("account-42", result.position()); // with what was just written
 * }</pre>
 *
 * @param <K> what is asked for
 * @param <V> the answer
 */
public final class ReadCache<K, V> implements AutoCloseable {

  /*
   * Rows are behind the log. So an event may be heard of here, and the answer thrown away, before
   * the projection has written its rows; an answer that is loaded in between is as old as the one
   * that was thrown away, and nothing would ever throw it away again. Therefore each answer knows
   * how far the rows were before it was loaded, each key remembers the newest event that concerned
   * it until the rows have it, and an answer from rows that do not is handed out but not kept.
   *
   * The same holds for events from before the subscription began: answers from rows that are behind
   * that point are not kept either (the floor).
   */

  /**
   * What a cache has done since it was started.
   *
   * @param hits answers from memory
   * @param loads answers from the read model
   * @param notKept those of them that may have been older than an event that was known already
   * @param invalidations answers that an event made wrong
   * @param size answers that are kept now, about
   */
  public record Statistics(long hits, long loads, long notKept, long invalidations, long size) {}

  private record Answer<V>(V value, long rowsAt) {}

  /** Which keys events of a class concern. */
  private record Rule<E, F extends E, K>(
      EventTypes<E> types, Class<F> type, Function<? super TypedEvent<F>, ? extends K> key) {

    void collect(RecordedEvent recorded, List<K> keys) {
      if (!types.storedNames(type).contains(recorded.type())) {
        return;
      }
      for (TypedEvent<E> event : types.decode(recorded)) {
        if (type.isInstance(event.event())) {
          keys.add(
              key.apply(
                  new TypedEvent<>(type.cast(event.event()), event.recorded(), event.part())));
        }
      }
    }
  }

  /** More keys than that with events on their way to the rows are not told apart any more. */
  private static final int MOST_PENDING = 10_000;

  private static final Logger log = LoggerFactory.getLogger(ReadCache.class);

  private final Function<? super K, ? extends V> loader;
  private final List<Rule<?, ?, K>> rules;
  private final EventStore store;
  private final LongSupplier rowsAt;
  private final Executor again;
  private final Cache<K, Answer<V>> answers;
  private final Map<K, Long> newest = new ConcurrentHashMap<>();

  private final LongAdder hits = new LongAdder();
  private final LongAdder loads = new LongAdder();
  private final LongAdder notKept = new LongAdder();
  private final LongAdder invalidations = new LongAdder();

  private final AtomicInteger epoch = new AtomicInteger(); // rises when all is forgotten

  private volatile boolean following;
  private volatile long heard;
  private volatile long floor;

  // Under this object's monitor.
  private @Nullable Subscription subscription;
  private boolean closed;

  private ReadCache(Builder<K, V> from, EventStore store, LongSupplier rowsAt) {
    this.loader = from.loader;
    this.rules = List.copyOf(from.rules);
    this.store = store;
    this.rowsAt = rowsAt;
    this.again = from.again;
    InstantSource clock = from.clock;
    Instant start = clock.instant();
    this.answers =
        Caffeine.newBuilder()
            .maximumSize(from.maximumSize)
            .expireAfterWrite(from.timeToLive)
            .ticker(() -> Duration.between(start, clock.instant()).toNanos())
            .build();
  }

  /** Starts a cache that asks this when it has no answer; null is no answer. */
  public static <K, V> Builder<K, V> loading(Function<? super K, ? extends V> loader) {
    return new Builder<>(loader);
  }

  /** The answer, from memory or loaded; it may lack events that the rows do not have yet. */
  public V get(K key) {
    return get(key, 0);
  }

  /**
   * The answer with everything up to a position, provided that the rows have it: first wait for the
   * projection, then ask here.
   */
  public V get(K key, long notBefore) {
    Answer<V> kept = answers.getIfPresent(key);
    return kept != null && has(kept, notBefore) ? hit(kept) : load(key, notBefore);
  }

  /** Whether an answer that is kept has everything up to there that concerns it. */
  private boolean has(Answer<V> kept, long notBefore) {
    return kept.rowsAt() >= notBefore || heard >= notBefore;
  }

  private V hit(Answer<V> kept) {
    hits.increment();
    return kept.value();
  }

  @SuppressWarnings("NullAway") // a mapping may give null, which is then not kept
  private V load(K key, long notBefore) {
    List<V> loaded = new ArrayList<>(1);
    while (true) {
      int begun = epoch.get();
      Answer<V> kept =
          answers.get(
              key,
              missing -> {
                int before = epoch.get();
                long rows = rowsAt.getAsLong();
                V value = requireNonNull(loader.apply(missing), "the loader gave no answer");
                loads.increment();
                loaded.add(value);
                boolean keep =
                    following
                        && before == epoch.get()
                        && rows >= floor
                        && rows >= newest.getOrDefault(missing, 0L);
                if (!keep) {
                  notKept.increment();
                }
                return keep ? new Answer<>(value, rows) : null;
              });
      if (kept != null && begun != epoch.get()) {
        // Everything may have been forgotten right before it was put in.
        boolean unused = answers.asMap().remove(key, kept);
      }
      if (!loaded.isEmpty()) {
        return loaded.getFirst();
      }
      if (kept == null) {
        throw new IllegalStateException("neither an answer nor a load");
      }
      if (has(kept, notBefore)) {
        return hit(kept);
      }
      // It was kept before, or somebody began to load it before the rows had come so far.
      boolean unused = answers.asMap().remove(key, kept);
    }
  }

  /** Forgets the answer for a key. */
  public void invalidate(K key) {
    answers.invalidate(key);
  }

  /**
   * Forgets all answers, such as when the rows have been built anew. What is being loaded meanwhile
   * is handed out and not kept.
   */
  public void invalidateAll() {
    epoch.incrementAndGet();
    answers.invalidateAll();
  }

  /** What it has done. */
  public Statistics statistics() {
    return new Statistics(
        hits.sum(), loads.sum(), notKept.sum(), invalidations.sum(), answers.estimatedSize());
  }

  /** Everything up to here has been looked at. */
  long heard() {
    return heard;
  }

  boolean isFollowing() {
    return following;
  }

  // ---- the subscription

  private void subscribe() {
    Query query = null;
    for (Rule<?, ?, K> rule : rules) {
      Query its = Query.types(rule.types().storedNames(rule.type()).toArray(String[]::new));
      query = query == null ? its : query.or(its);
    }
    if (query == null) {
      following = true; // nothing makes an answer wrong but time
      return;
    }
    try {
      Subscription opened =
          store.subscribeToLog(SubscribeToLog.all().query(query).fromNow(), new Listener());
      boolean tooLate;
      synchronized (this) {
        tooLate = closed;
        subscription = opened;
      }
      if (tooLate) {
        opened.close();
      }
    } catch (VarveException e) {
      subscribeAgain(e);
    }
  }

  private void subscribeAgain(Throwable cause) {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    log.warn("a cache keeps nothing until it can follow the log again", cause);
    again.execute(this::tryAgain);
  }

  private void tryAgain() {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    try {
      subscribe();
    } catch (IllegalStateException e) {
      // So says every call on a store that is closed, which then has no more to follow.
      log.info("a cache keeps nothing any more: {}", e.getMessage());
    }
  }

  private void forgetAll() {
    following = false;
    epoch.incrementAndGet();
    answers.invalidateAll();
  }

  private void forget(RecordedEvent event) {
    List<K> keys = new ArrayList<>();
    try {
      for (Rule<?, ?, K> rule : rules) {
        rule.collect(event, keys);
      }
    } catch (RuntimeException e) {
      log.warn("whom {} concerns is not known, so a cache forgets everything", event, e);
      floor = event.position();
      epoch.incrementAndGet();
      answers.invalidateAll();
    }
    for (K key : keys) {
      forget(key, event.position());
    }
    heard = event.position();
  }

  private void forget(K key, long position) {
    newest.put(key, position); // before the answer goes, or an old one could come in between
    Answer<V> unused =
        answers
            .asMap()
            .computeIfPresent(
                key,
                (same, kept) -> {
                  if (kept.rowsAt() >= position) {
                    return kept;
                  }
                  invalidations.increment();
                  return null;
                });
    if (newest.size() > MOST_PENDING) {
      long rows = rowsAt.getAsLong();
      newest.values().removeIf(pending -> pending <= rows);
      if (newest.size() > MOST_PENDING) {
        floor = position;
        newest.clear();
      }
    }
  }

  private final class Listener implements SubscriptionListener {

    @Override
    public void onEvent(RecordedEvent event) {
      forget(event);
    }

    @Override
    public void onCheckpoint(long position) {
      heard = position;
    }

    @Override
    public void onCaughtUp(long position) {
      if (!following) {
        floor = Math.max(floor, position);
        following = true;
      }
      heard = position;
    }

    @Override
    public void onReconnecting(VarveException cause) {
      forgetAll();
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      forgetAll();
      if (cause != null) {
        subscribeAgain(cause);
      }
    }
  }

  /** Ends its subscription; from here on nothing is kept. */
  @Override
  public void close() {
    Subscription open;
    synchronized (this) {
      closed = true;
      open = subscription;
    }
    if (open != null) {
      open.close();
    }
    forgetAll();
  }

  /**
   * Builds a {@link ReadCache}. Not safe for use by several threads.
   *
   * @param <K> what is asked for
   * @param <V> the answer
   */
  public static final class Builder<K, V> {

    private final Function<? super K, ? extends V> loader;
    private final List<Rule<?, ?, K>> rules = new ArrayList<>();
    private long maximumSize = 10_000;
    private Duration timeToLive = Duration.ofMinutes(10);
    private Executor again = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);
    private InstantSource clock = InstantSource.system();

    private Builder(Function<? super K, ? extends V> loader) {
      this.loader = requireNonNull(loader);
    }

    /**
     * Events of this class, or of all classes below it, make the answer for a key wrong.
     *
     * @throws IllegalArgumentException no event of this class is registered
     */
    public <E, F extends E> Builder<K, V> invalidateOn(
        EventTypes<E> types, Class<F> type, Function<? super TypedEvent<F>, ? extends K> key) {
      requireNonNull(types.storedNames(type));
      rules.add(new Rule<>(types, type, requireNonNull(key)));
      return this;
    }

    /** How many answers are kept at most; 10,000 unless it is said. */
    public Builder<K, V> maximumSize(long answers) {
      this.maximumSize = answers;
      return this;
    }

    /** How long an answer is kept at most; 10 minutes unless it is said. */
    public Builder<K, V> timeToLive(Duration timeToLive) {
      this.timeToLive = requireNonNull(timeToLive);
      return this;
    }

    /** The clock by which answers grow old, instead of the system's. */
    public Builder<K, V> clock(InstantSource clock) {
      this.clock = requireNonNull(clock);
      return this;
    }

    /** What runs the next try to follow the log, after a pause. */
    Builder<K, V> again(Executor again) {
      this.again = requireNonNull(again);
      return this;
    }

    /**
     * Makes the cache and has it follow the log.
     *
     * @param rowsAt the position up to which the rows hold everything, such as {@code
     *     ProjectionRunner.position}; asked before each load
     */
    public ReadCache<K, V> start(EventStore store, LongSupplier rowsAt) {
      ReadCache<K, V> cache = new ReadCache<>(this, requireNonNull(store), requireNonNull(rowsAt));
      cache.subscribe();
      return cache;
    }
  }
}
