package io.varve.client.patience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LongWaitsTest {

  @Test
  void a_test_that_names_no_time_waits_for_a_minute() {
    AtomicLong left = new AtomicLong();

    await()
        .conditionEvaluationListener(seen -> left.set(seen.getRemainingTimeInMS()))
        .until(() -> true);

    assertThat(left.get()).isGreaterThan(10_000);
  }
}
