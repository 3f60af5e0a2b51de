package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer's tracked position was when the log had come to a certain one: a consumer's
 * progress and what it wrote are one fact, also in a log that is cut back to an earlier position.
 *
 * <pre>
 *   key     source in UTF-8 | 0x00 | last position of the commit (8 bytes, big-endian)
 *   value   the source's position (8 bytes, big-endian)
 * </pre>
 *
 * <p>A source's name holds no NUL, so its entries lie together, oldest first.
 */
final class TrackingHistory {
  static final String FAMILY = "tracking_history";

  private static final int KEY_SUFFIX_BYTES = 1 + Long.BYTES;

  private TrackingHistory() {}

  static byte[] key(byte[] source, long at) {
    return ByteBuffer.allocate(source.length + KEY_SUFFIX_BYTES)
        .put(source)
        .put((byte) 0)
        .putLong(at)
        .array();
  }

  /** The source that a key is about. */
  static byte[] sourceOf(byte[] key) {
    if (key.length < KEY_SUFFIX_BYTES) {
      throw new DamagedDataException(
          0, "the history of tracked positions has a key of " + key.length + " bytes");
    }
    return Arrays.copyOf(key, key.length - KEY_SUFFIX_BYTES);
  }

  /** The position of the log that a key is about. */
  static long atOf(byte[] key) {
    return Keys.toLong(key, Math.max(0, key.length - Long.BYTES));
  }

  /** What a source's position was when the log had come to one; null when nothing was known. */
  static byte @Nullable [] valueAt(Database.View log, byte[] source, long at) {
    byte @Nullable [][] found = {null};
    log.visitBackwards(
        FAMILY,
        key(source, at),
        (key, value) -> {
          if (Arrays.equals(sourceOf(key), source)) {
            found[0] = value;
          }
          return Database.Visit.STOP;
        });
    return found[0];
  }
}
