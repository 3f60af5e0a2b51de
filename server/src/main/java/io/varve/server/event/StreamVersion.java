package io.varve.server.event;

/** An event's place in its stream. The first event of a stream has version 1. */
public record StreamVersion(long value) {
  public StreamVersion {
    if (value < 1) {
      throw new IllegalArgumentException("stream version must be >= 1, was " + value);
    }
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
