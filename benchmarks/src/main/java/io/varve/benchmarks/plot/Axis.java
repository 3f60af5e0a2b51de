package io.varve.benchmarks.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where values lie on an axis, and where its ticks are.
 *
 * @param from the value at its beginning
 * @param to the value at its end
 * @param logarithmic whether equal lengths are equal factors
 */
record Axis(double from, double to, boolean logarithmic) {
  private static final int MOST_TICKS = 6;

  /** From 0 to a round value that is not below the largest. */
  static Axis linear(double largest) {
    double step = step(largest);
    return new Axis(0, Math.max(step, step * Math.ceil(largest / step - 1e-9)), false);
  }

  /** From the smallest to the largest, both above 0. */
  static Axis logarithmic(double smallest, double largest) {
    if (!(smallest > 0)) {
      throw new IllegalArgumentException("no logarithm of " + smallest);
    }
    return largest > smallest
        ? new Axis(smallest, largest, true)
        : new Axis(smallest / 2, largest * 2, true);
  }

  /** 0 at the beginning, 1 at the end. */
  double place(double value) {
    return logarithmic
        ? Math.log(value / from) / Math.log(to / from)
        : (value - from) / (to - from);
  }

  /** Round values, rising; of a logarithmic axis the powers of ten and their halves and fifths. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (!logarithmic) {
      double step = step(to);
      for (int i = 0; i * step <= to * (1 + 1e-9); i++) {
        ticks.add(i * step);
      }
      return ticks;
    }
    for (double power = Math.pow(10, Math.floor(Math.log10(from))); power <= to; power *= 10) {
      for (int digit : new int[] {1, 2, 5}) {
        double value = power * digit;
        if (value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9)) {
          ticks.add(value);
        }
      }
    }
    return ticks;
  }

  /** 1, 2 or 5 times a power of ten, of which a few reach the largest. */
  private static double step(double largest) {
    if (!(largest > 0)) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(largest / MOST_TICKS)));
    for (int digit : new int[] {1, 2, 5}) {
      if (power * digit * MOST_TICKS >= largest) {
        return power * digit;
      }
    }
    return power * 10;
  }

  /** A value as people write it: 1,500 as 1.5 k, 20,000,000 as 20 M. */
  static String shortly(double value) {
    if (value >= 1e6) {
      return trimmed(value / 1e6) + " M";
    }
    return value >= 1e3 ? trimmed(value / 1e3) + " k" : trimmed(value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }
}
