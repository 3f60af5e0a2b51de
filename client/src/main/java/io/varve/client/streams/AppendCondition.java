package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What must not have been recorded for a {@link Transaction} to be written: any event that matches
 * a query. It is checked in the same atomic step as the write, against everything that was accepted
 * before it; so of all who decide on the same facts, one wins and the others hear {@link
 * ConditionFailedException}. Immutable.
 *
 * <p>This is the append condition of the <a href="https://dcb.events/specification/">Dynamic
 * Consistency Boundary</a>: read what a decision needs, decide, and write under the condition that
 * nothing new matches what was read.
 *
 * <pre>{@code
 * Query claims = Query.tags("username:ada");
 * long head = readAndDecide(claims); // EventReader.headPosition() of the read
 * store.transact(Transaction.builder().append("user-1", noStream(), claimed)
 *     .condition(AppendCondition.noMatch(claims).after(head)).build());
 * }</pre>
 */
public final class AppendCondition {

  private final Query query;
  private final long afterPosition;
  private final @Nullable Instant since;

  private AppendCondition(Query query, long afterPosition, @Nullable Instant since) {
    this.query = requireNonNull(query);
    this.afterPosition = Arguments.notNegative("afterPosition", afterPosition);
    this.since = since == null ? null : Arguments.time("since", since);
  }

  /**
   * No event at all may match; an empty query matches every event. {@link #after} and {@link
   * #since} narrow it down.
   */
  public static AppendCondition noMatch(Query query) {
    return new AppendCondition(query, 0, null);
  }

  /**
   * Only events at a higher position than this count: what was read before is known. It is what
   * {@link EventReader#headPosition} of the read said that the decision was based on. It may be
   * ahead of the log. 0: events at any position count.
   */
  public AppendCondition after(long position) {
    return new AppendCondition(query, position, since);
  }

  /** Only events recorded at or after this time count, from year 1 to year 9999. */
  public AppendCondition since(Instant time) {
    return new AppendCondition(query, afterPosition, time);
  }

  /** Which events must not be there. */
  public Query query() {
    return query;
  }

  /** The position after which events count; 0: at any. */
  public long afterPosition() {
    return afterPosition;
  }

  /** The time from which on events count; null: whenever they were recorded. */
  public @Nullable Instant since() {
    return since;
  }

  @Override
  public String toString() {
    return "AppendCondition["
        + query
        + (afterPosition > 0 ? ", after position " + afterPosition : "")
        + (since != null ? ", since " + since : "")
        + "]";
  }
}
