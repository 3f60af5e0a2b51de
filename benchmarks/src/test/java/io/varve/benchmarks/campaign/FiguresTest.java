package io.varve.benchmarks.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Medians and ratios. */
class FiguresTest {
  @Test
  void the_median_is_the_middle_one_in_whatever_order_they_come() {
    assertThat(Figures.median(List.of(9.0, 1.0, 5.0))).isEqualTo(5);
    assertThat(Figures.median(List.of(9.0, 1.0, 5.0, 6.0))).isEqualTo(5.5);
    assertThat(Figures.median(List.of(7.0))).isEqualTo(7);
    assertThatThrownBy(() -> Figures.median(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_ratio_compares_the_rates_of_the_same_round() {
    // The machine was ten times slower in the second round, and both with it.
    assertThat(Figures.ratio(List.of(200.0, 20.0, 200.0), List.of(100.0, 10.0, 50.0))).isEqualTo(2);
  }

  @Test
  void a_round_in_which_the_other_did_nothing_has_no_ratio() {
    assertThat(Figures.ratio(List.of(200.0, 30.0), List.of(0.0, 10.0))).isEqualTo(3);
    assertThat(Figures.ratio(List.of(200.0), List.of(0.0))).isNull();
  }

  @Test
  void a_figure_that_no_sample_has_has_no_median() {
    Sample sample = new Sample(10, 1, 2, 0, null, null, null);

    assertThat(Figures.median(List.of(sample), Sample::deliveryP50)).isNull();
    assertThat(Figures.median(List.of(sample, sample), Sample::p99)).isEqualTo(2);
  }
}
