package io.varve.server.read;

import io.varve.server.event.Query;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The wish to read the log. "From" is where the reading starts and "to" where it ends, in either
 * direction.
 *
 * @param query which events
 * @param fromPosition where to start, inclusive; 0 for the oldest, or the newest if backwards
 * @param toPosition where to end, inclusive; 0 for no bound
 * @param fromTime where to start in time; null for no bound
 * @param toTime where to end in time; null for no bound
 * @param backwards newest first
 * @param limit at most this many events; 0 for no limit
 * @param skipArchived leave out what is in the archive when the read begins
 */
public record LogRead(
    Query query,
    long fromPosition,
    long toPosition,
    @Nullable Instant fromTime,
    @Nullable Instant toTime,
    boolean backwards,
    long limit,
    boolean skipArchived) {

  /** A read that leaves nothing out. */
  public LogRead(
      Query query,
      long fromPosition,
      long toPosition,
      @Nullable Instant fromTime,
      @Nullable Instant toTime,
      boolean backwards,
      long limit) {
    this(query, fromPosition, toPosition, fromTime, toTime, backwards, limit, false);
  }
}
