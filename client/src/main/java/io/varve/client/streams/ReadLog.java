package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A request to read the log, by default all of it, oldest event first. Immutable: each method gives
 * a new request.
 *
 * <p>"From" is where the reading starts and "to" where it ends, so going backwards the higher one
 * comes first. Where both a position and a time are given, the narrower of the two holds.
 *
 * <pre>{@code
 * ReadLog.all().query(Query.types("MoneyDeposited")).fromTime(yesterday);
 * ReadLog.all().backwards().limit(20);                      // the newest 20 events
 * }</pre>
 */
public final class ReadLog {

  private static final ReadLog ALL = new ReadLog(Query.all(), 0, 0, null, null, false, 0, 0, false);

  private final Query query;
  private final long fromPosition;
  private final long toPosition;
  private final @Nullable Instant fromTime;
  private final @Nullable Instant toTime;
  private final boolean backwards;
  private final long limit;
  private final long notBeforePosition;
  private final boolean skipArchived;

  private ReadLog(
      Query query,
      long fromPosition,
      long toPosition,
      @Nullable Instant fromTime,
      @Nullable Instant toTime,
      boolean backwards,
      long limit,
      long notBeforePosition,
      boolean skipArchived) {
    this.skipArchived = skipArchived;
    this.query = requireNonNull(query);
    this.fromPosition = Arguments.notNegative("fromPosition", fromPosition);
    this.toPosition = Arguments.notNegative("toPosition", toPosition);
    this.fromTime = fromTime == null ? null : Arguments.time("fromTime", fromTime);
    this.toTime = toTime == null ? null : Arguments.time("toTime", toTime);
    this.backwards = backwards;
    this.limit = Arguments.notNegative("limit", limit);
    this.notBeforePosition = Arguments.notNegative("notBeforePosition", notBeforePosition);
  }

  /** The whole log. */
  public static ReadLog all() {
    return ALL;
  }

  /** Only events that match. */
  public ReadLog query(Query query) {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /** Starts at this position, inclusive. 0: at the oldest event, or the newest if backwards. */
  public ReadLog fromPosition(long position) {
    return new ReadLog(
        query,
        position,
        toPosition,
        fromTime,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /** Ends at this position, inclusive. 0: no bound. */
  public ReadLog toPosition(long position) {
    return new ReadLog(
        query,
        fromPosition,
        position,
        fromTime,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /**
   * Starts at this time: at the first event recorded at or after it; backwards, at the last one
   * recorded at or before it.
   */
  public ReadLog fromTime(Instant time) {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        time,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /**
   * Ends at this time: with the last event recorded at or before it; backwards, with the first one
   * recorded at or after it.
   */
  public ReadLog toTime(Instant time) {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        time,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /** Newest event first. */
  public ReadLog backwards() {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        toTime,
        true,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /** At most this many events. 0: no limit. */
  public ReadLog limit(long limit) {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        skipArchived);
  }

  /**
   * Begins only once the log has reached this position, or fails when the store's deadline has
   * passed. 0: at once.
   */
  public ReadLog notBeforePosition(long position) {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        toTime,
        backwards,
        limit,
        position,
        skipArchived);
  }

  /**
   * Leaves out events that were in the archive when the read began. Forwards, the read then begins
   * at the first one that was not.
   */
  public ReadLog skipArchived() {
    return new ReadLog(
        query,
        fromPosition,
        toPosition,
        fromTime,
        toTime,
        backwards,
        limit,
        notBeforePosition,
        true);
  }

  /** Which events. */
  public Query query() {
    return query;
  }

  /** The position to start at; 0: at the log's end that comes first. */
  public long fromPosition() {
    return fromPosition;
  }

  /** The position to end at; 0: no bound. */
  public long toPosition() {
    return toPosition;
  }

  /** The time to start at; null: no bound. */
  public @Nullable Instant fromTime() {
    return fromTime;
  }

  /** The time to end at; null: no bound. */
  public @Nullable Instant toTime() {
    return toTime;
  }

  /** Whether the newest event comes first. */
  public boolean isBackwards() {
    return backwards;
  }

  /** How many events at most; 0: no limit. */
  public long limit() {
    return limit;
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
    return "ReadLog["
        + query
        + (fromPosition > 0 ? ", from position " + fromPosition : "")
        + (toPosition > 0 ? ", to position " + toPosition : "")
        + (fromTime != null ? ", from " + fromTime : "")
        + (toTime != null ? ", to " + toTime : "")
        + (backwards ? ", backwards" : "")
        + (limit > 0 ? ", limit " + limit : "")
        + (notBeforePosition > 0 ? ", not before position " + notBeforePosition : "")
        + (skipArchived ? ", without the archive" : "")
        + "]";
  }
}
