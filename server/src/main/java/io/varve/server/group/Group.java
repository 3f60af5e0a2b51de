package io.varve.server.group;

import io.varve.server.event.StreamId;
import io.varve.server.measure.RateMeter;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One group at work: takes in what its consumers say, reads, delivers, and has its progress saved,
 * around a {@link GroupState} that decides.
 *
 * <p>Whoever wants something of it leaves an action and signals; it then runs on the executor,
 * never twice at once, until there is nothing to do. It holds no lock while it reads or delivers.
 */
final class Group {
  private static final Logger log = LoggerFactory.getLogger(Group.class);

  /** Steps before other groups get their turn on the thread. */
  private static final int STEPS_A_TURN = 16;

  /** About how much one message to a consumer carries. */
  private static final int DELIVERY_BYTES = 64 * 1024;

  /** When reading has failed, it is tried again after this. */
  private static final long TRY_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private static final String DENIED =
      "the consumer whose turn it was may not read the stream, by its access control list";

  private final GroupContext context;
  private final long number;
  private final Queue<Runnable> actions = new ConcurrentLinkedQueue<>();

  /**
   * Signals not yet seen; above zero exactly while the group is running or waiting for the
   * executor.
   */
  private final AtomicInteger signals = new AtomicInteger();

  /** Whether a new event could be delivered. */
  private volatile boolean hungry;

  /** When the group has to run though nothing happens. */
  private volatile long wakeAt = Long.MAX_VALUE;

  /** Whether it has been created for good, so that it can be found. */
  private volatile boolean live;

  private final RateMeter deliveries;
  private final RateMeter acks;
  private final GroupSaves saves;
  private final GroupReplays replays;

  // Only the running turn touches these.

  /** What is wrong with the stored progress, which stays as it is then; "" for nothing. */
  private String damage;

  private GroupDefinition definition;
  private GroupState state;
  private GroupReader reader;
  private long lastMember;
  private boolean deleting;

  /** Whether what is in memory is wrong, and waits to be replaced by what is stored. */
  private boolean broken;

  private @Nullable CompletableFuture<@Nullable Void> stopping;

  /** What keeps the group from reading or delivering; "" for nothing. */
  private String problem = "";

  /** No step before this time, since the last one failed. */
  private long pausedUntil = Long.MIN_VALUE;

  Group(GroupContext context, StoredGroup stored) {
    this.context = context;
    this.number = stored.number();
    this.damage = stored.damage();
    this.definition = stored.definition();
    this.deliveries = new RateMeter(context.nanoTime());
    this.acks = new RateMeter(context.nanoTime());
    this.state = new GroupState(definition.settings(), stored.progress());
    this.reader = readerOf(stored.progress());
    this.saves = new GroupSaves(context, stored, this::post);
    this.replays =
        new GroupReplays(context.store(), saves, number, stored.progress().replaying() > 0);
  }

  private GroupReader readerOf(Progress progress) {
    GroupReader made =
        new GroupReader(
            context.reader(),
            context.feeds(),
            definition.source(),
            context.budget(),
            progress.position(),
            progress.version());
    made.pinBy(definition.pinnedBy());
    return made;
  }

  boolean isLive() {
    return live;
  }

  void goLive() {
    live = true;
  }

  String name() {
    return definition.name();
  }

  // ---- running

  /** Has an action run in a turn of this group. Safe from any thread. */
  private void post(Runnable action) {
    actions.add(action);
    signal();
  }

  private void signal() {
    if (signals.getAndIncrement() == 0) {
      submit();
    }
  }

  /** Something has been committed. */
  void signalIfHungry() {
    if (hungry) {
      signal();
    }
  }

  /** Time has passed. */
  void signalIfDue(long now) {
    if (now >= wakeAt) {
      wakeAt = Long.MAX_VALUE; // the turn sets it anew
      signal();
    }
  }

  private void submit() {
    try {
      context.executor().execute(this::turn);
    } catch (RejectedExecutionException e) {
      log.debug("group {} is signalled after the server has stopped", name(), e);
    }
  }

