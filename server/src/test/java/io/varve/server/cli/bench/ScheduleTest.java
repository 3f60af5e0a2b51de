package io.varve.server.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When requests of an open loop are due. */
class ScheduleTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void clients_take_turns_so_that_requests_are_due_one_by_one() {
    List<Long> due = new ArrayList<>();
    for (int number = 0; number < 4; number++) {
      Schedule schedule = new Schedule(7, 4, number, 100);
      for (int i = 0; i < 25; i++) {
        due.add(schedule.next());
      }
    }

    due.sort(null);
    for (int i = 0; i < 100; i++) {
      assertThat(due.get(i)).isEqualTo(7 + i * SECOND / 100);
    }
  }

  @Test
  void roundings_do_not_add_up() {
    Schedule schedule = new Schedule(0, 1, 0, 3);
    long last = 0;
    for (int i = 0; i <= 3_000_000; i++) {
      last = schedule.next();
    }

    assertThat(last).isEqualTo(1_000_000 * SECOND);
  }

  @Test
  void a_rate_below_one_a_second_is_one_too() {
    Schedule schedule = new Schedule(0, 2, 1, 0.5);

    assertThat(schedule.next()).isEqualTo(2 * SECOND);
    assertThat(schedule.next()).isEqualTo(6 * SECOND);
  }
}
