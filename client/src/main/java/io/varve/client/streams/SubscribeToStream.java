package io.varve.client.streams;

/**
 * A request to follow one stream, by default from its first event. The stream need not exist yet.
 * Immutable.
 *
 * <pre>{@code
 * SubscribeToStream.of("account-42");            // from the first event
 * SubscribeToStream.of("account-42").after(7);   // resume after version 7
 * SubscribeToStream.of("account-42").fromNow();  // only what is appended from now on
 * }</pre>
 */
public final class SubscribeToStream {

  private final String stream;
  private final SubscriptionStart start;

  private SubscribeToStream(String stream, SubscriptionStart start) {
    this.stream = Arguments.wellFormed("stream", stream);
    this.start = start;
  }

  /** This stream, from its first event. */
  public static SubscribeToStream of(String stream) {
    return new SubscribeToStream(stream, new SubscriptionStart.FromStart());
  }

  /** From the stream's first event. */
  public SubscribeToStream fromStart() {
    return new SubscribeToStream(stream, new SubscriptionStart.FromStart());
  }

  /** After this version; 0: from the first event. It may be ahead of the stream. */
  public SubscribeToStream after(long version) {
    return new SubscribeToStream(stream, new SubscriptionStart.After(version));
  }

  /** From now: only events that are committed after the subscription has been confirmed. */
  public SubscribeToStream fromNow() {
    return new SubscribeToStream(stream, new SubscriptionStart.FromNow());
  }

  /** The stream's name. */
  public String stream() {
    return stream;
  }

  /** Where it starts; places are versions. */
  public SubscriptionStart start() {
    return start;
  }

  @Override
  public String toString() {
    return "SubscribeToStream[" + stream + ", " + start + "]";
  }
}
