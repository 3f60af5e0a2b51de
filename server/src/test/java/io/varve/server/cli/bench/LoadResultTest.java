package io.varve.server.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arithmetic of what a load came to. */
class LoadResultTest {
  private static final LoadPlan PLAN = new LoadPlan(2, null, Duration.ZERO, Duration.ofSeconds(2));

  @Test
  void percentiles_are_of_all_requests_and_not_of_the_clients_percentiles() {
    ClientTally many = ClientTally.ofOneThread();
    for (int i = 0; i < 990; i++) {
      many.add(1_000_000, 1, 0);
    }
    ClientTally few = ClientTally.ofManyThreads();
    for (int i = 0; i < 10; i++) {
      few.add(100_000_000, 10, 2);
    }

    LoadResult result = LoadResult.merge(PLAN, List.of(many, few));

    assertThat(result.requests()).isEqualTo(1_000);
    assertThat(result.events()).isEqualTo(1_090);
    assertThat(result.retries()).isEqualTo(20);
    assertThat(result.requestsPerSecond()).isEqualTo(500);
    assertThat(result.eventsPerSecond()).isEqualTo(545);
    assertThat(result.micros(50)).isBetween(999L, 1_001L);
    assertThat(result.micros(99)).isBetween(999L, 1_001L);
    assertThat(result.micros(99.5)).isBetween(99_900L, 100_100L);
  }

  @Test
  void without_a_request_a_percentile_is_0() {
    LoadResult nothing = LoadResult.merge(PLAN, List.of(ClientTally.ofOneThread()));

    assertThat(nothing.micros(99)).isZero();
    assertThat(nothing.requestsPerSecond()).isZero();
  }

  @Test
  void a_plan_that_measures_nothing_is_refused() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new LoadPlan(0, null, Duration.ZERO, second))
        .hasMessageContaining("clients");
    assertThatThrownBy(() -> new LoadPlan(1, 0.0, Duration.ZERO, second))
        .hasMessageContaining("rate");
    assertThatThrownBy(() -> new LoadPlan(1, Double.NaN, Duration.ZERO, second))
        .hasMessageContaining("rate");
    assertThatThrownBy(() -> new LoadPlan(1, null, Duration.ZERO, Duration.ZERO))
        .hasMessageContaining("measured");
  }
}
