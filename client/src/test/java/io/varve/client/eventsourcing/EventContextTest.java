package io.varve.client.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class EventContextTest {

  private static RecordedEvent recorded(NewEvent event) {
    return new RecordedEvent("account-1", 1, 1, Instant.EPOCH, event);
  }

  @Test
  void what_an_event_causes_belongs_to_its_conversation() {
    RecordedEvent cause =
        recorded(NewEvent.builder("Opened").metadata("correlation-id", "request-7").build());

    EventContext context = EventContext.causedBy(cause);

    assertThat(context.correlationId()).isEqualTo("request-7");
    assertThat(context.causationId()).isEqualTo(cause.id().toString());
  }

  @Test
  void an_event_of_no_conversation_begins_one() {
    RecordedEvent cause = recorded(NewEvent.builder("Opened").build());

    EventContext context = EventContext.causedBy(cause);

    assertThat(context.correlationId()).isEqualTo(cause.id().toString());
  }

  @Test
  void two_conversations_differ() {
    assertThat(EventContext.begin().correlationId())
        .isNotEqualTo(EventContext.begin().correlationId());
  }
}
