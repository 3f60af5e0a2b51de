package io.varve.server.history;

import java.util.List;
import java.util.UUID;

/** What a caller is told. */
public sealed interface Answer {

  /**
   * A write is there.
   *
   * @param versions the last version of each stream that it wrote to, in its order
   * @param position of its last event; 0 if it had none
   * @param deduplicated it was there already
   */
  record Written(List<Long> versions, long position, boolean deduplicated) implements Answer {
    public Written {
      versions = List.copyOf(versions);
    }
  }

  /** Refused: the stream is at another version. */
  record Conflict(String stream, long actual) implements Answer {}

  /** Refused: this condition of the write, counted from 0, has its first match there. */
  record ConditionFailed(int condition, long position) implements Answer {}

  /** Refused: that much progress, or more, is stored. */
  record NotRising(long stored) implements Answer {}

  /** Refused: an id belongs to another write. */
  record IdTaken(UUID id) implements Answer {}

  /** Not even looked at, and for certain without an effect. */
  record NotDecided() implements Answer {}

  /**
   * Nothing was heard: it may have happened, may happen later, or never. Of a read it says nothing.
   */
  record Unknown() implements Answer {}

  /** A read's events in its order, as of the head that it was told. */
  record Events(long head, List<LoggedEvent> events) implements Answer {
    public Events {
      events = List.copyOf(events);
    }
  }

  /** The event asked for. */
  record Found(LoggedEvent event) implements Answer {}

  /** There is no such stream, or event. */
  record NotFound() implements Answer {}

  /** A stream's version, or a consumer's progress; 0 for none. */
  record Value(long value) implements Answer {}
}
