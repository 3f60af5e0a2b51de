package io.varve.client.testkit;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroupSource;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionStart;
import io.varve.client.streams.VarveException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One consumer group in memory: a position up to which the log has been read, the events before it
 * that are unanswered, and those that are parked. Guarded by the lock of its {@link MemoryLog}.
 */
final class MemoryGroup {

  /** An event that the group holds until it is answered. */
  private static final class Held {
    final RecordedEvent event;
    final boolean replayed;
    int failures;
    boolean first;
    @Nullable MemoryConsumer holder;
    Instant dueAt = Instant.MAX;

    Held(RecordedEvent event, boolean replayed) {
      this.event = event;
      this.replayed = replayed;
    }
  }

  private record Parked(
      RecordedEvent event, String reason, Instant at, int retryCount, boolean replaying) {}

  private final MemoryLog log;
  private final Clock clock;
  private final Instant createdAt;
  private final long startAfter;
  private final NavigableMap<Long, Held> held = new TreeMap<>();
  private final NavigableMap<Long, Parked> parked = new TreeMap<>();
  private final List<MemoryConsumer> consumers = new ArrayList<>();
  private final Map<String, MemoryConsumer> pins = new HashMap<>();
  private final RateMeter deliveries;
  private final RateMeter acks;
  private ConsumerGroup group;
  private ConsumerGroupInfo.@Nullable Stop stop;

  /** The log has been read up to here. */
  private long reached;

  /** The same in the places of the source. */
  private long reachedPlace;

  /** Whose turn it was last. */
  private @Nullable MemoryConsumer lastServed;

  MemoryGroup(ConsumerGroup group, MemoryLog log, Clock clock) {
    this.log = log;
    this.clock = clock;
    this.createdAt = clock.instant();
    this.deliveries = new RateMeter(clock);
    this.acks = new RateMeter(clock);
    this.startAfter =
        switch (group.start()) {
          case SubscriptionStart.FromStart fromStart -> 0;
          case SubscriptionStart.After after -> after.place();
          case SubscriptionStart.FromNow now -> end(group.source(), log);
        };
    this.group = group;
    this.reachedPlace = startAfter;
    // Versions say nothing about positions, so a start after a version looks through the whole log.
    this.reached =
        group.source() instanceof ConsumerGroupSource.OfLog
            ? Math.min(startAfter, log.headPosition())
            : 0;
  }

  private static long end(ConsumerGroupSource source, MemoryLog log) {
    return switch (source) {
      case ConsumerGroupSource.OfLog of -> log.headPosition();
      case ConsumerGroupSource.OfStream of -> log.version(of.stream());
    };
  }

  ConsumerGroupSettings settings() {
    return group.settings();
  }

  void update(ConsumerGroupSettings settings) {
    pump();
    if (settings.strategy() != settings().strategy()) {
      pins.clear();
    }
    group = group.settings(settings);
  }

  // ---- what an event is to the group

  private boolean isWanted(RecordedEvent event) {
    return place(event) > startAfter
        && switch (group.source()) {
          case ConsumerGroupSource.OfLog of -> of.query().matches(event);
          case ConsumerGroupSource.OfStream of ->
              event.stream().equals(of.stream()) && log.isKept(event);
        };
  }

  /** An event's place in the numbers of the source. */
  private long place(RecordedEvent event) {
    return group.source() instanceof ConsumerGroupSource.OfLog
        ? event.position()
        : event.stream().equals(stream()) ? event.version() : Long.MAX_VALUE;
  }

  private String stream() {
    return group.source() instanceof ConsumerGroupSource.OfStream of ? of.stream() : "";
  }

  // ---- the flow of events

  /** Does what time, new events, answers and credit allow. */
  void pump() {
    timeOut();
    if (!consumers.isEmpty()) {
      readAhead();
      handOut();
    }
  }

  private void timeOut() {
    Instant now = clock.instant();
    for (Held event : List.copyOf(held.values())) {
      MemoryConsumer holder = event.holder;
      if (holder != null && !event.dueAt.isAfter(now)) {
        takeBack(event);
        holder.lapsed.add(event.event.position());
        fail(event, "not answered within " + settings().ackTimeout());
      }
    }
  }

  /** Whether time alone may change something. */
  boolean isAwaitingAnswers() {
    return held.values().stream().anyMatch(event -> event.holder != null);
  }

