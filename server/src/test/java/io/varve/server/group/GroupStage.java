package io.varve.server.group;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamExclusion;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.ManualTimer;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import io.varve.server.subscription.SubscriptionSettings;
import io.varve.server.subscription.Subscriptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Consumer groups on one thread: tasks wait in a list until a test runs them; clock, disk and
 * crashes are the test's.
 */
final class GroupStage {
  static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration TICK = Duration.ofMillis(20);
  private static final SubscriptionSettings SETTINGS =
      new SubscriptionSettings(4_000, 1_000, 50, Duration.ofSeconds(5));

  final MemoryEventStorage storage;
  final LogModel model;
  final MemoryGroupStore store;
  final List<Runnable> tasks = new ArrayList<>();
  final List<Consumer> consumers = new ArrayList<>();

  /** Broken promises, which would end a membership, and the test be none the wiser. */
  final List<AssertionError> violations = new ArrayList<>();

  long nanos = 1_000_000_000L;
  ConsumerGroups groups;
  private Subscriptions subscriptions;
  private final GroupLimits limits;
  private long lastId;

  GroupStage() {
    this(GroupLimits.defaults());
  }

  GroupStage(GroupLimits limits) {
    this(limits, new MemoryEventStorage(), new MemoryGroupStore(), new LogModel());
  }

  /** A stage on which another log has been put back under the same groups. */
  GroupStage(
      GroupLimits limits, MemoryEventStorage storage, MemoryGroupStore store, LogModel model) {
    this.limits = limits;
    this.model = model;
    this.lastId = model.head();
    this.storage = storage;
    this.store = store;
    subscriptions = openSubscriptions();
    groups = open();
  }

  private Subscriptions openSubscriptions() {
    return new Subscriptions(
        storage,
        new EventReader(storage, 1_000, clock()),
        SETTINGS,
        tasks::add,
        new ManualTimer(),
        () -> nanos);
  }

  private InstantSource clock() {
    return () -> START.plusNanos(nanos);
  }

  private ConsumerGroups open() {
    return new ConsumerGroups(
        storage,
        new EventReader(storage, 1_000, clock()),
        subscriptions.feeds(),
        store,
        limits,
        tasks::add,
        tasks::add,
        () -> nanos,
        clock());
  }

  // ---- time and chance

  /** Runs one of the waiting tasks; false if there is none. */
  boolean runOne(Random random) {
    if (tasks.isEmpty()) {
      return false;
    }
    tasks.remove(random.nextInt(tasks.size())).run();
    return true;
  }

  /** Runs tasks until none is left. */
  void run() {
    for (int i = 0; !tasks.isEmpty(); i++) {
      assertThat(i).as("tasks, so that they come to an end").isLessThan(100_000);
      tasks.removeFirst().run();
    }
    violations.forEach(
        violation -> {
          throw violation;
        });
  }

  /** Lets time pass, tick by tick. */
  void pass(Duration time) {
    for (Duration left = time; left.isPositive(); left = left.minus(TICK)) {
      tick(left.compareTo(TICK) < 0 ? left : TICK);
      run();
    }
  }

  void tick(Duration time) {
    nanos += time.toNanos();
    groups.tick();
  }

  /** Nobody runs for so long, and then everybody does. */
  void suspend(Duration time) {
    nanos += time.toNanos();
    groups.tick();
  }

  /** The server dies and is started again: what is in memory is gone. */
  void crash() {
    tasks.clear();
    consumers.forEach(consumer -> consumer.over = true);
    consumers.clear();
    subscriptions = openSubscriptions();
    groups = open();
  }

  /** The server is stopped and started again. */
  void restart() {
    groups.stop();
    run();
    crash();
  }

  // ---- the log

  static Draft draft(String stream, String type, long id, int bytes) {
    return new Draft(
        new StreamId(stream),
        new NewEvent(new UUID(3, id), false, type, new byte[bytes], "", Map.of(), List.of(), null));
  }

  /** Writes events of this type to this stream as one commit. */
  void commit(String stream, String type, int count) {
    commit(stream, type, count, 20);
  }

