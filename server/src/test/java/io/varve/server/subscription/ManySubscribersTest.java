package io.varve.server.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.fixture.Pages;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventPage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Subscriptions on the threads that they have in the server. */
class ManySubscribersTest {
  private static final int EVENTS = 12_000;

  @Test
  void sixty_four_subscribers_under_a_fast_writer_each_get_everything_once_and_in_order() {
    MemoryEventStorage storage = new MemoryEventStorage();
    LogModel model = new LogModel();
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(3);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor()) {
      Subscriptions subscriptions =
          new Subscriptions(
              storage,
              new EventReader(storage, 4_000, InstantSource.system()),
              new SubscriptionSettings(200_000, 4_000, 500, Duration.ofSeconds(5)),
              threads,
              timer,
              System::nanoTime);
      List<Member> members = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        members.add(join(subscriptions, i));
      }
      Thread network = Thread.ofPlatform().start(() -> drain(members, over));

      Random random = new Random(1);
      while (model.head() < EVENTS) {
        List<Draft> drafts = new ArrayList<>();
        for (int i = 1 + random.nextInt(30); i > 0; i--) {
          long id = model.head() * 100 + i;
          drafts.add(
              Stage.draft(
                  "s-" + random.nextInt(8), "T" + random.nextInt(4), id, random.nextInt(100)));
        }
        subscriptions.committed(model.commit(storage, Instant.EPOCH, drafts));
      }

      for (Member member : members) {
        List<Long> expected =
            model.entries().stream().filter(member.wanted).map(Entry::position).toList();
        Awaitility.await()
            .atMost(Duration.ofSeconds(40))
            .until(() -> member.delivered.size() >= expected.size());
        assertThat(new ArrayList<>(member.delivered)).isEqualTo(expected);
        assertThat(member.twiceAtOnce).isFalse();
      }
      over.set(true);
      network.interrupt();
      subscriptions.close();
      timer.shutdownNow();
    }
  }

  private static Member join(Subscriptions subscriptions, int i) {
    StreamId stream = new StreamId("s-" + i % 8);
    SubscriptionStart fromStart = new SubscriptionStart.After(0);
    // Every third takes messages one by one, as slowly as the network's thread comes round.
    boolean slow = i % 3 == 0;
    return switch (i % 4) {
      case 0 ->
          new Member(slow, _ -> true).joins(subscriptions::toLog, Query.everything(), fromStart);
      case 1 ->
          new Member(slow, entry -> entry.type().equals("T1"))
              .joins(subscriptions::toLog, Stage.types("T1"), fromStart);
      default ->
          new Member(slow, entry -> entry.stream().equals(stream))
              .joins(subscriptions::toStream, stream, fromStart);
    };
  }

  /** Makes room for slow subscribers again and again, as a network does. */
  private static void drain(List<Member> members, AtomicBoolean over) {
    while (!over.get()) {
      for (Member member : members) {
        if (member.slow && member.room.get() == 0) {
          member.room.set(2);
          member.signal();
        }
      }
      Thread.onSpinWait();
    }
  }

  /** How a subscription is opened. */
  private interface Opening<T> {
    Subscription open(T what, SubscriptionStart start, Subscriber subscriber);
  }

  private static final class Member implements Subscriber {
    private final boolean slow;
    private final Predicate<Entry> wanted;
    private final AtomicLong room = new AtomicLong(2);
    private final Queue<Long> delivered = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean inside = new AtomicBoolean();
    private volatile boolean twiceAtOnce;
    private volatile @Nullable Subscription subscription;

    Member(boolean slow, Predicate<Entry> wanted) {
      this.slow = slow;
      this.wanted = wanted;
    }

    <T> Member joins(Opening<T> opening, T what, SubscriptionStart start) {
      subscription = opening.open(what, start, this);
      signal();
      return this;
    }

    private void signal() {
      Subscription open = subscription;
      if (open != null) {
        open.signal();
      }
    }

    private void takes(Runnable message) {
      if (!inside.compareAndSet(false, true)) {
        twiceAtOnce = true;
      }
      message.run();
      if (slow) {
        room.decrementAndGet();
      }
      inside.set(false);
    }

    @Override
    public boolean isReady() {
      return !slow || room.get() > 0;
    }

    @Override
    public void confirmed(String subscriptionId, long after) {
      takes(() -> {});
    }

    @Override
    public void events(EventPage page) {
      takes(() -> delivered.addAll(Pages.positions(page)));
    }

    @Override
    public void caughtUp(long position) {
      takes(() -> {});
    }

    @Override
    public void fellBehind(long position) {
      takes(() -> {});
    }

    @Override
    public void checkpoint(long position) {
      takes(() -> {});
    }

    @Override
    public void stopping() {}

    @Override
    public void failed(RuntimeException cause) {
      throw new AssertionError(cause);
    }
  }
}
