package io.varve.server.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  private static final long RESERVE = 1_000;

  private final AtomicLong free = new AtomicLong(RESERVE);
  private final Readiness readiness = new Readiness(free::get, RESERVE);

  @Test
  void a_server_that_starts_or_stops_is_not_ready_and_one_that_serves_is() {
    assertThat(readiness.problems()).containsExactly("the server is starting");

    readiness.serving();
    assertThat(readiness.problems()).isEmpty();

    readiness.stopping();
    assertThat(readiness.problems()).containsExactly("the server is stopping");
  }

  @Test
  void a_store_that_takes_no_more_appends_is_not_ready_and_says_why() {
    readiness.serving();
    assertThat(readiness.acceptsAppends()).isTrue();

    readiness.stopped("no space left on device");
    readiness.stopped("and something later");

    assertThat(readiness.acceptsAppends()).isFalse();
    assertThat(readiness.problems())
        .singleElement()
        .asString()
        .contains("takes no more appends", "no space left on device")
        .doesNotContain("later");
  }

  @Test
  void a_disk_with_less_room_than_the_reserve_is_nearly_full() {
    readiness.serving();
    free.set(RESERVE - 1);
    assertThat(readiness.problems()).singleElement().asString().contains("999", "1000");

    free.set(RESERVE);
    assertThat(readiness.problems()).isEmpty();
  }

  @Test
  void a_disk_whose_room_nobody_knows_is_no_problem() {
    readiness.serving();
    free.set(-1);
    assertThat(readiness.problems()).isEmpty();
  }
}
