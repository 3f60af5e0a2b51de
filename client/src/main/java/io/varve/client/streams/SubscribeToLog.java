package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

/**
 * A request to follow the log, by default every event from the first. Immutable.
 *
 * <pre>{@code
 * SubscribeToLog.all();                                              // everything
 * SubscribeToLog.all().query(Query.categories("account")).after(812); // resume after position 812
 * }</pre>
 */
public final class SubscribeToLog {

  private static final SubscribeToLog ALL =
      new SubscribeToLog(Query.all(), new SubscriptionStart.FromStart(), 0, false);

  private final Query query;
  private final SubscriptionStart start;
  private final long notBeforePosition;
  private final boolean skipArchived;

  private SubscribeToLog(
      Query query, SubscriptionStart start, long notBeforePosition, boolean skipArchived) {
    this.skipArchived = skipArchived;
    this.query = requireNonNull(query);
    this.start = start;
    this.notBeforePosition = Arguments.notNegative("notBeforePosition", notBeforePosition);
  }

  /** Every event, from the first. */
  public static SubscribeToLog all() {
    return ALL;
  }

  /** Only events that match. */
  public SubscribeToLog query(Query query) {
    return new SubscribeToLog(query, start, notBeforePosition, skipArchived);
  }

  /** From the log's first event. */
  public SubscribeToLog fromStart() {
    return new SubscribeToLog(
        query, new SubscriptionStart.FromStart(), notBeforePosition, skipArchived);
  }

  /**
   * After this position, an event's or a checkpoint's; 0: from the first event. It may be ahead of
   * the log.
   */
  public SubscribeToLog after(long position) {
    return new SubscribeToLog(
        query, new SubscriptionStart.After(position), notBeforePosition, skipArchived);
  }

  /** From now: only events that are committed after the subscription has been confirmed. */
  public SubscribeToLog fromNow() {
    return new SubscribeToLog(
        query, new SubscriptionStart.FromNow(), notBeforePosition, skipArchived);
  }

  /**
   * Starts only once the log has reached this position, so that "now" is not before it. 0: at once.
   */
  public SubscribeToLog notBeforePosition(long position) {
    return new SubscribeToLog(query, start, position, skipArchived);
  }

  /**
   * Leaves out events that are in the archive when their turn comes. A subscription that starts
   * there begins at the first one that is not.
   */
  public SubscribeToLog skipArchived() {
    return new SubscribeToLog(query, start, notBeforePosition, true);
  }

  /** Which events. */
  public Query query() {
    return query;
  }

  /** Where it starts; places are positions. */
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
    return "SubscribeToLog["
        + query
        + ", "
        + start
        + (notBeforePosition > 0 ? ", not before position " + notBeforePosition : "")
        + (skipArchived ? ", without the archive" : "")
        + "]";
  }
}
