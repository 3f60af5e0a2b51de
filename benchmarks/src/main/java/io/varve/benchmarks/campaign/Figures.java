package io.varve.benchmarks.campaign;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The arithmetic of a campaign. */
final class Figures {
  private Figures() {}

  /**
   * The middle one of some values, or the mean of the two in the middle.
   *
   * @param values at least one
   */
  static double median(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no values have no median");
    }
    double[] rising = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(rising);
    int middle = rising.length / 2;
    return rising.length % 2 == 1 ? rising[middle] : (rising[middle - 1] + rising[middle]) / 2;
  }

  /** The median of a figure of some samples; null if none of them has it. */
  static @Nullable Double median(List<Sample> samples, Function<Sample, @Nullable Double> figure) {
    List<Double> values = new ArrayList<>();
    for (Sample sample : samples) {
      Double value = figure.apply(sample);
      if (value != null) {
        values.add(value);
      }
    }
    return values.isEmpty() ? null : median(values);
  }

  /**
   * The median over the rounds of how many times as fast one was as the other in the same round:
   * what disturbed a round disturbed both.
   *
   * @param one a contender's rates, round by round
   * @param other the rates of the one it is compared with, of the same rounds
   * @return null if there is no round in which the other had a rate
   */
  static @Nullable Double ratio(List<Double> one, List<Double> other) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < Math.min(one.size(), other.size()); round++) {
      if (other.get(round) > 0) {
        ratios.add(one.get(round) / other.get(round));
      }
    }
    return ratios.isEmpty() ? null : median(ratios);
  }
}
