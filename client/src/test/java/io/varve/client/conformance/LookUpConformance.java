package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** One event by id, by position, or by stream and version. */
abstract class LookUpConformance extends StoreTests {

  @Test
  void an_event_is_found_by_its_id() {
    given(OTHER, 3);
    given(ACCOUNT, 3);

    for (RecordedEvent event : read(ReadLog.all())) {
      assertThat(store.getEvent(event.id())).contains(event);
    }
    assertThat(store.getEvent(UUID.fromString("00000000-0000-7000-8000-000000000000"))).isEmpty();
    assertThat(read(ReadLog.all())).hasSize(6);
  }

  @Test
  void an_event_is_found_by_its_position() {
    given(OTHER, 3);
    given(ACCOUNT, 3);

    for (RecordedEvent event : read(ReadLog.all())) {
      assertThat(store.getEvent(event.position())).contains(event);
    }
    assertThat(store.getEvent(7)).isEmpty();
    assertThat(store.getEvent(Long.MAX_VALUE)).isEmpty();
    assertThat(read(ReadLog.all())).hasSize(6);
  }

  @Test
  void an_event_is_found_by_its_stream_and_version() {
    given(OTHER, 3);
    given(ACCOUNT, 3);

    for (RecordedEvent event : read(ReadLog.all())) {
      assertThat(store.getEvent(event.stream(), event.version())).contains(event);
    }
    assertThat(store.getEvent(ACCOUNT, 4)).isEmpty();
    assertThat(store.getEvent("account-43", 1)).isEmpty();
    assertThat(read(ReadLog.all())).hasSize(6);
  }

  @Test
  void positions_and_versions_below_1_are_refused() {
    given(ACCOUNT, 1);

    for (long place : new long[] {0, -1, Long.MIN_VALUE}) {
      refusal(InvalidRequestException.class, () -> store.getEvent(place));
      refusal(InvalidRequestException.class, () -> store.getEvent(ACCOUNT, place));
    }
  }
}
