package io.varve.server.group;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.group.GroupStage.Consumer;
import io.varve.server.group.GroupStage.Got;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One random run of a group, and what must hold in it. */
final class GroupRun {
  private static final String G = "g";
  private static final int STEPS = 250;
  private static final List<NackAction> ACTIONS =
      List.of(NackAction.RETRY, NackAction.PARK, NackAction.SKIP, NackAction.STOP);

  private final Random random;

  /** Whether consumers, disk and server do nothing that makes an event come a second time. */
  private final boolean orderly;

  private final GroupStage stage = new GroupStage(new GroupLimits(2_000));
  private final Predicate<Entry> wanted;
  private final boolean onStream;
  private GroupSettings settings;
  private int crashes;

  private final List<Consumer> live = new ArrayList<>();
  private final List<Long> delivered = new ArrayList<>();

  /** What a consumer has ever said was done, or to be skipped or parked. */
  private final Set<Long> answered = new HashSet<>();

  /** What has been acked or skipped by whoever held it. */
  private final Set<Long> done = new HashSet<>();

  private final Set<Long> everParked = new HashSet<>();
  private final Set<Long> reclaimed = new HashSet<>();
  private final Set<Long> discarded = new HashSet<>();
  private final Set<Long> askedFor = new HashSet<>();

  /** What the store knew to be open when the server was last started; null before that. */
  private @Nullable Progress startedWith;

  private long highestCheckpoint;
  private int lastName;

  GroupRun(Random random, boolean orderly) {
    this.random = random;
    this.orderly = orderly;
    this.settings = randomSettings(null);
    GroupSource source =
        switch (random.nextInt(3)) {
          case 0 -> GroupStage.stream("s-1");
          case 1 -> GroupStage.types("T0", "T1");
          default -> GroupStage.everything();
        };
    this.onStream = source instanceof GroupSource.OfStream;
    this.wanted =
        switch (source) {
          case GroupSource.OfStream(StreamId stream) -> entry -> entry.stream().equals(stream);
          case GroupSource.OfLog(Query query) ->
              entry -> query.matches(entry.stream().value(), entry.type(), entry.tags());
        };
    commit();
    stage.create(G, source, settings);
  }

  private GroupSettings randomSettings(@Nullable GroupStrategy strategy) {
    GroupStrategy[] strategies = GroupStrategy.values();
    return new GroupSettings(
        strategy != null ? strategy : strategies[random.nextInt(strategies.length)],
        orderly ? Duration.ofHours(1) : Duration.ofMillis(100 + random.nextInt(2_000)),
        random.nextInt(4),
        1 + random.nextInt(40),
        1 + random.nextInt(20),
        1 + random.nextInt(20),
        Duration.ofMillis(10 + random.nextInt(1_000)));
  }

  List<Long> deliveries() {
    return delivered;
  }

  // ---- what happens

  void steps() {
    for (int i = 0; i < STEPS; i++) {
      step();
      for (int tasks = random.nextInt(4); tasks > 0 && stage.runOne(random); tasks--) {}
      throwViolations();
      if (i % 10 == 0) {
        check();
      }
    }
    check();
  }

  private void throwViolations() {
    if (!stage.violations.isEmpty()) {
      throw stage.violations.getFirst();
    }
  }

  private void step() {
    switch (random.nextInt(20)) {
      case 0, 1, 2 -> commit();
      case 3 -> join();
      case 4 -> withConsumer(this::leave);
      case 5, 6, 7, 8 -> withConsumer(consumer -> ack(consumer, 1 + random.nextInt(5)));
      case 9 -> withConsumer(consumer -> ack(consumer, 1_000));
      case 10 -> withConsumer(consumer -> consumer.allow(random.nextInt(10)));
      case 11 -> withConsumer(this::turnReadiness);
      case 12, 13 -> stage.tick(Duration.ofMillis(random.nextInt(orderly ? 20 : 200)));
      case 14 -> withConsumer(this::nack);
      case 15 -> update();
      case 16 -> replay();
      case 17 -> failOrMend();
      case 18 -> rarely(8, this::crash);
      default -> rarely(3, this::reclaimOrDiscard);
    }
  }

  private void rarely(int oneIn, Runnable what) {
    if (!orderly && random.nextInt(oneIn) == 0) {
      what.run();
    }
  }

  private void withConsumer(java.util.function.Consumer<Consumer> what) {
    live.removeIf(consumer -> consumer.over);
    if (!live.isEmpty()) {
      what.accept(live.get(random.nextInt(live.size())));
    }
  }

  private void commit() {
    for (int i = random.nextInt(4); i >= 0; i--) {
      stage.commit(
          "s-" + random.nextInt(4),
          "T" + random.nextInt(4),
          1 + random.nextInt(4),
          random.nextInt(10) == 0 ? 3_000 : random.nextInt(200));
    }
  }

