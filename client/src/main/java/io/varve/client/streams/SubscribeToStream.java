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
  private final long notBeforePosition;
  private final boolean skipArchived;

  private SubscribeToStream(
      String stream, SubscriptionStart start, long notBeforePosition, boolean skipArchived) {
    this.skipArchived = skipArchived;
    this.stream = Arguments.wellFormed("stream", stream);
    this.start = start;
    this.notBeforePosition = Arguments.notNegative("notBeforePosition", notBeforePosition);
  }

  /** This stream, from its first event. */
  public static SubscribeToStream of(String stream) {
    return new SubscribeToStream(stream, new SubscriptionStart.FromStart(), 0, false);
  }

  /** From the stream's first event. */
  public SubscribeToStream fromStart() {
    return new SubscribeToStream(
        stream, new SubscriptionStart.FromStart(), notBeforePosition, skipArchived);
  }

  /** After this version; 0: from the first event. It may be ahead of the stream. */
  public SubscribeToStream after(long version) {
    return new SubscribeToStream(
        stream, new SubscriptionStart.After(version), notBeforePosition, skipArchived);
  }

  /** From now: only events that are committed after the subscription has been confirmed. */
  public SubscribeToStream fromNow() {
    return new SubscribeToStream(
        stream, new SubscriptionStart.FromNow(), notBeforePosition, skipArchived);
  }

  /**
   * Starts only once the log has reached this position, so that "now" is not before it. 0: at once.
   */
  public SubscribeToStream notBeforePosition(long position) {
    return new SubscribeToStream(stream, start, position, skipArchived);
  }

  /**
   * Leaves out events that are in the archive when their turn comes. A subscription that starts
   * there begins at the first one that is not.
   */
  public SubscribeToStream skipArchived() {
    return new SubscribeToStream(stream, start, notBeforePosition, true);
  }

  /** The stream's name. */
  public String stream() {
    return stream;
  }

  /** Where it starts; places are versions. */
  public SubscriptionStart start() {
    return start;
  }

  /** The position that the log must have reached; 0: any. */
  public long notBeforePosition() {
    return notBeforePosition;
  }

  /** Whether events in the archive are left out. */
  public boolean isSkipArchived() {
    return skipArchived;
  }

  @Override
  public String toString() {
    return "SubscribeToStream["
        + stream
        + ", "
        + start
        + (notBeforePosition > 0 ? ", not before position " + notBeforePosition : "")
        + (skipArchived ? ", without the archive" : "")
        + "]";
  }
}
