package io.varve.server.ops.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** How much memory a list of events for the page takes. */
class EventListTest {
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final int EVENTS = 100;
  private static final int PAGE_BYTES = 1_000_000;

  private final MemoryEventStorage storage = new MemoryEventStorage();
  private final LogModel model = new LogModel();

  private void append(int payloadBytes, Map<String, String> metadata) {
    List<LogModel.Draft> drafts = new ArrayList<>();
    for (int i = 0; i < EVENTS; i++) {
      NewEvent event =
          new NewEvent(
              UUID.randomUUID(),
              true,
              "T",
              new byte[payloadBytes],
              "",
              metadata,
              List.of("tag:" + i),
              null);
      drafts.add(new LogModel.Draft(new StreamId("s"), event));
    }
    model.commit(storage, TIME, drafts);
  }

  private EventList read(int limit) {
    EventReader reader = new EventReader(storage, PAGE_BYTES, () -> TIME);
    return EventList.of(
        reader.readLog(new LogRead(Query.everything(), 0, 0, null, null, false, limit)), limit);
  }

  @Test
  void large_payloads_are_not_held_but_their_length_is_known() {
    append(300_000, Map.of());

    EventList list = read(20);

    assertThat(list.events()).hasSize(20).allMatch(ShownEvent::isCut);
    assertThat(list.events())
        .allMatch(shown -> shown.event().data().length == ShownEvent.SHORT_BYTES)
        .allMatch(shown -> shown.payloadBytes() == 300_000)
        .allMatch(shown -> shown.heldBytes() < ShownEvent.SHORT_BYTES + 200)
        .allMatch(shown -> shown.event().tags().size() == 1);
  }

  @Test
  void what_lies_beside_the_payload_counts_as_well() {
    append(10, Map.of("key", "x".repeat(100_000)));

    EventList list = read(EVENTS);

    long held = list.events().stream().mapToLong(ShownEvent::heldBytes).sum();
    assertThat(held).isBetween(EventList.MAX_BYTES, EventList.MAX_BYTES + 2 * PAGE_BYTES);
    assertThat(list.events()).hasSizeLessThan(EVENTS / 2);
    assertThat(list.done()).isFalse();
    assertThat(list.reached()).as("from where to go on").isEqualTo(list.events().size());
  }

  @Test
  void a_small_event_is_shown_whole() {
    append(ShownEvent.SHORT_BYTES, Map.of());

    assertThat(read(1).events())
        .singleElement()
        .satisfies(
            shown -> {
              assertThat(shown.isCut()).isFalse();
              assertThat(shown.event().data()).hasSize(ShownEvent.SHORT_BYTES);
            });
  }
}
