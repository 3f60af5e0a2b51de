package io.varve.client.testkit;

import static io.varve.client.streams.ExpectedVersion.any;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Retention by age and rates, to the nanosecond, by a clock that the test sets. */
class RetentionClockTest {

  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  private static final String SESSION = "session-1";

  private Instant now = NOON;
  private final InstantSource source = () -> now;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final InMemoryEventStore store = new InMemoryEventStore(clock);

  @AfterEach
  void close() {
    store.close();
  }

  private void append() {
    store.append(SESSION, any(), NewEvent.builder("Seen").build());
  }

  private List<Long> kept() {
    try (EventReader reader = store.readStream(ReadStream.of(SESSION))) {
      return reader.stream().map(RecordedEvent::version).toList();
    }
  }

  @Test
  void an_event_is_kept_until_it_is_older_than_the_age() {
    append();
    now = now.plusSeconds(60);
    append();
    store.streams().setRetention(SESSION, Retention.within(Duration.ofSeconds(100)));

    now = NOON.plusSeconds(100);
    assertThat(kept()).containsExactly(1L, 2L);
    now = now.plusNanos(1);
    assertThat(kept()).containsExactly(2L);
    now = NOON.plusSeconds(160).plusNanos(1);
    assertThat(kept()).isEmpty();
    append();
    assertThat(kept()).containsExactly(3L);
  }

  @Test
  void a_clock_that_is_set_back_brings_nothing_back() {
    append();
    store.streams().setRetention(SESSION, Retention.within(Duration.ofSeconds(100)));
    now = NOON.plusSeconds(101);
    assertThat(kept()).isEmpty();

    now = NOON;

    assertThat(kept()).isEmpty();
  }

  @Test
  void what_was_hidden_though_nobody_looked_stays_hidden_under_a_wider_retention() {
    append();
    store.streams().setRetention(SESSION, Retention.within(Duration.ofSeconds(100)));
    now = NOON.plusSeconds(101);

    store.streams().setRetention(SESSION, Retention.everything());

    assertThat(kept()).isEmpty();
  }

  @Test
  void an_age_longer_than_all_time_hides_nothing() {
    append();
    now = NOON.plus(Duration.ofDays(100_000));

    store.streams().setRetention(SESSION, Retention.within(Duration.ofDays(3_652_500)));

    assertThat(kept()).containsExactly(1L);
  }

  @Test
  void a_snapshot_counts_until_an_event_after_it_is_too_old() {
    append();
    append();
    now = NOON.plusSeconds(60);
    append();
    store.streams().setRetention(SESSION, Retention.within(Duration.ofSeconds(100)));
    store.snapshots().save(Snapshot.of(SESSION, 1, new byte[0]));
    store.snapshots().save(Snapshot.of(SESSION, 2, new byte[0]));

    now = NOON.plusSeconds(101);

    assertThat(store.snapshots().list(SESSION)).hasSize(1);
    assertThat(store.snapshots().newest(SESSION).orElseThrow().version()).isEqualTo(2);
  }

  @Test
  void rates_are_of_the_last_minute() {
    for (int i = 0; i < 120; i++) {
      append();
    }
    assertThat(store.statistics().appendsPerSecond()).isEqualTo(2.0);
    assertThat(kept()).hasSize(120);
    assertThat(store.statistics().readsPerSecond()).isEqualTo(2.0);

    now = NOON.plusSeconds(61);

    assertThat(store.statistics().appendsPerSecond()).isZero();
    assertThat(store.statistics().readsPerSecond()).isZero();
  }

  @Test
  void uptime_is_the_time_since_the_store_was_made() {
    now = NOON.plusSeconds(90);
    assertThat(store.serverInfo().uptime()).isEqualTo(Duration.ofSeconds(90));

    now = NOON.minusSeconds(1);
    assertThat(store.serverInfo().uptime()).isZero();
  }
}
