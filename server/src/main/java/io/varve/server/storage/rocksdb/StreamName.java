package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * What the index keeps under a stream's name: number, then seconds and nanoseconds of the time at
 * which its first event was recorded, all big-endian.
 *
 * @param number the stream's number
 * @param createdAt when its first event was recorded
 */
record StreamName(long number, Instant createdAt) {
  private static final int BYTES = Long.BYTES + StoredTime.BYTES;

  byte[] encode() {
    return StoredTime.put(ByteBuffer.allocate(BYTES).putLong(number), createdAt).array();
  }

  static StreamName decode(byte[] value) {
    if (value.length != BYTES) {
      throw new DamagedDataException(
          0, "a stream's name has a value of " + value.length + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    return new StreamName(buffer.getLong(), StoredTime.next(buffer));
  }
}
