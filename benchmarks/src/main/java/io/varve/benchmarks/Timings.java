package io.varve.benchmarks;

import java.util.Arrays;

/** Durations of the same thing, again and again. A bounded number of them, kept one by one. */
final class Timings {
  private final long[] nanos;
  private int count;

  Timings(int most) {
    this.nanos = new long[most];
  }

  void add(long tookNanos) {
    nanos[count++] = tookNanos;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The duration in microseconds that this share of all does not exceed. */
  double micros(double share) {
    long[] rising = Arrays.copyOf(nanos, count);
    Arrays.sort(rising);
    int rank = (int) Math.ceil(share * count);
    return rising[Math.max(rank, 1) - 1] / 1_000.0;
  }
}