  private void turn() {
    int seen = signals.get();
    boolean more;
    try {
      more = work();
    } catch (RuntimeException | Error e) {
      beginAnew(e);
      more = false;
    }
    if (more) {
      submit(); // signals stays above zero: still running
    } else if (signals.addAndGet(-seen) != 0) {
      submit();
    }
  }

  /** Does what there is to do; says whether there is more. */
  private boolean work() {
    if (broken && !saves.isUnderWay() && context.active().getAsLong() >= pausedUntil) {
      reload();
    }
    for (Runnable action = actions.poll(); action != null; action = actions.poll()) {
      action.run();
    }
    // The time only now: what has been answered before it is looked at is not late.
    long now = context.active().getAsLong();
    if (broken) {
      wakeAt = saves.isUnderWay() ? Long.MAX_VALUE : pausedUntil;
      return false;
    }
    state.expire(now);
    boolean more = now >= pausedUntil && steps(now);
    if (state.members().isEmpty()) {
      reader.letGo();
      state.letGo();
    }
    if (!deleting) {
      saves.save(state, definition, now, stopping != null);
    }
    if (!more) {
      rest();
    }
    return more || !actions.isEmpty();
  }

  /** Says when to run again. */
  private void rest() {
    long now = context.active().getAsLong();
    long wake = Math.min(state.nextExpiry(), saves.dueAt(definition.settings()));
    if (now < pausedUntil) {
      wake = Math.min(wake, pausedUntil);
    }
    wakeAt = wake;
    boolean couldDeliver = isGoing() && state.wantsMore() && state.room() > 0;
    hungry = couldDeliver;
    // Looked at after hungry is set: a commit in between either sees it, or is seen here.
    if (couldDeliver && now >= pausedUntil && !reader.isLevelWith(context.head().position())) {
      signal();
    }
  }

  private boolean isGoing() {
    return !broken
        && !deleting
        && stopping == null
        && damage.isEmpty()
        && saves.problem().isEmpty();
  }

  /**
   * Something has failed that should not have. What is in memory is not trusted any more: the group
   * goes on from what is stored, as after a crash.
   */
  private void beginAnew(Throwable cause) {
    log.error("group {} begins anew from what is stored of it", name(), cause);
    broken = true;
    for (Member member : List.copyOf(state.members())) {
      tellTheEnd(member, new GroupConsumer.End.Failed(cause));
    }
    pause("it has failed, and begins anew from what is stored: " + cause);
    saves.giveUp(problem);
    hungry = false;
    wakeAt = pausedUntil;
    CompletableFuture<@Nullable Void> stop = stopping;
    if (stop != null) {
      stop.complete(null);
    }
  }

  private void reload() {
    StoredGroup stored;
    try {
      stored = context.store().group(number);
    } catch (StorageException e) {
      pause("it has failed, and what is stored of it cannot be read: " + e.getMessage());
      return;
    }
    if (stored == null) {
      return; // it is being created or deleted
    }
    state.letGo();
    reader.letGo();
    damage = stored.damage();
    definition = stored.definition();
    state = new GroupState(definition.settings(), stored.progress());
    reader = readerOf(stored.progress());
    saves.beginAnew(stored);
    replays.reset();
    problem = "";
    broken = false;
  }

  private void pause(String reason) {
    problem = reason;
    pausedUntil = context.active().getAsLong() + TRY_AGAIN_NANOS;
  }

  // ---- steps

  private boolean steps(long now) {
    try {
      for (int i = 0; i < STEPS_A_TURN; i++) {
        if (!isGoing() || !step(now)) {
          problem = "";
          return false;
        }
      }
      return true;
    } catch (StorageException e) {
      log.warn("group {} cannot read: {}", name(), e.getMessage());
      pause("events cannot be read: " + e.getMessage());
      return false;
    } finally {
      reader.settle();
    }
  }

