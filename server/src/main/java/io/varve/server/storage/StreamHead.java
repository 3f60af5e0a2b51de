package io.varve.server.storage;

import io.varve.server.event.StreamLife;
import io.varve.server.event.StreamState;
import java.time.Instant;

/**
 * Where a stream stands.
 *
 * @param number the storage's short name for the stream, given in the order in which streams were
 *     created, from 1; 0 as long as it has had no event
 * @param version the version of the stream's last event; 0 when it has had none, as are the next
 *     three
 * @param lastPosition the position of its last event
 * @param lastRecordedAt when its last event was recorded
 * @param createdAt when its first event was recorded
 * @param state what has been decided about it
 */
public record StreamHead(
    long number,
    long version,
    long lastPosition,
    Instant lastRecordedAt,
    Instant createdAt,
    StreamState state) {

  /** A stream that the store knows nothing about. */
  public static final StreamHead NONE =
      new StreamHead(0, 0, 0, Instant.EPOCH, Instant.EPOCH, StreamState.UNTOUCHED);

  /** Whether the stream can be read and appended to. */
  public StreamLife life() {
    return state.life(version);
  }

  /** Whether it has or has had an event. */
  public boolean exists() {
    return version > 0;
  }

  /** The same stream with a later event, or as it was with an earlier one, as its last. */
  public StreamHead at(long otherVersion, long position, Instant recordedAt) {
    return new StreamHead(number, otherVersion, position, recordedAt, createdAt, state);
  }

  /** The same stream in another state. */
  public StreamHead in(StreamState newState) {
    return new StreamHead(number, version, lastPosition, lastRecordedAt, createdAt, newState);
  }
}
