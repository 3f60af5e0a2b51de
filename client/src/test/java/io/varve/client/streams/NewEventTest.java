package io.varve.client.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** New events as values. */
class NewEventTest {

  @Test
  void an_id_is_a_uuid_of_version_7_that_begins_with_the_time() {
    long before = System.currentTimeMillis();
    UUID id = NewEvent.json("AccountOpened", "{}").id();
    long after = System.currentTimeMillis();

    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isBetween(before, after);
  }

  @Test
  void ids_differ() {
    Set<UUID> ids = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      ids.add(EventIds.next());
    }
    assertThat(ids).hasSize(10_000);
  }

  @Test
  void nobody_can_change_an_event_through_the_arrays_it_came_from_or_gives() {
    byte[] data = {1, 2, 3};
    NewEvent event = NewEvent.of("Happened", data);
    data[0] = 9;
    event.data()[1] = 9;

    assertThat(event.data()).containsExactly(1, 2, 3);
  }

  @Test
  void a_builder_from_an_event_makes_an_equal_one() {
    NewEvent event =
        NewEvent.builder("MoneyDeposited")
            .json("{\"amount\":1}")
            .metadata("user", "ada")
            .tag("branch:7")
            .tag("branch:7")
            .occurredAt(Instant.EPOCH)
            .build();

    assertThat(event.toBuilder().build()).isEqualTo(event).hasSameHashCodeAs(event);
    assertThat(event.tags()).containsExactly("branch:7");
    assertThat(event.toBuilder().json("{}").build()).isNotEqualTo(event);
  }

  @Test
  void the_text_of_an_event_tells_nothing_of_its_payload() {
    assertThat(NewEvent.json("PasswordChanged", "{\"new\":\"hunter2\"}"))
        .asString()
        .doesNotContain("hunter2");
  }

  @Test
  void metadata_keep_the_order_in_which_they_were_given() {
    NewEvent.Builder made = NewEvent.builder("A");
    for (int i = 20; i > 0; i--) {
      made.metadata("k" + i, "v");
    }

    NewEvent event = made.build();
    assertThat(event.metadata().keySet()).startsWith("k20", "k19", "k18").endsWith("k2", "k1");
    assertThat(event.toBuilder().build().metadata().keySet())
        .containsExactlyElementsOf(event.metadata().keySet());
  }

  @Test
  void what_a_builder_is_told_later_does_not_change_the_events_it_has_made() {
    NewEvent.Builder made =
        NewEvent.builder("A").data(ByteBuffer.wrap(new byte[] {1, 2})).metadata("k", "1").tag("t");
    NewEvent first = made.build();
    NewEvent second = made.metadata("k", "2").metadata("l", "3").tag("u").build();
    NewEvent third = made.metadata("m", "4").data(new byte[] {3}).build();

    assertThat(first.metadata()).containsExactly(entry("k", "1"));
    assertThat(first.tags()).containsExactly("t");
    assertThat(first.data()).containsExactly(1, 2);
    assertThat(second.metadata()).containsExactly(entry("k", "2"), entry("l", "3"));
    assertThat(second.tags()).containsExactly("t", "u");
    assertThat(third.metadata()).containsExactly(entry("k", "2"), entry("l", "3"), entry("m", "4"));
    assertThat(third.data()).containsExactly(3);
  }

  @Test
  void metadata_and_tags_cannot_be_changed_and_may_be_asked_for_what_is_not_there() {
    for (NewEvent event :
        List.of(
            NewEvent.builder("A").build(),
            NewEvent.builder("A").metadata("k", "v").tag("t").build())) {
      assertThatThrownBy(() -> event.metadata().put("x", "y"))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> event.tags().add("x"))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThat(event.metadata().get("other")).isNull();
    }
  }

  @Test
  void text_that_has_no_utf_8_form_is_refused() {
    assertThatThrownBy(() -> NewEvent.builder("a\ud83d"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> NewEvent.builder("A").tag("\udc00x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ReadStream.of("a\ud83d")).isInstanceOf(IllegalArgumentException.class);
    assertThat(NewEvent.builder("💶").build().type()).isEqualTo("💶");
    // Their bits together look like a surrogate's, but none is one.
    assertThat(NewEvent.builder("\u9000\u4800").build().type()).isEqualTo("\u9000\u4800");
  }

  @Test
  void values_that_make_no_sense_are_refused() {
    assertThatThrownBy(() -> ExpectedVersion.exactly(-1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ReadStream.of("a").limit(-1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ReadLog.all().fromPosition(-1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ReadLog.all().toTime(Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SubscribeToLog.all().after(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