  private void join() {
    if (live.size() < 5) {
      Consumer consumer = stage.join(G, "c" + ++lastName, random.nextInt(20));
      consumer.onDelivery = got -> check(consumer, got);
      live.add(consumer);
    }
  }

  private void leave(Consumer consumer) {
    consumer.leave();
    live.remove(consumer);
  }

  private void turnReadiness(Consumer consumer) {
    if (consumer.ready) {
      consumer.ready = false;
    } else {
      consumer.beReady();
    }
  }

  private List<Long> someHeld(Consumer consumer, int atMost) {
    List<Long> held = new ArrayList<>(consumer.held.keySet());
    if (random.nextInt(4) == 0) {
      java.util.Collections.shuffle(held, random);
    }
    return held.subList(0, Math.min(atMost, held.size()));
  }

  private void ack(Consumer consumer, int atMost) {
    List<Long> positions = new ArrayList<>(someHeld(consumer, atMost));
    answered.addAll(positions);
    done.addAll(positions);
    if (random.nextInt(5) == 0) {
      positions.add(random.nextLong(stage.model.head() + 5)); // not its own, or nobody's
      if (consumer.positions().contains(positions.getLast())) {
        answered.add(positions.getLast()); // it was its own once, and counts if it came too late
        done.add(positions.getLast());
      }
    }
    consumer.ack(positions.stream().filter(at -> mayAck(consumer, at)).toList());
  }

  /** Whether the test knows what becomes of this ack: in orderly runs it must. */
  private boolean mayAck(Consumer consumer, long position) {
    return !orderly || done.contains(position) || !consumer.held.containsKey(position);
  }

  private void nack(Consumer consumer) {
    List<Long> positions = someHeld(consumer, 1 + random.nextInt(3));
    NackAction action =
        orderly
            ? NackAction.SKIP
            : ACTIONS.get(random.nextInt(random.nextInt(4) == 0 ? 4 : 3)); // to stop is rare
    if (action == NackAction.SKIP || action == NackAction.PARK) {
      answered.addAll(positions);
    }
    if (action == NackAction.SKIP) {
      done.addAll(positions);
    }
    consumer.nack(action, "because", positions.toArray(Long[]::new));
  }

  private void update() {
    settings = randomSettings(orderly ? settings.strategy() : null);
    var _ = stage.groups.update(G, settings);
  }

  private void replay() {
    if (orderly) {
      return;
    }
    List<Parked> parked = stage.store.parkedAfter(1, 0, 1_000);
    if (random.nextBoolean()) {
      for (long position = 1; position <= stage.model.head(); position++) {
        askedFor.add(position); // whatever is parked when it is taken in
      }
      var _ = stage.groups.replay(G, List.of());
    } else if (!parked.isEmpty()) {
      long position = parked.get(random.nextInt(parked.size())).position();
      askedFor.add(position);
      var _ = stage.groups.replay(G, List.of(position));
    }
  }

  private void failOrMend() {
    MemoryGroupStore.Fault[] faults = MemoryGroupStore.Fault.values();
    stage.store.fault =
        random.nextInt(3) == 0
            ? faults[random.nextInt(faults.length)]
            : MemoryGroupStore.Fault.NONE;
  }

  private void crash() {
    crashes++;
    stage.crash();
    live.clear();
    startedWith = requireNonNull(stage.store.group(1)).progress();
    highestCheckpoint = 0;
  }

  private void reclaimOrDiscard() {
    if (random.nextBoolean() && !onStream) {
      long position = 1 + random.nextLong(stage.model.head());
      stage.storage.forget(position);
      reclaimed.add(position);
      return;
    }
    List<Parked> parked = stage.store.parkedAfter(1, 0, 1_000);
    if (!parked.isEmpty()) {
      long position = parked.get(random.nextInt(parked.size())).position();
      discarded.add(position);
      var _ = stage.groups.discard(G, List.of(position));
    }
  }

  // ---- what must hold

  private Entry entry(long position) {
    return stage.model.entries().get((int) position - 1);
  }

  /** At each delivery. */
  private void check(Consumer consumer, Got got) {
    long position = got.position();
    delivered.add(position);
    assertThat(wanted.test(entry(position))).as("event %d is wanted", position).isTrue();
    if (got.replayed()) {
      assertThat(askedFor).as("replayed").contains(position);
      return;
    }
    long place = onStream ? entry(position).version() : position;
    assertThat(place)
        .as("event %d lies behind the checkpoint that was told", position)
        .isGreaterThan(highestCheckpoint);
    Progress known = startedWith;
    if (known != null && position <= known.position()) {
      assertThat(known.open())
          .as("event %d, which was done when the server was started", position)
          .extracting(Progress.Open::position)
          .contains(position);
    }
    if (orderly && !consumer.over) {
      checkOrder(consumer, position);
    }
  }

