package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamState;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StreamHead;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;

/**
 * What the index keeps of the last change of a stream: the state, and where the stream stood, which
 * is all that is left of it once its events are reclaimed.
 *
 * <pre>
 *   flags (1), max_count (8), truncate_before (8), deleted_through (8), max_age: seconds (8) and nanos (4),
 *   version (8), last_position (8), last_recorded_at: seconds (8) and nanos (4)
 * </pre>
 *
 * <p>All numbers big-endian. Flags: 1 tombstoned, 2 has a max_age.
 */
record StoredState(StreamState state, long version, long lastPosition, Instant lastRecordedAt) {
  private static final int BYTES = 65;
  private static final int TOMBSTONED = 1;
  private static final int HAS_MAX_AGE = 2;

  static StoredState of(StreamHead head) {
    return new StoredState(
        head.state(), head.version(), head.lastPosition(), head.lastRecordedAt());
  }

  byte[] encode() {
    Duration maxAge = state.maxAge();
    int flags = (state.tombstoned() ? TOMBSTONED : 0) | (maxAge != null ? HAS_MAX_AGE : 0);
    return ByteBuffer.allocate(BYTES)
        .put((byte) flags)
        .putLong(state.maxCount())
        .putLong(state.truncateBefore())
        .putLong(state.deletedThrough())
        .putLong(maxAge == null ? 0 : maxAge.getSeconds())
        .putInt(maxAge == null ? 0 : maxAge.getNano())
        .putLong(version)
        .putLong(lastPosition)
        .putLong(lastRecordedAt.getEpochSecond())
        .putInt(lastRecordedAt.getNano())
        .array();
  }

  static StoredState decode(byte[] value) {
    if (value.length != BYTES) {
      throw new DamagedDataException(
          0, "a stream's state has a value of " + value.length + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    int flags = buffer.get();
    long maxCount = buffer.getLong();
    long truncateBefore = buffer.getLong();
    long deletedThrough = buffer.getLong();
    long maxAgeSeconds = buffer.getLong();
    Duration maxAge = Duration.ofSeconds(maxAgeSeconds, StoredTime.nanos(buffer));
    StreamState state =
        new StreamState(
            (flags & TOMBSTONED) != 0,
            deletedThrough,
            maxCount,
            (flags & HAS_MAX_AGE) != 0 ? maxAge : null,
            truncateBefore);
    return new StoredState(state, buffer.getLong(), buffer.getLong(), StoredTime.next(buffer));
  }
}
