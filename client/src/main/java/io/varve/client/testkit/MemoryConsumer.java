package io.varve.client.testkit;

import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerInfo;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.VarveException;
import io.varve.client.subscription.SubscriptionThread;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A consumer of a group in memory, and the thread that calls its listener. */
final class MemoryConsumer implements GroupConsumer, SubscriptionThread.Work {

  private static final int MOST_CREDIT = 1_000_000;

  /** A clock that a test moves wakes nobody, so whoever waits looks at it this often. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

  /** Nothing but a change can bring anything. */
  private static final Duration LONG = Duration.ofSeconds(5);

  private static final AtomicInteger CONSUMERS = new AtomicInteger();

  private final String id = UUID.randomUUID().toString();
  private final MemoryGroup group;
  private final MemoryLog log;
  private final ConsumerListener listener;
  private final ConsumerGroupSettings settings;
  private final Set<SubscriptionThread> open;
  private final SubscriptionThread thread;
  final String name;
  private final Instant connectedAt;
  private final RateMeter deliveries;
  private final RateMeter acks;

  // Guarded by the log's lock.
  private final Queue<DeliveredEvent> deliver = new ArrayDeque<>();
  final Set<Long> holds = new HashSet<>();

  /** Timed out while this consumer held them, and not done yet. */
  final Set<Long> lapsed = new HashSet<>();

  private int credit;
  private boolean left;
  private @Nullable VarveException end;

  MemoryConsumer(
      MemoryGroup group,
      MemoryLog log,
      Clock clock,
      JoinGroup request,
      ConsumerListener listener,
      Set<SubscriptionThread> open) {
    this.group = group;
    this.log = log;
    this.listener = listener;
    this.settings = group.settings();
    this.open = open;
    this.name = request.consumer();
    this.credit = Math.min(request.credit(), MOST_CREDIT);
    this.connectedAt = clock.instant();
    this.deliveries = new RateMeter(clock);
    this.acks = new RateMeter(clock);
    this.thread =
        new SubscriptionThread(
            "varve-memory-consumer-" + CONSUMERS.incrementAndGet(),
            this,
            listener::onClosed,
            open::remove);
  }

  void start() {
    open.add(thread);
    thread.start(LONG);
  }

  // ---- what its group does with it, under the log's lock

  boolean hasRoom(int maxInFlight) {
    return credit > 0 && holds.size() < maxInFlight;
  }

  void give(DeliveredEvent event) {
    credit--;
    holds.add(event.position());
    deliver.add(event);
    deliveries.add(1);
  }

  void end(VarveException cause) {
    end = cause;
    left = true;
  }

  ConsumerInfo info() {
    return new ConsumerInfo(
        name, holds.size(), credit, deliveries.perSecond(), acks.perSecond(), connectedAt);
  }

  // ---- its thread

  @Override
  public void run(Runnable started) throws Exception {
    started.run();
    try {
      DeliveredEvent next = take();
      while (next != null) {
        listener.onEvent(next, this);
        next = take();
      }
    } finally {
      stop();
    }
  }

  /** Waits for the next event; null: the consumer has left. */
  private @Nullable DeliveredEvent take() throws InterruptedException {
    return log.await(this::poll, () -> group.isAwaitingAnswers() ? LOOK_AGAIN : LONG, () -> left);
  }

  private @Nullable DeliveredEvent poll() {
    group.pump();
    if (end != null) {
      throw end;
    }
    return left ? null : deliver.poll();
  }

  @Override
  public void stop() {
    boolean unused =
        log.locked(
            () -> {
              if (!left) {
                left = true;
                group.leave(this);
                log.wakeAll();
              }
              return true;
            });
  }

  // ---- its caller

  @Override
  public String id() {
    return id;
  }

  @Override
  public ConsumerGroupSettings settings() {
    return settings;
  }

  @Override
  public void credit(int events) {
    if (events < 1) {
      throw new IllegalArgumentException("credit must be >= 1, was " + events);
    }
    say(() -> credit = (int) Math.min((long) credit + events, MOST_CREDIT));
  }

  @Override
  public void ack(Collection<Long> positions) {
    List<Long> copy = List.copyOf(positions);
    say(
        () -> {
          RequestRules.checkPositions("ack.positions", copy);
          acks.add(group.ack(this, copy));
        });
  }

  @Override
  public void nack(Collection<Long> positions, NackAction action, String reason) {
    List<Long> copy = List.copyOf(positions);
    say(
        () -> {
          RequestRules.checkNack(copy, reason);
          group.nack(this, copy, action, reason);
        });
  }

  /** As over the wire: what is wrong with what is said ends the consumer. */
  private void say(Runnable what) {
    boolean unused =
        log.locked(
            () -> {
              group.pump();
              if (!left) {
                try {
                  what.run();
                } catch (InvalidRequestException e) {
                  group.leave(this);
                  end(e);
                }
                group.pump();
                log.wakeAll();
              }
              return true;
            });
  }

  @Override
  public CompletableFuture<Void> closed() {
    return thread.closed();
  }

  @Override
  public void close() {
    thread.close();
  }

  @Override
  public String toString() {
    return thread.toString();
  }
}
