package io.varve.client.eventsourcing.cache;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.projection.AccountEvent;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.testkit.InMemoryEventStore;
import java.lang.Thread.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cache forgets what an event has changed, and keeps nothing that is older than that. */
class ReadCacheTest {

  private static final String ACCOUNT = "account-1";

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final Map<String, String> rows = new ConcurrentHashMap<>(Map.of(ACCOUNT, "old"));
  private final AtomicLong rowsAt = new AtomicLong();
  private final AtomicReference<Instant> time = new AtomicReference<>(Instant.EPOCH);
  private ReadCache<String, String> cache;

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1));
  }

  @BeforeEach
  void start() {
    rowsAt.set(append(store, "1", new Opened("Ada")).position());
    cache =
        ReadCache.<String, String>loading(key -> requireNonNull(rows.get(key)))
            .invalidateOn(AccountEvent.TYPES, AccountEvent.class, event -> event.stream())
            .timeToLive(Duration.ofMinutes(1))
            .clock(time::get)
            .start(store, rowsAt::get);
    await().until(cache::isFollowing);
  }

  @AfterEach
  void close() {
    cache.close();
    store.close();
  }

  private static void awaitOrFail(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private AppendResult heardDeposit() {
    AppendResult result = append(store, "1", new Deposited(1));
    await().until(() -> cache.heard() >= result.position());
    return result;
  }

  @Test
  void an_answer_is_loaded_once_until_an_event_or_time_makes_it_wrong() {
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    rows.put(ACCOUNT, "new");
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    assertThat(cache.statistics()).isEqualTo(new ReadCache.Statistics(1, 1, 0, 0, 1));

    time.updateAndGet(now -> now.plus(Duration.ofMinutes(1)));
    assertThat(cache.get(ACCOUNT)).isEqualTo("new");

    rows.put(ACCOUNT, "newest");
    rowsAt.set(heardDeposit().position());
    assertThat(cache.get(ACCOUNT)).isEqualTo("newest");
    assertThat(cache.statistics().invalidations()).isEqualTo(1);
  }

  @Test
  void an_event_of_another_key_leaves_an_answer_alone() {
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    AppendResult other = append(store, "2", new Opened("Ben"));
    await().until(() -> cache.heard() >= other.position());
    rows.put(ACCOUNT, "new");
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
  }

  @Test
  void what_is_loaded_before_the_rows_have_the_event_is_not_kept() {
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    AppendResult deposit = heardDeposit();

    assertThat(cache.get(ACCOUNT)).as("the rows do not have it yet").isEqualTo("old");
    rows.put(ACCOUNT, "new");
    rowsAt.set(deposit.position());

    assertThat(cache.get(ACCOUNT)).isEqualTo("new");
    assertThat(cache.get(ACCOUNT)).isEqualTo("new");
    assertThat(cache.statistics().notKept()).isEqualTo(1);
    assertThat(cache.statistics().hits()).isEqualTo(1);
  }

  @Test
  void who_has_just_written_gets_no_answer_from_before() {
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    rows.put(ACCOUNT, "new");
    long ahead = rowsAt.get() + 1; // in the rows, and not heard of here
    rowsAt.set(ahead);
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    assertThat(cache.get(ACCOUNT, ahead)).isEqualTo("new");
    assertThat(cache.get(ACCOUNT, ahead)).isEqualTo("new");
    assertThat(cache.statistics().loads()).isEqualTo(2);
  }

  @Test
  void who_has_just_written_gets_no_answer_that_somebody_began_to_load_before() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Function<String, String> slowAtFirst =
        key -> {
          String value = requireNonNull(rows.get(key));
          begun.countDown();
          awaitOrFail(goOn);
          return value;
        };
    try (ReadCache<String, String> slow =
            ReadCache.loading(slowAtFirst)
                .invalidateOn(AccountEvent.TYPES, AccountEvent.class, event -> event.stream())
                .start(store, rowsAt::get);
        ExecutorService readers = Executors.newFixedThreadPool(2)) {
      await().until(slow::isFollowing);
      Future<String> early = readers.submit(() -> slow.get(ACCOUNT));
      begun.await();
      rows.put(ACCOUNT, "new");
      long ahead = rowsAt.incrementAndGet(); // in the rows, and not heard of here
      AtomicReference<Thread> waiting = new AtomicReference<>();
      Future<String> writer =
          readers.submit(
              () -> {
                waiting.set(Thread.currentThread());
                return slow.get(ACCOUNT, ahead);
              });
      await().until(() -> waiting.get() != null && waiting.get().getState() == State.BLOCKED);
      goOn.countDown();
      assertThat(early.get(30, TimeUnit.SECONDS)).isEqualTo("old");
      assertThat(writer.get(30, TimeUnit.SECONDS)).isEqualTo("new");
    }
  }

  @Test
  void a_cache_that_begins_while_the_rows_are_behind_keeps_nothing_until_they_are_not() {
    append(store, "1", new Deposited(1)); // nobody hears of it, and the rows lack it
    try (ReadCache<String, String> late =
        ReadCache.<String, String>loading(key -> requireNonNull(rows.get(key)))
            .invalidateOn(AccountEvent.TYPES, Deposited.class, event -> event.stream())
            .start(store, rowsAt::get)) {
      await().until(late::isFollowing);
      assertThat(late.get(ACCOUNT)).isEqualTo("old");
      rows.put(ACCOUNT, "new");
      rowsAt.set(2);
      assertThat(late.get(ACCOUNT)).isEqualTo("new");
    }
  }

  @Test
  void after_its_end_nothing_is_kept() {
    assertThat(cache.get(ACCOUNT)).isEqualTo("old");
    cache.close();
    rows.put(ACCOUNT, "new");
    assertThat(cache.get(ACCOUNT)).isEqualTo("new");
    assertThat(cache.statistics().size()).isZero();
  }

  @Test
  void a_cache_that_is_closed_or_whose_store_is_does_not_try_again_to_follow_it() {
    AtomicInteger asked = new AtomicInteger();
    EventStore away =
        new ForwardingEventStore(store) {
          @Override
          public Subscription subscribeToLog(
              SubscribeToLog request, SubscriptionListener listener) {
            asked.incrementAndGet();
            throw new StoreUnavailableException("nobody is there", null);
          }
        };
    Deque<Runnable> later = new ArrayDeque<>();
    ReadCache<String, String> closed = following(away, later);
    closed.close();
    later.remove().run();
    assertThat(asked).hasValue(1);
    assertThat(later).isEmpty();

    InMemoryEventStore shut = new InMemoryEventStore();
    shut.close();
    try (ReadCache<String, String> left = following(failingOnce(shut), later)) {
      later.remove().run();
      assertThat(left.isFollowing()).isFalse();
      assertThat(later).isEmpty();
    }
  }

  private static EventStore failingOnce(EventStore store) {
    AtomicInteger asked = new AtomicInteger();
    return new ForwardingEventStore(store) {
      @Override
      public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
        if (asked.getAndIncrement() == 0) {
          throw new StoreUnavailableException("nobody is there", null);
        }
        return super.subscribeToLog(request, listener);
      }
    };
  }

  private ReadCache<String, String> following(EventStore followed, Deque<Runnable> later) {
    return ReadCache.<String, String>loading(key -> requireNonNull(rows.get(key)))
        .invalidateOn(AccountEvent.TYPES, AccountEvent.class, event -> event.stream())
        .again(later::add)
        .start(followed, rowsAt::get);
  }
}
