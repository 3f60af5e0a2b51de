package io.varve.server.history;

/**
 * A run of states: the store after its first {@code lowest} writes, and so on up to {@code highest}
 * writes.
 */
record Span(int lowest, int highest) {
  static final Span NEVER = new Span(1, 0);

  boolean isEmpty() {
    return lowest > highest;
  }

  boolean contains(int writes) {
    return lowest <= writes && writes <= highest;
  }

  Span and(Span other) {
    return new Span(Math.max(lowest, other.lowest), Math.min(highest, other.highest));
  }
}
