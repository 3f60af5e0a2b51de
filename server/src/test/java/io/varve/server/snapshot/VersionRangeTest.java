package io.varve.server.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VersionRangeTest {
  @Test
  void of_a_stream_that_keeps_everything_every_version_counts() {
    assertThat(VersionRange.counting(1, 0, 9)).isEqualTo(new VersionRange(1, 9));
  }

  @Test
  void a_snapshot_right_before_the_first_kept_version_counts_and_an_older_one_leaves_a_gap() {
    assertThat(VersionRange.counting(5, 0, 9)).isEqualTo(new VersionRange(4, 9));
    assertThat(VersionRange.counting(2, 0, 9)).isEqualTo(new VersionRange(1, 9));
  }

  @Test
  void of_a_stream_whose_events_are_all_truncated_the_last_version_counts() {
    assertThat(VersionRange.counting(10, 0, 9)).isEqualTo(new VersionRange(9, 9));
  }

  @Test
  void of_a_deleted_stream_none_counts() {
    assertThat(VersionRange.counting(10, 9, 9).isEmpty()).isTrue();
  }

  @Test
  void of_a_reopened_stream_only_what_was_folded_since_counts() {
    assertThat(VersionRange.counting(10, 9, 12)).isEqualTo(new VersionRange(10, 12));
    assertThat(VersionRange.counting(12, 9, 12)).isEqualTo(new VersionRange(11, 12));
  }

  @Test
  void at_a_time_before_the_first_event_none_counts() {
    assertThat(VersionRange.counting(1, 0, 0).isEmpty()).isTrue();
    assertThat(VersionRange.none().isEmpty()).isTrue();
  }

  @Test
  void a_range_is_narrowed_and_never_widened() {
    VersionRange range = new VersionRange(3, 9);

    assertThat(range.upTo(5)).isEqualTo(new VersionRange(3, 5));
    assertThat(range.upTo(20)).isEqualTo(range);
    assertThat(range.upTo(2).isEmpty()).isTrue();
    assertThat(VersionRange.all().upTo(7)).isEqualTo(new VersionRange(1, 7));
  }

  @Test
  void there_is_no_version_0() {
    assertThatThrownBy(() -> new VersionRange(0, 5)).isInstanceOf(IllegalArgumentException.class);
  }
}
