package io.varve.client.eventsourcing.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Credit follows work. Times are in seconds here; an event must be answered within 30. */
class CreditPlanTest {

  private static final long SECOND = 1_000_000_000;

  private final CreditPlan plan = new CreditPlan(8, 30 * SECOND);

  @Test
  void the_first_event_is_asked_for_alone() {
    assertThat(plan.more(0, 0, 0, 0)).isEqualTo(1);
    assertThat(plan.more(0, 0, 1, 0)).isZero();
  }

  @Test
  void each_that_could_be_begun_lets_the_next_one_come_up_to_the_concurrency() {
    for (int running = 1; running < 8; running++) {
      assertThat(plan.more(running, 0, 0, SECOND)).isEqualTo(1);
    }
    assertThat(plan.more(8, 0, 0, SECOND)).isZero();
  }

  @Test
  void while_nothing_is_known_nothing_more_is_asked_for_when_one_has_to_wait() {
    assertThat(plan.more(1, 1, 0, SECOND)).isZero();
  }

  @Test
  void a_quick_handler_is_given_all_the_credit_that_it_has_room_for() {
    plan.took(SECOND / 100);

    assertThat(plan.more(0, 0, 0, 0)).isEqualTo(8);
    assertThat(plan.more(1, 3, 0, 0)).isEqualTo(4);
    assertThat(plan.more(1, 3, 4, 0)).isZero();
  }

  @Test
  void what_may_have_to_wait_is_begun_within_half_of_the_time_out() {
    plan.took(5 * SECOND); // three of them in fifteen seconds

    assertThat(plan.more(0, 0, 0, 0)).isEqualTo(3);
    assertThat(plan.more(1, 2, 0, 0)).isEqualTo(1);
    assertThat(plan.more(1, 3, 0, 0)).isZero();
  }

  @Test
  void a_handler_slower_than_half_of_the_time_out_is_given_one_that_can_be_begun() {
    plan.took(20 * SECOND);

    assertThat(plan.more(0, 0, 0, 0)).isEqualTo(1);
    assertThat(plan.more(1, 0, 0, 0)).isEqualTo(1);
    assertThat(plan.more(1, 1, 0, 0)).isZero();
  }

  @Test
  void one_that_runs_longer_than_all_before_counts_while_it_runs() {
    plan.took(SECOND / 100);

    assertThat(plan.more(1, 1, 0, 20 * SECOND)).isZero();
    assertThat(plan.more(1, 0, 0, 20 * SECOND)).isEqualTo(1);
  }

  @Test
  void a_slow_event_is_forgotten_after_many_quick_ones() {
    plan.took(20 * SECOND);
    for (int i = 0; i < 100; i++) {
      plan.took(SECOND / 100);
    }

    assertThat(plan.more(0, 0, 0, 0)).isEqualTo(8);
  }
}
