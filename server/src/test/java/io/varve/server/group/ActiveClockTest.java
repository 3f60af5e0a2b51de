package io.varve.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ActiveClockTest {
  private long real = 1_000;
  private final ActiveClock clock = new ActiveClock(() -> real);

  private void tickAfter(long millis) {
    real += Duration.ofMillis(millis).toNanos();
    clock.tick();
  }

  private long millis() {
    return Duration.ofNanos(clock.getAsLong()).toMillis();
  }

  @Test
  void it_runs_with_its_ticks() {
    for (int i = 0; i < 100; i++) {
      tickAfter(20);
    }
    tickAfter(500);

    assertThat(millis()).isEqualTo(2_500);
  }

  @Test
  void it_stands_still_for_a_pause_and_a_second_and_then_goes_on() {
    tickAfter(20);
    tickAfter(3_600_000);
    for (int i = 0; i < 49; i++) {
      tickAfter(20);
    }
    assertThat(millis()).isEqualTo(20);
    tickAfter(20);
    assertThat(millis()).as("half a second of the pause counts").isEqualTo(520);
    tickAfter(20);

    assertThat(millis()).isEqualTo(540);
  }

  @Test
  void two_pauses_in_a_row_count_like_one() {
    tickAfter(60_000);
    tickAfter(20);
    tickAfter(600);
    assertThat(millis()).isZero();
    tickAfter(400);

    assertThat(millis()).isEqualTo(520);
  }

  @Test
  void it_gets_on_where_every_tick_is_late() {
    for (int i = 0; i < 100; i++) {
      tickAfter(700);
    }

    assertThat(millis()).isBetween(10_000L, 70_000L);
  }
}
