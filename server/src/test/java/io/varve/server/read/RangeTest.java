package io.varve.server.read;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RangeTest {
  @Test
  void a_limit_leaves_the_first_places_of_a_range() {
    for (long size = 1; size <= 6; size++) {
      for (long count = 1; count <= 8; count++) {
        Range forwards = new Range(10, 9 + size, false, count).withinLimit();
        Range backwards = new Range(9 + size, 10, true, count).withinLimit();

        assertThat(forwards.to() - forwards.from() + 1).isEqualTo(Math.min(size, count));
        assertThat(backwards.from() - backwards.to() + 1).isEqualTo(Math.min(size, count));
      }
    }
  }

  @Test
  void a_limit_beyond_all_numbers_leaves_the_whole_range() {
    assertThat(new Range(1, Long.MAX_VALUE, false, Long.MAX_VALUE).withinLimit().to())
        .isEqualTo(Long.MAX_VALUE);
    assertThat(new Range(5, 1, true, Long.MAX_VALUE).withinLimit().to()).isEqualTo(1);
  }

  @Test
  void a_range_is_empty_once_its_last_place_has_been_read() {
    assertThat(new Range(3, 4, false, 0).after(3).isEmpty()).isFalse();
    assertThat(new Range(3, 4, false, 0).after(4).isEmpty()).isTrue();
    assertThat(new Range(4, 1, true, 0).after(2).isEmpty()).isFalse();
    assertThat(new Range(4, 1, true, 0).after(1).isEmpty()).isTrue();
    assertThat(new Range(0, 1, true, 0).isEmpty()).isTrue();
    assertThat(new Range(0, 0, true, 0).isEmpty()).isTrue();
  }
}
