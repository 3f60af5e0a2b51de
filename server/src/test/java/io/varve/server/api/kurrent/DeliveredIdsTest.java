package io.varve.server.api.kurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DeliveredIdsTest {
  private static final UUID ONE = new UUID(1, 1);
  private static final UUID TWO = new UUID(2, 2);

  private final DeliveredIds ids = new DeliveredIds(3);

  @Test
  void an_answer_is_about_the_event_that_was_delivered_first_of_those_with_its_id() {
    ids.add(ONE, 10);
    ids.add(ONE, 20);

    assertThat(ids.take(List.of(ONE))).containsExactly(10L);
    assertThat(ids.take(List.of(ONE, ONE))).containsExactly(20L);
    assertThat(ids.take(List.of(ONE, TWO))).isEmpty();
  }

  @Test
  void an_event_that_is_delivered_once_more_stands_behind_the_others_of_its_id() {
    ids.add(ONE, 10);
    ids.add(ONE, 20);
    ids.add(ONE, 10);

    assertThat(ids.take(List.of(ONE, ONE, ONE))).containsExactly(20L, 10L);
  }

  @Test
  void those_that_nobody_answers_are_forgotten_oldest_first() {
    ids.add(ONE, 10);
    ids.add(TWO, 20);
    ids.add(TWO, 30);
    ids.add(TWO, 40);

    assertThat(ids.take(List.of(ONE))).isEmpty();
    assertThat(ids.take(List.of(TWO, TWO, TWO))).containsExactly(20L, 30L, 40L);
  }
}
