package io.varve.server.event;

/** What an appender believes about a stream; checked in the commit itself. */
public sealed interface ExpectedVersion {

  /** The stream's last event has exactly this version; 0 means that the stream has no event yet. */
  record Exactly(long version) implements ExpectedVersion {
    public Exactly {
      if (version < 0) {
        throw new IllegalArgumentException("expected version must be >= 0, was " + version);
      }
    }
  }

  /** The stream has no event yet. */
  record NoStream() implements ExpectedVersion {}

  /** The stream has at least one event. */
  record StreamExists() implements ExpectedVersion {}

  /** No expectation. */
  record Any() implements ExpectedVersion {}

  /** Whether a stream at this version (0: no event yet) is as expected. */
  default boolean holdsAt(long actualVersion) {
    return switch (this) {
      case Exactly exactly -> actualVersion == exactly.version();
      case NoStream _ -> actualVersion == 0;
      case StreamExists _ -> actualVersion > 0;
      case Any _ -> true;
    };
  }

  /** The expectation in words, for messages to people: {@code version 3}, {@code no stream}. */
  default String inWords() {
    return switch (this) {
      case Exactly exactly -> "version " + exactly.version();
      case NoStream _ -> "no stream";
      case StreamExists _ -> "stream exists";
      case Any _ -> "any version";
    };
  }
}
