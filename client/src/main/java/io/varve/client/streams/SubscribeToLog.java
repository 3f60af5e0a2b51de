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
      new SubscribeToLog(Query.all(), new SubscriptionStart.FromStart());

  private final Query query;
  private final SubscriptionStart start;

  private SubscribeToLog(Query query, SubscriptionStart start) {
    this.query = requireNonNull(query);
    this.start = start;
  }

  /** Every event, from the first. */
  public static SubscribeToLog all() {
    return ALL;
  }

  /** Only events that match. */
  public SubscribeToLog query(Query query) {
    return new SubscribeToLog(query, start);
  }

  /** From the log's first event. */
  public SubscribeToLog fromStart() {
    return new SubscribeToLog(query, new SubscriptionStart.FromStart());
  }

  /**
   * After this position, an event's or a checkpoint's; 0: from the first event. It may be ahead of
   * the log.
   */
  public SubscribeToLog after(long position) {
    return new SubscribeToLog(query, new SubscriptionStart.After(position));
  }

  /** From now: only events that are committed after the subscription has been confirmed. */
  public SubscribeToLog fromNow() {
    return new SubscribeToLog(query, new SubscriptionStart.FromNow());
  }

  /** Which events. */
  public Query query() {
    return query;
  }

  /** Where it starts; places are positions. */
  public SubscriptionStart start() {
    return start;
  }

  @Override
  public String toString() {
    return "SubscribeToLog[" + query + ", " + start + "]";
  }
}