  private void readAhead() {
    for (Map.Entry<Long, Parked> entry : parked.entrySet()) {
      if (held.size() < settings().bufferSize() && entry.getValue().replaying()) {
        Held unused =
            held.computeIfAbsent(
                entry.getKey(), position -> new Held(entry.getValue().event(), true));
      }
    }
    for (RecordedEvent event : log.after(reached)) {
      if (held.size() >= settings().bufferSize()) {
        return;
      }
      if (isWanted(event)) {
        held.put(event.position(), new Held(event, false));
      }
      pass(event);
    }
  }

  private void pass(RecordedEvent event) {
    reached = event.position();
    long place = place(event);
    reachedPlace = place == Long.MAX_VALUE ? reachedPlace : Math.max(reachedPlace, place);
  }

  /** What somebody has stopped at comes first, then by position. */
  private void handOut() {
    List<Held> waiting =
        new ArrayList<>(held.values().stream().filter(event -> event.holder == null).toList());
    waiting.sort(Comparator.comparing((Held event) -> !event.first));
    for (Held event : waiting) {
      if (!event.replayed && !stream().isEmpty() && !log.isKept(event.event)) {
        held.remove(event.event.position()); // hidden since it was read
        continue;
      }
      MemoryConsumer consumer = consumerFor(event.event);
      if (consumer != null) {
        event.holder = consumer;
        event.first = false;
        event.dueAt = clock.instant().plus(settings().ackTimeout());
        deliveries.add(1);
        consumer.give(new DeliveredEvent(event.event, event.failures, event.replayed));
      }
    }
  }

  /** Who gets an event now; null: nobody can take it. */
  private @Nullable MemoryConsumer consumerFor(RecordedEvent event) {
    return switch (settings().strategy()) {
      case SINGLE -> ifRoom(consumers.getFirst());
      case ROUND_ROBIN -> nextInTurn();
      case PINNED -> {
        MemoryConsumer pinned = pins.get(event.stream());
        if (pinned == null) {
          pinned = leastPinned();
          if (pinned != null) {
            pins.put(event.stream(), pinned);
          }
        }
        yield pinned == null ? null : ifRoom(pinned);
      }
    };
  }

  private @Nullable MemoryConsumer ifRoom(MemoryConsumer consumer) {
    return consumer.hasRoom(settings().maxInFlight()) ? consumer : null;
  }

  private @Nullable MemoryConsumer nextInTurn() {
    int last = lastServed == null ? -1 : consumers.indexOf(lastServed);
    for (int i = 1; i <= consumers.size(); i++) {
      MemoryConsumer next = consumers.get((last + i) % consumers.size());
      if (next.hasRoom(settings().maxInFlight())) {
        lastServed = next;
        return next;
      }
    }
    return null;
  }

  private @Nullable MemoryConsumer leastPinned() {
    return consumers.stream()
        .filter(consumer -> consumer.hasRoom(settings().maxInFlight()))
        .min(
            Comparator.comparingLong(
                consumer ->
                    pins.values().stream().filter(pinned -> pinned.equals(consumer)).count()))
        .orElse(null);
  }

  // ---- answers

  /** Returns how many counted. */
  int ack(MemoryConsumer consumer, List<Long> positions) {
    int counted = 0;
    for (long position : positions) {
      Held event = held.get(position);
      if (event != null && (consumer.equals(event.holder) || consumer.lapsed.contains(position))) {
        done(event);
        counted++;
      }
    }
    acks.add(counted);
    return counted;
  }

  void nack(MemoryConsumer consumer, List<Long> positions, NackAction action, String reason) {
    List<Held> its = new ArrayList<>();
    for (long position : positions) {
      Held event = held.get(position);
      if (event != null && consumer.equals(event.holder) && !its.contains(event)) {
        its.add(event);
      }
    }
    if (its.isEmpty()) {
      return;
    }
    switch (action) {
      case RETRY -> its.forEach(event -> fail(takeBack(event), reason));
      case PARK -> its.forEach(event -> park(takeBack(event), reason));
      case SKIP -> its.forEach(this::done);
      case STOP -> {
        its.forEach(event -> takeBack(event).first = true);
        stop(
            consumer.name,
            reason,
            its.stream().mapToLong(event -> event.event.position()).min().orElseThrow());
      }
    }
  }

