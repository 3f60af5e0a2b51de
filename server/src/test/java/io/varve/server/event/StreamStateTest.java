package io.varve.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StreamStateTest {

  private static final StreamState DELETED_AT_2 = StreamState.UNTOUCHED.deletedAt(2);

  @Test
  void of_a_deleted_stream_nothing_is_kept() {
    assertThat(DELETED_AT_2.life(2)).isEqualTo(StreamLife.DELETED);
    assertThat(DELETED_AT_2.firstKeptByCount(2)).isEqualTo(3);
  }

  @Test
  void what_was_deleted_stays_hidden_at_whatever_version_the_stream_is_looked_at() {
    assertThat(DELETED_AT_2.firstKeptByCount(0)).isEqualTo(3);
    assertThat(DELETED_AT_2.firstKeptByCount(1)).isEqualTo(3);
    assertThat(DELETED_AT_2.firstKeptByCount(5)).isEqualTo(3);
    assertThat(StreamState.UNTOUCHED.tombstonedAt(4).firstKeptByCount(0)).isEqualTo(5);
  }

  @Test
  void a_reopened_stream_shows_what_came_since() {
    assertThat(DELETED_AT_2.life(3)).isEqualTo(StreamLife.OPEN);
    assertThat(DELETED_AT_2.firstKeptByCount(3)).isEqualTo(3);
  }

  @Test
  void a_bound_by_count_keeps_exactly_the_newest() {
    StreamState three = StreamState.UNTOUCHED.retaining(3, null, 0);

    assertThat(three.firstKeptByCount(2)).isEqualTo(1);
    assertThat(three.firstKeptByCount(3)).isEqualTo(1);
    assertThat(three.firstKeptByCount(4)).isEqualTo(2);
    assertThat(three.firstKeptByCount(10)).isEqualTo(8);
  }

  @Test
  void what_was_hidden_once_never_shows_again() {
    StreamState truncated = StreamState.UNTOUCHED.truncatedBefore(5);

    assertThat(truncated.firstKeptByCount(9)).isEqualTo(5);
    assertThat(truncated.truncatedBefore(3).firstKeptByCount(9)).isEqualTo(5);
    assertThat(truncated.truncatedBefore(7).firstKeptByCount(9)).isEqualTo(7);
    assertThat(truncated.retaining(0, null, 2).firstKeptByCount(9)).isEqualTo(5);
    assertThat(truncated.retaining(0, null, 8).firstKeptByCount(9)).isEqualTo(8);
    assertThat(truncated.deletedAt(2).firstKeptByCount(9)).isEqualTo(5);
  }
}
