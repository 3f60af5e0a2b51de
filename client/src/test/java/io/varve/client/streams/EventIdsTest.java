package io.varve.client.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventIdsTest {

  private static final UUID SPACE = UUID.fromString("6d5e1c1a-3f0b-5a57-9c55-8f0a4b6d2e71");

  @Test
  void the_same_name_gives_the_same_id_for_ever() {
    assertThat(EventIds.named(SPACE, "transfer-7", "debit"))
        .isEqualTo(EventIds.named(SPACE, "transfer-7", "debit"))
        .extracting(UUID::version)
        .isEqualTo(5);
  }

  @Test
  void the_parts_of_a_name_are_kept_apart() {
    assertThat(EventIds.named(SPACE, "ab", "c")).isNotEqualTo(EventIds.named(SPACE, "a", "bc"));
  }

  @Test
  void names_of_two_namespaces_never_meet() {
    assertThat(EventIds.named(SPACE, "a")).isNotEqualTo(EventIds.named(UUID.randomUUID(), "a"));
  }

  @Test
  void new_ids_are_of_version_7_and_differ() {
    assertThat(EventIds.next().version()).isEqualTo(7);
    assertThat(EventIds.next()).isNotEqualTo(EventIds.next());
  }
}
