package io.varve.server.subscription;

/** Where a subscription starts. */
public sealed interface SubscriptionStart {

  /** After a place: of the log a position, of a stream a version; 0 for the first event. */
  record After(long place) implements SubscriptionStart {
    public After {
      if (place < 0) {
        throw new IllegalArgumentException("a place to start after must be >= 0, was " + place);
      }
    }
  }

  /** After whatever is there now. */
  record Now() implements SubscriptionStart {}
}