  private void checkOrder(Consumer consumer, long position) {
    assertThat(done).as("delivered though it is done").doesNotContain(position);
    for (Consumer other : live) {
      if (other != consumer && !other.over) {
        assertThat(other.held).as("held by two").doesNotContainKey(position);
      }
    }
    if (settings.strategy() != GroupStrategy.PINNED) {
      return;
    }
    Entry event = entry(position);
    for (Entry before : stage.model.entries().subList(0, (int) position - 1)) {
      if (before.stream().equals(event.stream()) && wanted.test(before)) {
        assertThat(done.contains(before.position()) || consumer.held.containsKey(before.position()))
            .as(
                "event %d of stream %s came while event %d was open and with somebody else",
                position, event.stream(), before.position())
            .isTrue();
      }
    }
  }

  /** Now and then, with nothing under way. */
  private void check() {
    stage.run();
    throwViolations();
    GroupInfo info = stage.info(G);
    highestCheckpoint = Math.max(highestCheckpoint, info.checkpoint());
    assertThat(info.checkpoint()).as("the checkpoint falls").isEqualTo(highestCheckpoint);
    assertThat(info.inFlight()).isLessThanOrEqualTo(40);
    assertThat(stage.groups.heldBytes()).isBetween(0L, 2_000L);
    if (stage.store.fault != MemoryGroupStore.Fault.NONE) {
      return;
    }
    stage.pass(Duration.ofMillis(1_100)); // what could not be stored is tried again
    throwViolations();
    List<Parked> parked = stage.parked(G);
    everParked.addAll(parked.stream().map(Parked::position).toList());
    info = stage.info(G);
    assertThat(info.parked()).as("parked").isEqualTo(parked.size());
    long replayUpTo = requireNonNull(stage.store.group(1)).progress().replayUpTo();
    assertThat(info.replaying())
        .as("replaying")
        .isEqualTo(parked.stream().filter(event -> event.sequence() <= replayUpTo).count());
    long checkpoint = info.checkpoint();
    for (Entry entry : stage.model.entries()) {
      long place = onStream ? entry.version() : entry.position();
      if (wanted.test(entry) && place <= checkpoint) {
        assertThat(isSettled(entry.position()))
            .as("the checkpoint %d is ahead of event %d", checkpoint, entry.position())
            .isTrue();
      }
    }
  }

  private boolean isSettled(long position) {
    return answered.contains(position)
        || everParked.contains(position)
        || reclaimed.contains(position)
        || discarded.contains(position);
  }

  /** Everything is mended, and one consumer does what is left. */
  void toItsEnd() {
    stage.store.fault = MemoryGroupStore.Fault.NONE;
    List.copyOf(live).forEach(this::leave);
    stage.pass(Duration.ofSeconds(2));
    Consumer last = finisher();
    assertThat(stage.info(G).problem()).isEmpty();
    List<Long> parked = stage.parkedPositions(G);
    assertThat(parked).doesNotHaveDuplicates();
    everParked.addAll(parked);
    for (Entry entry : stage.model.entries()) {
      if (wanted.test(entry)) {
        assertThat(
                done.contains(entry.position())
                    || parked.contains(entry.position())
                    || reclaimed.contains(entry.position())
                    || discarded.contains(entry.position()))
            .as("event %d is neither done nor parked", entry.position())
            .isTrue();
      }
    }
    GroupInfo info = stage.info(G);
    assertThat(info.lag()).as("lag").isZero();
    assertThat(info.inFlight()).as("in flight").isZero();
    assertThat(info.replaying()).as("replaying").isZero();
    assertThat(info.checkpoint())
        .as("checkpoint")
        .isEqualTo(onStream ? stage.model.stream(new StreamId("s-1")).size() : stage.model.head());
    last.leave();

    askedFor.addAll(parked);
    stage.replay(G);
    Consumer again = finisher();
    assertThat(again.positions())
        .as("each parked event once")
        .containsExactlyInAnyOrderElementsOf(
            parked.stream().filter(position -> !reclaimed.contains(position)).toList());
    assertThat(stage.info(G).parked()).isZero();
    stage.restart();
    assertThat(stage.info(G).lag()).isZero();
    assertThat(stage.info(G).parked()).isZero();
  }

  /** A consumer that has done everything that there was. */
  private Consumer finisher() {
    Consumer consumer = stage.join(G, "finisher", 1_000_000);
    consumer.onDelivery = got -> check(consumer, got);
    stage.pass(Duration.ofMillis(100));
    for (int idle = 0; idle < 60; ) {
      List<Long> held = List.copyOf(consumer.held.keySet());
      answered.addAll(held);
      done.addAll(held);
      consumer.ackAll();
      idle = held.isEmpty() ? idle + 1 : 0;
      stage.pass(Duration.ofMillis(100)); // retries wait up to 5 s
      throwViolations();
    }
    return consumer;
  }

  @Override
  public String toString() {
    return "%d crashes, %d delivered, %s".formatted(crashes, delivered.size(), settings);
  }
}