  /** From whoever holds it. */
  private Held takeBack(Held event) {
    MemoryConsumer holder = event.holder;
    if (holder != null) {
      holder.holds.remove(event.event.position());
    }
    event.holder = null;
    event.dueAt = Instant.MAX;
    return event;
  }

  private void fail(Held event, String reason) {
    if (event.failures >= settings().maxRetries()) {
      park(event, reason.isEmpty() ? "failed without a reason" : reason);
    } else {
      event.failures++;
    }
  }

  private void park(Held event, String reason) {
    forget(event);
    parked.put(
        event.event.position(),
        new Parked(event.event, reason, clock.instant(), event.failures, false));
  }

  private void done(Held event) {
    takeBack(event);
    forget(event);
    if (event.replayed) {
      parked.remove(event.event.position());
    }
  }

  private void forget(Held event) {
    held.remove(event.event.position());
    consumers.forEach(consumer -> consumer.lapsed.remove(event.event.position()));
  }

  // ---- consumers

  void join(MemoryConsumer consumer) {
    pump();
    stop = null;
    consumers.add(consumer);
    pump();
  }

  /** What it held goes to others, and that is no failure. */
  void leave(MemoryConsumer consumer) {
    pump();
    held.values().stream().filter(event -> consumer.equals(event.holder)).forEach(this::takeBack);
    consumers.remove(consumer);
    pins.values().removeIf(consumer::equals);
    pump();
  }

  private void stop(String consumer, String reason, long position) {
    stop = new ConsumerGroupInfo.Stop(consumer, reason, clock.instant(), position);
    endAll(
        () ->
            new GroupStoppedException(
                "group \""
                    + group.name()
                    + "\" was stopped by consumer \""
                    + consumer
                    + "\" at position "
                    + position
                    + ": "
                    + reason,
                group.name(),
                consumer,
                position,
                null));
  }

  /** Ends all consumers. */
  void endAll(Supplier<? extends VarveException> cause) {
    held.values().forEach(this::takeBack);
    consumers.forEach(consumer -> consumer.end(cause.get()));
    consumers.clear();
    pins.clear();
  }

  // ---- parked events

  List<Long> parkedPositions() {
    return List.copyOf(parked.keySet());
  }

  List<ParkedEvent> listParked() {
    pump();
    return parked.values().stream()
        .map(
            found ->
                new ParkedEvent(
                    found.event().stream(),
                    found.event().version(),
                    found.event().position(),
                    log.isKept(found.event()) ? found.event() : null,
                    found.reason(),
                    found.at(),
                    found.retryCount(),
                    found.replaying()))
        .toList();
  }

  long replay(Collection<Long> positions) {
    pump();
    long count = 0;
    for (long position : positions) {
      Parked found = parked.get(position);
      if (found != null && !found.replaying()) {
        parked.put(
            position,
            new Parked(found.event(), found.reason(), found.at(), found.retryCount(), true));
        count++;
      }
    }
    pump();
    return count;
  }

  long discard(Collection<Long> positions) {
    pump();
    long count = 0;
    for (long position : positions) {
      if (parked.remove(position) != null) {
        Held replayed = held.get(position);
        if (replayed != null) {
          forget(takeBack(replayed));
        }
        count++;
      }
    }
    pump();
    return count;
  }

  // ---- how it stands

  ConsumerGroupInfo info() {
    pump();
    List<Held> own = held.values().stream().filter(event -> !event.replayed).toList();
    long unread = log.after(reached).stream().filter(this::isWanted).count();
    long replaying = parked.values().stream().filter(Parked::replaying).count();
    long inFlight = held.values().stream().filter(event -> event.holder != null).count();
    long retrying =
        held.values().stream().filter(event -> event.holder == null && event.failures > 0).count();
    return new ConsumerGroupInfo(
        group,
        own.isEmpty() ? reachedPlace : place(own.getFirst().event) - 1,
        own.size() + unread,
        (int) inFlight,
        (int) retrying,
        parked.size(),
        replaying,
        deliveries.perSecond(),
        acks.perSecond(),
        consumers.stream().map(MemoryConsumer::info).toList(),
        createdAt,
        stop,
        null);
  }
}