  /** Does the next thing, if there is one; says whether there may be another. */
  private boolean step(long now) {
    parkWhatIsGivenUp();
    long head = context.head().position();
    if (state.inFlightCount() < state.heldCount()) {
      long firstKept = reader.firstKept(head, now);
      if (firstKept > 1 && state.hasUnansweredBelow(firstKept)) {
        state.passOverBelow(firstKept);
      }
    }
    if (deliver(now)) {
      return true;
    }
    reader.settle();
    if (state.room() <= 0 || !state.wantsMore()) {
      return false;
    }
    if (replays.isLooking()) {
      replays.load(state);
      return true;
    }
    if (reader.isLevelWith(head)) {
      return false;
    }
    reader.read(head, state);
    return true;
  }

  private void parkWhatIsGivenUp() {
    for (Unanswered event = state.nextGivenUp(); event != null; event = state.nextGivenUp()) {
      if (event.replayed != null) {
        state.park(
            event, event.replayed.stream(), event.replayed.version(), context.clock().instant());
        continue;
      }
      EventSummary summary = reader.summaryOf(event);
      if (summary == null) {
        state.givenUpIsGone(event);
      } else {
        state.park(event, summary.stream(), summary.version(), context.clock().instant());
      }
    }
  }

  // ---- delivering

  /** Delivers what is ready to whoever can take it; says whether there was anything. */
  private boolean deliver(long now) {
    turnAwayWhoeverIsDenied();
    for (Member member : state.members()) {
      member.open = member.consumer.isReady();
      // What is given in this turn was committed before.
      member.screened = !member.consumer.denied().isEmpty();
    }
    boolean any = false;
    try {
      for (Unanswered event = state.next(now); event != null; event = state.next(now)) {
        any = true;
        addToBatch(event);
      }
    } finally {
      deliverBatches();
    }
    return any;
  }

  /** Whoever may not read the stream that a group is about is no consumer of it. */
  private void turnAwayWhoeverIsDenied() {
    if (definition.source() instanceof GroupSource.OfStream(StreamId stream)) {
      for (Member member : List.copyOf(state.members())) {
        if (member.consumer.denied().has(stream.value())) {
          end(member, new GroupConsumer.End.Denied(stream));
        }
      }
    }
  }

  private void addToBatch(Unanswered event) {
    Member member = event.holder;
    if (member == null) {
      throw new IllegalStateException("an event in flight is with nobody");
    }
    EncodedEvent bytes;
    try {
      bytes = reader.eventOf(event);
    } catch (StorageException e) {
      state.notDelivered(event);
      throw e;
    }
    if (bytes == null) {
      state.gone(event);
      return;
    }
    if (member.screened && member.consumer.denied().has(bytes.summary().stream().value())) {
      state.withhold(event, DENIED);
      return;
    }
    member.batch.add(new GroupConsumer.Delivery(bytes, event.failures, event.replayed != null));
    event.release();
    member.batchBytes += bytes.length();
    if (member.batchBytes >= DELIVERY_BYTES) {
      member.open = false; // the rest with the next message, if the consumer is ready for it then
    }
  }

  private void deliverBatches() {
    for (Member member : List.copyOf(state.members())) {
      if (member.batch.isEmpty()) {
        continue;
      }
      List<GroupConsumer.Delivery> batch = List.copyOf(member.batch);
      member.batch.clear();
      member.batchBytes = 0;
      if (tell(member, () -> member.consumer.deliver(batch))) {
        member.deliveries.add(batch.size());
        deliveries.add(batch.size());
      }
    }
  }

  // ---- members

  /** Tells a consumer something; one that cannot be told is out, and says so. */
  private boolean tell(Member member, Runnable what) {
    try {
      what.run();
      return true;
    } catch (RuntimeException | Error e) {
      log.warn("group {} loses consumer {} ({})", name(), member.id, member.name, e);
      end(member, new GroupConsumer.End.Failed(e));
      return false;
    }
  }

  private void end(Member member, GroupConsumer.End end) {
    if (!member.gone) {
      state.leave(member);
      tellTheEnd(member, end);
    }
  }

