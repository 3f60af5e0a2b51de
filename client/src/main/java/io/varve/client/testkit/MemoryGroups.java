package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.subscription.SubscriptionThread;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The consumer groups of a store in memory. Everything happens under the lock of the log, so each
 * call sees what all earlier ones, and the time, have brought about.
 */
final class MemoryGroups implements ConsumerGroups {

  private final MemoryLog log;
  private final Clock clock;
  private final Runnable requireOpen;
  private final Set<SubscriptionThread> open = ConcurrentHashMap.newKeySet();

  // Guarded by the log's lock.
  private final NavigableMap<String, MemoryGroup> groups = new TreeMap<>(MemoryLog.BYTE_ORDER);

  MemoryGroups(MemoryLog log, Clock clock, Runnable requireOpen) {
    this.log = log;
    this.clock = clock;
    this.requireOpen = requireOpen;
  }

  @Override
  public void create(ConsumerGroup group) {
    requireOpen.run();
    RequestRules.checkGroup(group);
    MemoryGroup unused =
        log.locked(
            () -> {
              if (groups.containsKey(group.name())) {
                throw new GroupExistsException(
                    "group \"" + group.name() + "\" exists already", group.name(), null);
              }
              MemoryGroup created = new MemoryGroup(group, log, clock);
              groups.put(group.name(), created);
              return created;
            });
  }

  @Override
  public void update(String group, ConsumerGroupSettings settings) {
    requireOpen.run();
    RequestRules.checkGroupName("name", group);
    RequestRules.checkSettings("settings", settings);
    boolean unused =
        of(
            group,
            found -> {
              found.update(settings);
              return true;
            });
  }

  @Override
  public void delete(String group) {
    requireOpen.run();
    RequestRules.checkGroupName("name", group);
    boolean unused =
        of(
            group,
            found -> {
              groups.remove(group);
              found.endAll(() -> notFound(group));
              return true;
            });
  }

  @Override
  public Optional<ConsumerGroupInfo> get(String group) {
    requireOpen.run();
    RequestRules.checkGroupName("name", group);
    return log.locked(() -> Optional.ofNullable(groups.get(group)).map(MemoryGroup::info));
  }

  @Override
  public Stream<ConsumerGroupInfo> list() {
    requireOpen.run();
    return log.locked(() -> groups.values().stream().map(MemoryGroup::info).toList()).stream();
  }

  @Override
  public Stream<ParkedEvent> listParked(String group) {
    requireOpen.run();
    RequestRules.checkGroupName("group", group);
    return of(group, MemoryGroup::listParked).stream();
  }

  @Override
  public long replayParked(String group) {
    requireOpen.run();
    RequestRules.checkGroupName("group", group);
    return of(group, found -> found.replay(found.parkedPositions()));
  }

  @Override
  public long replayParked(String group, Collection<Long> positions) {
    requireOpen.run();
    checkSome(group, positions);
    return of(group, found -> found.replay(positions));
  }

  @Override
  public long discardParked(String group) {
    requireOpen.run();
    RequestRules.checkGroupName("group", group);
    return of(group, found -> found.discard(found.parkedPositions()));
  }

  @Override
  public long discardParked(String group, Collection<Long> positions) {
    requireOpen.run();
    checkSome(group, positions);
    return of(group, found -> found.discard(positions));
  }

  private static void checkSome(String group, Collection<Long> positions) {
    if (positions.isEmpty()) {
      throw new IllegalArgumentException("positions must not be empty");
    }
    RequestRules.checkGroupName("group", group);
    RequestRules.checkPositions("positions", positions);
  }

  @Override
  public GroupConsumer consume(JoinGroup request, ConsumerListener listener) {
    requireNonNull(listener);
    requireOpen.run();
    RequestRules.checkJoin(request);
    MemoryConsumer consumer =
        of(
            request.group(),
            group -> {
              MemoryConsumer joining =
                  new MemoryConsumer(group, log, clock, request, listener, open);
              group.join(joining);
              return joining;
            });
    consumer.start();
    return consumer;
  }

  /** The consumers that are connected. */
  List<SubscriptionThread> open() {
    return List.copyOf(open);
  }

  /** Asks or changes a group that must be there; whoever waits looks again. */
  private <T> T of(String name, Function<MemoryGroup, T> step) {
    return log.locked(
        () -> {
          MemoryGroup group = groups.get(name);
          if (group == null) {
            throw notFound(name);
          }
          T result = step.apply(group);
          log.wakeAll();
          return result;
        });
  }

  private static GroupNotFoundException notFound(String group) {
    return new GroupNotFoundException("there is no group \"" + group + "\"", group, null);
  }
}
