package io.varve.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsTest {
  @Test
  void each_limit_can_be_changed_by_its_name_and_changes_nothing_else() {
    for (String name : Limits.defaults().values().keySet()) {
      Map<String, Integer> expected = new LinkedHashMap<>(Limits.defaults().values());
      expected.put(name, 7);

      assertThat(Limits.defaults().with(name, 7).values()).containsExactlyEntriesOf(expected);
    }
  }

  @Test
  void every_limit_has_a_name() {
    assertThat(Limits.defaults().values()).hasSize(Limits.class.getRecordComponents().length);
  }

  @Test
  void a_limit_that_is_unknown_or_makes_no_sense_is_refused_by_name() {
    assertThatThrownBy(() -> Limits.defaults().with("colour", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("colour", "payload-bytes");
    assertThatThrownBy(() -> Limits.defaults().with("tags", 0))
        .hasMessageContainingAll("tags", "0");
    assertThatThrownBy(() -> Limits.defaults().with("append-bytes", Integer.MAX_VALUE))
        .hasMessageContaining("append-bytes");
  }

  @Test
  void the_transport_takes_in_more_than_the_largest_append() {
    Limits largest = Limits.defaults().with("append-bytes", 32 * 1024 * 1024);

    assertThat(largest.inboundMessageBytes()).isGreaterThan(largest.appendBytes());
  }
}
