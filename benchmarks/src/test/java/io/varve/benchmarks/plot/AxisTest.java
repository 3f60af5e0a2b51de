package io.varve.benchmarks.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Where values lie. */
class AxisTest {
  @Test
  void a_linear_axis_reaches_a_round_value_that_is_not_below_the_largest() {
    Axis axis = Axis.linear(94_000);

    assertThat(axis.to()).isEqualTo(100_000);
    assertThat(axis.ticks())
        .containsExactly(0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0, 100_000.0);
    assertThat(axis.place(0)).isZero();
    assertThat(axis.place(25_000)).isEqualTo(0.25);
    assertThat(axis.place(100_000)).isEqualTo(1);
  }

  @Test
  void on_a_logarithmic_axis_equal_factors_are_equal_lengths() {
    Axis axis = Axis.logarithmic(1, 256);

    assertThat(axis.place(1)).isZero();
    assertThat(axis.place(16)).isEqualTo(0.5);
    assertThat(axis.place(256)).isEqualTo(1);
    assertThat(axis.ticks()).containsExactly(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0);
  }

  @Test
  void a_single_value_has_an_axis_too() {
    assertThat(Axis.logarithmic(10, 10).place(10)).isEqualTo(0.5);
    assertThat(Axis.linear(0).ticks()).isNotEmpty();
    assertThatThrownBy(() -> Axis.logarithmic(0, 10)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void numbers_are_written_shortly() {
    assertThat(Axis.shortly(20_000_000)).isEqualTo("20 M");
    assertThat(Axis.shortly(1_500)).isEqualTo("1.5 k");
    assertThat(Axis.shortly(100)).isEqualTo("100");
    assertThat(Axis.shortly(0)).isEqualTo("0");
    assertThat(Axis.shortly(0.25)).isEqualTo("0.25");
  }
}
