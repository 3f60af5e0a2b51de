package io.varve.client.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How long a command waits before it is decided again. */
class ConflictRetryTest {

  @Test
  void a_wait_is_a_random_part_of_a_span_that_doubles_up_to_the_longest() {
    ConflictRetry retry =
        ConflictRetry.standard()
            .times(50)
            .backOff(Duration.ofMillis(10), Duration.ofMillis(70))
            .random(new Random(1));
    long[] longest = {10, 20, 40, 70, 70, 70};
    for (int conflicts = 1; conflicts <= longest.length; conflicts++) {
      long most = 0;
      for (int i = 0; i < 1_000; i++) {
        Duration wait = retry.waitAfter(conflicts);
        assertThat(wait).isBetween(Duration.ZERO, Duration.ofMillis(longest[conflicts - 1]));
        most = Math.max(most, wait.toMillis());
      }
      assertThat(most).isGreaterThan(longest[conflicts - 1] / 2);
    }
    assertThat(retry.waitAfter(1_000_000)).isLessThanOrEqualTo(Duration.ofMillis(70));
  }

  @Test
  void one_conflict_too_many_is_not_waited_for() {
    ConflictRetry twice = ConflictRetry.standard().times(2).backOff(Duration.ZERO, Duration.ZERO);

    assertThat(twice.pause(1)).isTrue();
    assertThat(twice.pause(2)).isTrue();
    assertThat(twice.pause(3)).isFalse();
    assertThat(ConflictRetry.never().pause(1)).isFalse();
    assertThat(ConflictRetry.standard().times()).isEqualTo(5);
  }

  @Test
  void an_interrupted_thread_does_not_go_on_and_stays_interrupted() {
    Thread.currentThread().interrupt();

    assertThat(ConflictRetry.standard().pause(1)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void what_makes_no_sense_is_refused() {
    assertThatThrownBy(() -> ConflictRetry.standard().times(-1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> ConflictRetry.standard().backOff(Duration.ofMillis(2), Duration.ofMillis(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
