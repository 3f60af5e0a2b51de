package io.varve.server.group;

import io.varve.server.event.StreamId;
import java.time.Instant;

/**
 * An event that a group gave up on.
 *
 * @param position its place in the log
 * @param version its place in its stream
 * @param stream its stream
 * @param reason why it was parked
 * @param at when it was parked
 * @param retryCount how often it had failed and been retried
 * @param sequence the number of this parking in its group, from 1; 0 once the event has been asked
 *     for by name. It is being replayed if {@link Progress#replayUpTo} is as high.
 */
public record Parked(
    long position,
    long version,
    StreamId stream,
    String reason,
    Instant at,
    int retryCount,
    long sequence) {

  /** The same event, asked for by name. */
  Parked askedFor() {
    return new Parked(position, version, stream, reason, at, retryCount, 0);
  }
}
