package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;

/** A time as bytes: seconds (8) and nanoseconds (4), both big-endian. */
final class StoredTime {
  static final int BYTES = Long.BYTES + Integer.BYTES;

  private static final int NANOS_A_SECOND = 1_000_000_000;

  private StoredTime() {}

  static ByteBuffer put(ByteBuffer buffer, Instant time) {
    return buffer.putLong(time.getEpochSecond()).putInt(time.getNano());
  }

  /**
   * The time that comes next in a buffer.
   *
   * @throws DamagedDataException if no clock can show it
   */
  static Instant next(ByteBuffer buffer) {
    long seconds = buffer.getLong();
    int nanos = nanos(buffer);
    try {
      return Instant.ofEpochSecond(seconds, nanos);
    } catch (DateTimeException e) {
      DamagedDataException damaged =
          new DamagedDataException(0, "a stored time is none: " + seconds + " seconds");
      damaged.initCause(e);
      throw damaged;
    }
  }

  /** The nanoseconds that come next in a buffer. */
  static int nanos(ByteBuffer buffer) {
    int nanos = buffer.getInt();
    if (nanos < 0 || nanos >= NANOS_A_SECOND) {
      throw new DamagedDataException(0, "a stored time has " + nanos + " nanoseconds");
    }
    return nanos;
  }
}
