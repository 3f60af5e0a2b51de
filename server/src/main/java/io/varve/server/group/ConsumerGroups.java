package io.varve.server.group;

import io.varve.server.append.CommitListener;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StorageException;
import io.varve.server.subscription.Feeds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All consumer groups of a store: what its edges call. Thread-safe.
 *
 * <p>What takes time answers by a future, which completes on one of the groups' threads: whoever
 * goes on from there must be short, or go on elsewhere. A future that fails does so with a {@link
 * StorageException}: it is not known then whether what was asked for has happened.
 */
public final class ConsumerGroups implements CommitListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ConsumerGroups.class);

  /** How often time-outs are looked at. */
  private static final Duration TICK = Duration.ofMillis(20);

  /** How long saving may take when the server stops. */
  private static final Duration LAST_SAVE = Duration.ofSeconds(2);

  /** Names in the order of their UTF-8 bytes. */
  private static final Comparator<String> BY_BYTES =
      (one, other) ->
          Arrays.compareUnsigned(
              one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));

  private final EventStorage storage;
  private final EventReader reader;
  private final GroupStore store;
  private final GroupContext context;
  private final ActiveClock active;
  private final HeldBudget budget;
  private final ConcurrentSkipListMap<String, Group> groups = new ConcurrentSkipListMap<>(BY_BYTES);
  private final AtomicLong lastNumber;
  private final AtomicBoolean waking = new AtomicBoolean();
  private volatile @Nullable ScheduledFuture<?> ticking;
  private volatile @Nullable CompletableFuture<Void> stopped;

  /**
   * Takes over the groups of a store.
   *
   * @param executor runs groups; rejects nothing before {@link #close}
   * @param saves runs the writes of their progress, one at a time
   * @param nanoTime a clock that only runs forwards
   * @param clock the time of day
   * @throws StorageException the store failed
   */
  public ConsumerGroups(
      EventStorage storage,
      EventReader reader,
      Feeds feeds,
      GroupStore store,
      GroupLimits limits,
      Executor executor,
      Executor saves,
      LongSupplier nanoTime,
      InstantSource clock) {
    this.storage = storage;
    this.reader = reader;
    this.store = store;
    this.active = new ActiveClock(nanoTime);
    this.budget = new HeldBudget(limits.heldBytes());
    this.context =
        new GroupContext(
            storage.head(),
            reader,
            feeds,
            store,
            new GroupSaver(store, storage.head(), saves),
            budget,
            executor,
            active,
            nanoTime,
            clock);
    this.lastNumber = new AtomicLong(store.lastNumber());
    for (StoredGroup stored : SetBack.whereTheLogIsShorter(store, storage, reader)) {
      Group group = new Group(context, stored);
      group.goLive();
      groups.put(stored.definition().name(), group);
    }
  }

  /** Has time-outs looked at from here on. */
  public ConsumerGroups schedule(ScheduledExecutorService timer) {
    ticking =
        timer.scheduleWithFixedDelay(
            this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    return this;
  }

  /** Time has passed. */
  void tick() {
    active.tick();
    long now = active.getAsLong();
    for (Group group : groups.values()) {
      group.signalIfDue(now);
    }
  }

  @Override
  public void committed(List<EventRun> runs) {
    // Off the writer's thread: with many groups, waking them takes longer than a commit.
    if (!groups.isEmpty() && waking.compareAndSet(false, true)) {
      context.executor().execute(this::wakeAll);
    }
  }

  private void wakeAll() {
    waking.set(false); // before the round, so that a commit during it starts another
    groups.values().forEach(Group::signalIfHungry);
  }

  @Override
  public void stopped(String reason) {
    // What is durable goes on being delivered.
  }

  // ---- groups

  /** Creates a group; false if there is one of that name. */
  public CompletableFuture<Boolean> create(GroupDefinition definition) {
    if (groups.containsKey(definition.name())) {
      return CompletableFuture.completedFuture(false);
    }
    long number = lastNumber.incrementAndGet();
    Progress progress = start(definition);
    Group group = new Group(context, new StoredGroup(number, definition, progress, ""));
    if (groups.putIfAbsent(definition.name(), group) != null) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> created = new CompletableFuture<>();
    context
        .saver()
        .save(
            GroupChange.created(number, definition, progress),
            failure -> {
              if (failure == null) {
                group.goLive();
                created.complete(true);
              } else {
                groups.remove(definition.name(), group);
                created.completeExceptionally(failure);
              }
            });
    return created;
  }

  private Progress start(GroupDefinition definition) {
    long head = storage.head().position();
    return switch (definition.source()) {
      case GroupSource.OfLog _ ->
          switch (definition.start()) {
            case GroupStart.After(long place) -> Progress.startingAfter(place, 0);
            case GroupStart.Now _ -> Progress.startingAfter(head, 0);
          };
      case GroupSource.OfStream(StreamId stream) ->
          switch (definition.start()) {
            case GroupStart.After(long place) -> Progress.startingAfter(0, place);
            case GroupStart.Now _ ->
                Progress.startingAfter(head, reader.headOf(stream, head).version());
          };
    };
  }

  /** Changes a group's settings, and nothing of its progress; false if there is no such group. */
  public CompletableFuture<Boolean> update(String name, GroupSettings settings) {
    return update(name, settings, null);
  }

  /**
   * The same.
   *
   * @param attributes the group's attributes from now on; null for those that it has
   */
  public CompletableFuture<Boolean> update(
      String name, GroupSettings settings, @Nullable Map<String, String> attributes) {
    Group group = find(name);
    return group == null
        ? CompletableFuture.completedFuture(false)
        : group.update(settings, attributes);
  }

  /** Deletes a group with its parked events, and ends its consumers; false if there is none. */
  public CompletableFuture<Boolean> delete(String name) {
    Group group = find(name);
    if (group == null) {
      return CompletableFuture.completedFuture(false);
    }
    return group
        .delete()
        .thenApply(
            deleted -> {
              if (deleted) {
                groups.remove(name, group);
              }
              return deleted;
            });
  }

  private @Nullable Group find(String name) {
    Group group = groups.get(name);
    return group == null || !group.isLive() ? null : group;
  }

  /** How many groups there are. */
  public int count() {
    return groups.size();
  }

  /** A group as it stands; null if there is none. */
  public CompletableFuture<@Nullable GroupInfo> info(String name) {
    Group group = find(name);
    return group == null ? gone() : group.info();
  }

  private static <T> CompletableFuture<@Nullable T> gone() {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Groups as they stand, in the order of their names' UTF-8 bytes.
   *
   * @param afterName those behind this name; "" for the first
   * @param limit at most this many
   */
  public CompletableFuture<List<GroupInfo>> list(String afterName, int limit) {
    List<CompletableFuture<@Nullable GroupInfo>> asked =
        groups.tailMap(afterName, false).values().stream()
            .filter(Group::isLive)
            .limit(limit)
            .map(Group::info)
            .toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            _ -> {
              List<GroupInfo> found = new ArrayList<>();
              for (CompletableFuture<@Nullable GroupInfo> answer : asked) {
                GroupInfo info = answer.join();
                if (info != null) {
                  found.add(info);
                }
              }
              return found;
            });
  }

  // ---- consuming

  /**
   * Joins a group; null if there is none. The consumer is told that it has joined, or that it is
   * out, on another thread, perhaps before this returns.
   *
   * @param consumerName the consumer's own name, for the figures; may be ""
   * @param credit how many events it may be sent at first
   */
  public @Nullable Membership join(
      String name, String consumerName, long credit, GroupConsumer consumer) {
    return join(name, consumerName, credit, Integer.MAX_VALUE, consumer);
  }

  /**
   * The same.
   *
   * @param maxInFlight how many events this consumer may hold unanswered, if the group lets it
   */
  public @Nullable Membership join(
      String name, String consumerName, long credit, int maxInFlight, GroupConsumer consumer) {
    Group group = find(name);
    return group == null ? null : group.join(consumerName, credit, maxInFlight, consumer);
  }

  // ---- parked events

  /**
   * A group's parked events by rising position; null if there is no such group.
   *
   * @param afterPosition those behind this position; 0 for the first
   * @param limit at most this many
   * @param readers runs the reading
   */
  public CompletableFuture<@Nullable ParkedPage> parked(
      String name, long afterPosition, int limit, Executor readers) {
    Group group = find(name);
    if (group == null) {
      return gone();
    }
    return group
        .settled()
        .<@Nullable ParkedPage>thenApplyAsync(
            there -> there ? group.parkedPage(afterPosition, limit) : null, readers);
  }

  /**
   * Parked events, and how it is told which of them are being replayed.
   *
   * @param replayUpTo those whose {@link Parked#sequence} is not higher
   */
  public record ParkedPage(List<Parked> events, long replayUpTo) {

    /** Whether an event of this page is being replayed. */
    public boolean isReplaying(Parked event) {
      return event.sequence() <= replayUpTo;
    }
  }

  /** A parked event itself; null when it is hidden or has been reclaimed. */
  public @Nullable EncodedEvent event(Parked parked) {
    return GroupReader.find(reader, parked);
  }

  /**
   * Delivers parked events again; how many were not being replayed already. Null if there is no
   * such group.
   *
   * @param positions which, those that are not parked are passed over; empty for all
   */
  public CompletableFuture<@Nullable Long> replay(String name, List<Long> positions) {
    Group group = find(name);
    return group == null ? gone() : group.replay(positions);
  }

  /**
   * Forgets parked events; how many there were. Null if there is no such group.
   *
   * @param positions which, those that are not parked are passed over; empty for all
   */
  public CompletableFuture<@Nullable Long> discard(String name, List<Long> positions) {
    Group group = find(name);
    return group == null ? gone() : group.discard(positions);
  }

  // ---- figures

  /** How much the groups take on the disk. */
  public long diskBytes() {
    return store.diskBytes();
  }

  /** Figures of the database that keeps their progress, as of now; none when there is none. */
  public List<EngineFigures> engineFigures() {
    return store.engineFigures();
  }

  /** How much memory the events take that wait to be delivered. */
  long heldBytes() {
    return budget.used();
  }

  // ---- stopping

  /** Ends all memberships and begins to save what is not saved. A second call does nothing. */
  public synchronized void stop() {
    if (stopped == null) {
      stopped =
          CompletableFuture.allOf(
              groups.values().stream().map(Group::stop).toArray(CompletableFuture<?>[]::new));
    }
  }

  /** Stops, and waits until what was not saved is, as long as it is worth. */
  @Override
  public void close() {
    stop();
    ScheduledFuture<?> ticks = ticking;
    if (ticks != null) {
      ticks.cancel(false);
    }
    CompletableFuture<Void> all = stopped;
    if (all == null) {
      return;
    }
    try {
      all.get(LAST_SAVE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("not all consumer groups have stored their progress; they deliver some again", e);
    }
  }
}
