package io.varve.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.MemoryEventStorage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream with versions 1 to 5, recorded ten seconds apart: what is kept of it by age. */
class TimeSearchTest {
  private static final StreamId STREAM = new StreamId("account-1");
  private static final Instant FIRST = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration AGE = Duration.ofMinutes(1);

  private final MemoryEventStorage storage = new MemoryEventStorage();
  private final TimeSearch times = new TimeSearch(storage);

  @BeforeEach
  void write() {
    LogModel model = new LogModel();
    for (int i = 0; i < 5; i++) {
      NewEvent event =
          new NewEvent(new UUID(3, i), false, "T", new byte[] {1}, "", Map.of(), List.of(), null);
      model.commit(storage, recordedAt(i + 1), List.of(new Draft(STREAM, event)));
    }
  }

  @Test
  void an_event_is_kept_up_to_its_age_and_not_a_moment_longer() {
    for (int version = 1; version <= 5; version++) {
      Instant ofThatAge = recordedAt(version).plus(AGE);

      assertThat(firstKept(ofThatAge)).isEqualTo(version);
      assertThat(firstKept(ofThatAge.plusNanos(1))).isEqualTo(version + 1);
    }
  }

  @Test
  void a_bound_longer_than_time_itself_keeps_everything() {
    StreamHead head =
        storage
            .streamHead(STREAM)
            .in(StreamState.UNTOUCHED.retaining(0, Duration.ofSeconds(Long.MAX_VALUE), 0));

    assertThat(times.firstKept(head, recordedAt(5))).isEqualTo(1);
  }

  @Test
  void what_is_hidden_otherwise_does_not_show_because_it_is_young() {
    StreamState bounds = StreamState.UNTOUCHED.retaining(0, AGE, 3);

    assertThat(times.firstKept(storage.streamHead(STREAM).in(bounds), recordedAt(5))).isEqualTo(3);
  }

  @Test
  void the_last_version_until_a_time_is_the_one_of_that_time() {
    StreamHead head = storage.streamHead(STREAM);

    assertThat(times.lastVersionUntil(head, recordedAt(1).minusNanos(1))).isZero();
    for (int version = 1; version <= 5; version++) {
      assertThat(times.lastVersionUntil(head, recordedAt(version))).isEqualTo(version);
      assertThat(times.lastVersionUntil(head, recordedAt(version).plusNanos(1))).isEqualTo(version);
    }
  }

  private long firstKept(Instant now) {
    StreamState bounds = StreamState.UNTOUCHED.retaining(0, AGE, 0);
    return times.firstKept(storage.streamHead(STREAM).in(bounds), now);
  }

  private static Instant recordedAt(int version) {
    return FIRST.plusSeconds(10L * version);
  }
}