  private void tellTheEnd(Member member, GroupConsumer.End end) {
    member.gone = true;
    try {
      member.consumer.ended(end);
    } catch (RuntimeException | Error e) {
      log.warn("consumer {} of group {} could not be told that it is out", member.id, name(), e);
    }
  }

  private void endAll(GroupConsumer.End end) {
    for (Member member : List.copyOf(state.members())) {
      end(member, end);
    }
  }

  /** A consumer joins. What it says is taken in after that. */
  Membership join(String consumerName, long credit, int maxInFlight, GroupConsumer consumer) {
    String name = name();
    Member member =
        new Member(
            consumerName,
            maxInFlight,
            consumer,
            context.clock().instant(),
            new RateMeter(context.nanoTime()),
            new RateMeter(context.nanoTime()));
    post(
        () -> {
          if (broken) {
            tellTheEnd(member, new GroupConsumer.End.Failed(new StorageException(problem)));
          } else if (deleting) {
            tellTheEnd(member, new GroupConsumer.End.Deleted());
          } else if (stopping != null) {
            tellTheEnd(member, new GroupConsumer.End.ServerStopping());
          } else if (definition.source() instanceof GroupSource.OfStream(StreamId stream)
              && consumer.denied().has(stream.value())) {
            tellTheEnd(member, new GroupConsumer.End.Denied(stream));
          } else {
            member.id = name + "-" + ++lastMember;
            state.join(member);
            tell(member, () -> consumer.joined(member.id, definition.settings()));
            if (!member.gone) {
              state.credit(member, credit);
            }
          }
        });
    return new Seat(member);
  }

  /** A consumer's way to say something to this group. */
  private final class Seat implements Membership {
    private final Member member;

    Seat(Member member) {
      this.member = member;
    }

    private void say(Runnable what) {
      post(
          () -> {
            if (!member.gone) {
              what.run();
            }
            if (!member.gone) {
              tell(member, member.consumer::taken);
            }
          });
    }

    @Override
    public void credit(long events) {
      say(() -> state.credit(member, events));
    }

    @Override
    public void ack(List<Long> positions) {
      say(
          () -> {
            int acked = state.ack(member, positions);
            member.acks.add(acked);
            acks.add(acked);
          });
    }

    @Override
    public void nack(List<Long> positions, NackAction action, String reason) {
      say(
          () -> {
            switch (action) {
              case RETRY -> state.retry(member, positions, reason, context.active().getAsLong());
              case PARK -> state.park(member, positions, reason);
              case SKIP -> state.skip(member, positions);
              case STOP -> {
                GroupStop stop = state.stop(member, positions, reason, context.clock().instant());
                if (stop != null) {
                  log.warn(
                      "group {} is stopped by consumer {} at position {}: {}",
                      name(),
                      member.name,
                      stop.position(),
                      reason);
                  endAll(new GroupConsumer.End.Stopped(stop));
                }
              }
            }
          });
    }

    @Override
    public void ready() {
      signal();
    }

    @Override
    public void leave() {
      post(() -> end(member, new GroupConsumer.End.Left()));
    }
  }

  // ---- what others ask for; null stands for a group that is not there any more

  /** Has an action run that completes the future, or fails it. */
  private <T extends @Nullable Object> CompletableFuture<T> ask(
      Consumer<CompletableFuture<T>> action) {
    CompletableFuture<T> future = new CompletableFuture<>();
    post(
        () -> {
          try {
            if (broken) {
              throw new StorageException(problem);
            }
            action.accept(future);
          } catch (StorageException e) {
            future.completeExceptionally(e);
          } catch (RuntimeException | Error e) {
            future.completeExceptionally(e);
            throw e;
          }
        });
    return future;
  }

  /**
   * Changes the settings.
   *
   * @param attributes the attributes from now on; null for those that it has
   */
  CompletableFuture<Boolean> update(
      GroupSettings settings, @Nullable Map<String, String> attributes) {
    return ask(
        future -> {
          if (deleting) {
            future.complete(false);
            return;
          }
          definition =
              definition.with(settings, attributes == null ? definition.attributes() : attributes);
          reader.pinBy(definition.pinnedBy());
          saves.definitionChanged();
          state.update(settings);
          saves.whenSaved(future, true);
        });
  }

