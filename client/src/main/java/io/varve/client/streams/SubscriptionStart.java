package io.varve.client.streams;

/** Where a subscription starts. */
public sealed interface SubscriptionStart {

  /** At the first event. */
  record FromStart() implements SubscriptionStart {}

  /**
   * After this place: a version for a stream, a position for the log. To resume, it is the last one
   * that was finished.
   *
   * @param place 0: at the first event. It may be ahead of the newest event; events up to it are
   *     then left out when they come
   */
  record After(long place) implements SubscriptionStart {
    public After {
      Arguments.notNegative("place to start after", place);
    }
  }

  /** Now: only events that are committed after the subscription has been confirmed. */
  record FromNow() implements SubscriptionStart {}
}