  void commit(String stream, String type, int count, int bytes) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drafts.add(draft(stream, type, ++lastId, bytes));
    }
    write(drafts);
  }

  void write(List<Draft> drafts) {
    List<EventRun> runs = model.commit(storage, START.plusMillis(model.head()), drafts);
    subscriptions.committed(runs);
    groups.committed(runs);
  }

  /** Decides something about a stream. */
  void decide(String stream, StreamChange.Kind kind, UnaryOperator<StreamState> change) {
    StreamHead head = storage.streamHead(new StreamId(stream));
    StreamChange decided =
        new StreamChange(
            kind, new StreamId(stream), head.in(change.apply(head.state())), "", "test");
    write(
        List.of(
            new Draft(
                StreamChange.STREAM,
                new NewEvent(
                    new UUID(3, ++lastId),
                    false,
                    kind.eventType(),
                    decided.toJson(),
                    StreamChange.CONTENT_TYPE,
                    Map.of(),
                    List.of(),
                    null))));
  }

  // ---- groups

  static GroupSettings settings() {
    return GroupSettings.defaults();
  }

  static GroupSource everything() {
    return new GroupSource.OfLog(Query.everything());
  }

  static GroupSource types(String... types) {
    return new GroupSource.OfLog(
        new Query(List.of(new Query.Item(Set.of(types), Set.of(), List.of(), Set.of()))));
  }

  static GroupSource stream(String stream) {
    return new GroupSource.OfStream(new StreamId(stream));
  }

  void create(String name, GroupSource source, GroupSettings settings) {
    create(name, source, new GroupStart.After(0), settings);
  }

  void create(String name, GroupSource source, GroupStart start, GroupSettings settings) {
    assertThat(
            done(
                groups.create(
                    new GroupDefinition(name, source, start, settings, clock().instant()))))
        .isTrue();
  }

  /** Runs everything until a future is there. */
  <T extends @Nullable Object> T done(CompletableFuture<T> future) {
    run();
    assertThat(future).isDone();
    return future.join();
  }

  GroupInfo info(String name) {
    return requireNonNull(this.<@Nullable GroupInfo>done(groups.info(name)));
  }

  List<Parked> parked(String name) {
    return requireNonNull(
            this.<ConsumerGroups.@Nullable ParkedPage>done(
                groups.parked(name, 0, 1_000_000, tasks::add)))
        .events();
  }

  List<Long> parkedPositions(String name) {
    return parked(name).stream().map(Parked::position).toList();
  }

  long replay(String name, Long... positions) {
    return requireNonNull(this.<@Nullable Long>done(groups.replay(name, List.of(positions))));
  }

  long discard(String name, Long... positions) {
    return requireNonNull(this.<@Nullable Long>done(groups.discard(name, List.of(positions))));
  }

  Consumer join(String group, String name, long credit) {
    Consumer consumer = new Consumer(name, credit);
    consumer.membership = groups.join(group, name, credit, consumer);
    assertThat(consumer.membership).isNotNull();
    consumers.add(consumer);
    return consumer;
  }

  /** A delivery as a consumer remembers it. */
  record Got(long position, int retryCount, boolean replayed) {}

  /** A consumer that holds what it was given until a test answers it. */
  final class Consumer implements GroupConsumer {
    final String name;
    final List<Got> got = new ArrayList<>();

    /** What it has not answered. */
    final Map<Long, Got> held = new LinkedHashMap<>();

    final List<Integer> messageBytes = new ArrayList<>();
    long credit;
    boolean ready = true;
    boolean joined;
    boolean over;
    boolean breaks;
    StreamExclusion denied = StreamExclusion.NONE;
    int taken;
    @Nullable End end;
    @Nullable Membership membership;
    java.util.function.Consumer<Got> onDelivery = _ -> {};

    Consumer(String name, long credit) {
      this.name = name;
      this.credit = credit;
    }

    List<Long> positions() {
      return got.stream().map(Got::position).toList();
    }

    private Membership seat() {
      Membership seat = membership;
      if (seat == null) {
        throw new AssertionError("not joined");
      }
      return seat;
    }

    void ack(Long... positions) {
      ack(List.of(positions));
    }

    void ack(Collection<Long> positions) {
      positions.forEach(held::remove);
      seat().ack(List.copyOf(positions));
    }

    void ackAll() {
      ack(List.copyOf(held.keySet()));
    }

    void nack(NackAction action, String reason, Long... positions) {
      List.of(positions).forEach(held::remove);
      seat().nack(List.of(positions), action, reason);
    }

    void allow(long events) {
      credit += events;
      seat().credit(events);
    }

    void leave() {
      over = true;
      seat().leave();
    }

    void beReady() {
      ready = true;
      seat().ready();
    }

    @Override
    public StreamExclusion denied() {
      return denied;
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void joined(String memberId, GroupSettings settings) {
      assertThat(joined).isFalse();
      joined = true;
    }

    @Override
    public void deliver(List<Delivery> events) {
      if (breaks) {
        throw new IllegalStateException("the transport is short of memory");
      }
      try {
        assertThat(joined).as("the confirmation comes first").isTrue();
        assertThat(end).as("nothing comes behind the end").isNull();
        assertThat(ready).isTrue();
        assertThat(events).isNotEmpty();
        int bytes = 0;
        for (Delivery delivery : events) {
          assertThat(--credit).as("credit").isNotNegative();
          Got event =
              new Got(delivery.event().position(), delivery.retryCount(), delivery.replayed());
          assertThat(delivery.event().decode().position().value()).isEqualTo(event.position());
          bytes += delivery.event().length();
          got.add(event);
          held.put(event.position(), event);
          onDelivery.accept(event);
        }
        messageBytes.add(bytes);
      } catch (AssertionError e) {
        violations.add(e);
        throw e;
      }
    }

    @Override
    public void taken() {
      taken++;
    }

    @Override
    public void ended(End how) {
      assertThat(end).isNull();
      end = how;
      over = true;
    }
  }
}