  /** Forgets the group; the caller has it out of sight once this is done. */
  CompletableFuture<Boolean> delete() {
    return ask(
        future -> {
          if (deleting) {
            future.complete(false);
            return;
          }
          deleting = true;
          endAll(new GroupConsumer.End.Deleted());
          context
              .saver()
              .save(
                  GroupChange.deletion(number),
                  failure -> post(() -> afterDeletion(future, failure)));
        });
  }

  private void afterDeletion(
      CompletableFuture<Boolean> future, @Nullable RuntimeException failure) {
    if (failure == null) {
      state.letGo();
      reader.letGo();
      future.complete(true);
      saves.giveUp("the group is gone");
    } else {
      deleting = false; // it is still there, or will be after a restart
      future.completeExceptionally(failure);
    }
  }

  /** Completes once everything that has been parked is in the store. */
  CompletableFuture<Boolean> settled() {
    return ask(
        future -> {
          if (deleting) {
            future.complete(false);
          } else if (state.parkedChanges().isEmpty()
              && state.nextGivenUp() == null
              && !saves.isUnderWay()) {
            future.complete(true);
          } else {
            saves.whenSaved(future, true);
          }
        });
  }

  /** Parked events as they are stored. */
  ConsumerGroups.ParkedPage parkedPage(long afterPosition, int limit) {
    return replays.page(afterPosition, limit);
  }

  /**
   * Delivers parked events again.
   *
   * @param positions which; empty for all
   */
  CompletableFuture<@Nullable Long> replay(List<Long> positions) {
    return this.<@Nullable Long>ask(
        future -> {
          if (deleting) {
            future.complete(null);
            return;
          }
          saves.<@Nullable Long>whenSaved(future, replays.ask(state, positions));
        });
  }

  /**
   * Forgets parked events.
   *
   * @param positions which; empty for all
   */
  CompletableFuture<@Nullable Long> discard(List<Long> positions) {
    return this.<@Nullable Long>ask(
        future -> {
          if (deleting) {
            future.complete(null);
            return;
          }
          saves.<@Nullable Long>whenSaved(future, replays.discard(state, positions));
        });
  }

  CompletableFuture<@Nullable GroupInfo> info() {
    return this.<@Nullable GroupInfo>ask(future -> future.complete(deleting ? null : describe()));
  }

  private GroupInfo describe() {
    List<GroupInfo.Consumer> consumers = new ArrayList<>();
    for (Member member : state.members()) {
      consumers.add(
          new GroupInfo.Consumer(
              member.name,
              member.inFlight,
              Math.min(member.credit, Math.max(0, member.maxInFlight - member.inFlight)),
              member.connectedAt,
              member.deliveries.perSecond(),
              member.acks.perSecond()));
    }
    String wrong = damage;
    for (String candidate : List.of(saves.problem(), problem, state.notice())) {
      wrong = wrong.isEmpty() ? candidate : wrong;
    }
    return new GroupInfo(
        definition,
        state.checkpoint(definition.source() instanceof GroupSource.OfStream),
        reader.behind(context.head().position()) + state.pendingCount(),
        state.inFlightCount(),
        state.retryingCount(),
        state.parkedCount(),
        state.replayingCount(),
        deliveries.perSecond(),
        acks.perSecond(),
        state.stop(),
        wrong,
        consumers);
  }

  /** Ends all memberships and saves what is not saved; completes once that is done or failed. */
  CompletableFuture<@Nullable Void> stop() {
    return this.<@Nullable Void>ask(
        future -> {
          stopping = future;
          endAll(new GroupConsumer.End.ServerStopping());
          if (broken || deleting || (!state.isDirty() && !saves.isUnderWay())) {
            future.complete(null);
          } else {
            saves.whenSaved(_ -> future.complete(null)); // saved or not, there is no more to do
          }
        });
  }
}
