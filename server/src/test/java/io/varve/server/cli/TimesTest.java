package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-27T12:00:00Z"), ZoneOffset.UTC);

  @ParameterizedTest
  @CsvSource({
    "2026-11-20T08:00:00Z, 2026-11-20T08:00:00Z",
    "2026-11-20T08:00:00.5+01:00, 2026-11-20T07:00:00.5Z",
    "2026-11-20, 2026-11-20T00:00:00Z",
    "15m, 2026-11-27T11:45:00Z",
    "PT2H, 2026-11-27T10:00:00Z",
    "0, 2026-11-27T12:00:00Z"
  })
  void a_moment_is_a_time_a_day_or_a_length_of_time_ago(String text, Instant moment) {
    assertThat(Times.parse(text, CLOCK)).isEqualTo(moment);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "noon", "2026-13-01", "2026-11-20T08:00:00", "-5m", "2026-02-30"})
  void anything_else_is_refused_with_what_was_given(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Times.parse(text, CLOCK))
        .withMessageContaining("2026-11-27T12:00:00Z")
        .withMessageEndingWith("was " + text);
  }

  @Test
  void a_day_begins_at_midnight_utc_wherever_the_reader_is() {
    assertThat(Times.parse("2026-06-01", CLOCK)).isEqualTo(Instant.parse("2026-06-01T00:00:00Z"));
  }
}
