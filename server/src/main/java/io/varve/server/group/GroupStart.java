package io.varve.server.group;

/** Where a new group starts. */
public sealed interface GroupStart {

  /** After a place: of the log a position, of a stream a version; 0 for the first event. */
  record After(long place) implements GroupStart {
    public After {
      if (place < 0) {
        throw new IllegalArgumentException("a place to start after must be >= 0, was " + place);
      }
    }
  }

  /** After whatever is there when the group is created. */
  record Now() implements GroupStart {}
}
