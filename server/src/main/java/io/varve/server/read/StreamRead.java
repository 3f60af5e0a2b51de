package io.varve.server.read;

import io.varve.server.event.StreamId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The wish to read a stream.
 *
 * @param stream the stream
 * @param fromVersion where to start, inclusive; 0 for the first event, or the last if backwards
 * @param backwards newest first
 * @param limit at most this many events; 0 for no limit
 * @param asOf only events recorded at or before this time; null for all
 * @param skipArchived leave out what is in the archive when the read begins
 */
public record StreamRead(
    StreamId stream,
    long fromVersion,
    boolean backwards,
    long limit,
    @Nullable Instant asOf,
    boolean skipArchived) {

  /** A read that leaves nothing out. */
  public StreamRead(
      StreamId stream, long fromVersion, boolean backwards, long limit, @Nullable Instant asOf) {
    this(stream, fromVersion, backwards, limit, asOf, false);
  }
}
