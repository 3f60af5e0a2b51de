package io.varve.server.event;

/**
 * An event's place in the log. The first event ever has position 1; positions rise with every
 * commit.
 *
 * <p>Where a position is only counted or compared in bulk (pages, chunks, cursors) the code uses a
 * plain {@code long}, with 0 for "before the first event".
 */
public record Position(long value) {
  public Position {
    if (value < 1) {
      throw new IllegalArgumentException("position must be >= 1, was " + value);
    }
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
