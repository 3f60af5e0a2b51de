package io.varve.client.eventsourcing.cache;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.projection.AccountEvent;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.streams.AppendResult;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
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
}
