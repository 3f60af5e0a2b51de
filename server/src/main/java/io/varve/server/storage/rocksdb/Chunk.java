package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventRun;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A value of the log: a run of events behind a header with a checksum.
 *
 * <pre>
 *   0        1               5              9               13
 *   +--------+---------------+--------------+---------------+----------------------------
 *   | format | crc32c (BE)   | count (BE)   | span (BE)     | frames: event after event …
 *   +--------+---------------+--------------+---------------+----------------------------
 * </pre>
 *
 * <p>The key is the first position; {@code span} is the last position minus the first. The checksum
 * covers the key and everything behind the checksum, so that a chunk under the wrong key is damage
 * too.
 */
final class Chunk {
  /** A chunk is closed once it holds this much; a larger event has a chunk of its own. */
  static final int TARGET_BYTES = 64 * 1024;

  static final int HEADER_BYTES = 13;

  private static final byte FORMAT = 1;
  private static final int CRC_OFFSET = 1;
  private static final int COUNT_OFFSET = 5;
  private static final int SPAN_OFFSET = 9;

  private Chunk() {}

  /** The header for a run. */
  static byte[] header(EventRun run) {
    byte[] header = new byte[HEADER_BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(header);
    buffer.put(0, FORMAT);
    buffer.putInt(COUNT_OFFSET, run.count());
    buffer.putInt(SPAN_OFFSET, Math.toIntExact(run.lastPosition() - run.firstPosition()));
    buffer.putInt(
        CRC_OFFSET, checksum(run.firstPosition(), header, run.bytes(), run.offset(), run.length()));
    return header;
  }

  /** The run in a value, after its checksum has been compared. */
  static EventRun read(byte[] key, byte[] value) {
    long firstPosition = Keys.toLong(key, 0);
    if (key.length != Long.BYTES) {
      throw new DamagedDataException(
          firstPosition, "the log has a key of " + key.length + " bytes at " + firstPosition);
    }
    if (value.length <= HEADER_BYTES || value[0] != FORMAT) {
      throw new DamagedDataException(
          firstPosition, "the log's chunk at position " + firstPosition + " has no known format");
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    int length = value.length - HEADER_BYTES;
    if (buffer.getInt(CRC_OFFSET) != checksum(firstPosition, value, value, HEADER_BYTES, length)) {
      throw new DamagedDataException(
          firstPosition,
          "the log's chunk at position " + firstPosition + " does not match its checksum");
    }
    return new EventRun(
        value,
        HEADER_BYTES,
        length,
        buffer.getInt(COUNT_OFFSET),
        firstPosition,
        firstPosition + buffer.getInt(SPAN_OFFSET));
  }

  private static int checksum(
      long firstPosition, byte[] header, byte[] frames, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(Keys.ofLong(firstPosition));
    crc.update(header, COUNT_OFFSET, HEADER_BYTES - COUNT_OFFSET);
    crc.update(frames, offset, length);
    return (int) crc.getValue();
  }
}
