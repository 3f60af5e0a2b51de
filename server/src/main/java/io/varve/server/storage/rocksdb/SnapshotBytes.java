package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.storage.DamagedDataException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.zip.CRC32C;

/**
 * A snapshot's key and value as bytes.
 *
 * <pre>
 *   key     name of the stream (UTF-8) | 0x00 | version (BE, 8)
 *
 *   value   0        1             5                9               17          21           23
 *           +--------+-------------+----------------+---------------+-----------+------------+--------------+------
 *           | format | crc32c (BE) | schema version | saved, seconds| nanos     | n          | content type | state
 *           +--------+-------------+----------------+---------------+-----------+------------+--------------+------
 * </pre>
 *
 * <p>A name has no control characters, so the zero ends it, and a stream's snapshots lie together,
 * oldest first. The name and not the stream's number: numbers are the index's, and a snapshot
 * outlives the index. The checksum covers the key and everything behind the checksum. A summary is
 * a value with an empty state.
 */
final class SnapshotBytes {
  private static final byte FORMAT = 1;
  private static final int CRC_OFFSET = 1;
  private static final int CRC_END = 5;
  private static final int HEADER_BYTES = 23;
  private static final byte[] NO_STATE = {};

  private SnapshotBytes() {}

  static byte[] key(StreamId stream, long version) {
    byte[] name = stream.value().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(name.length + 1 + Long.BYTES)
        .put(name)
        .put((byte) 0)
        .putLong(version)
        .array();
  }

  /**
   * The stream that a key is about.
   *
   * @throws DamagedDataException it is no key
   */
  static StreamId stream(byte[] key) {
    int length = key.length - Long.BYTES - 1;
    if (length < 1 || key[length] != 0) {
      throw new DamagedDataException(0, "a snapshot's key of " + key.length + " bytes is none");
    }
    return new StreamId(new String(key, 0, length, StandardCharsets.UTF_8));
  }

  static long version(byte[] key) {
    return Keys.toLong(key, key.length - Long.BYTES);
  }

  static byte[] value(byte[] key, Snapshot snapshot) {
    return value(key, snapshot.summary(), snapshot.data());
  }

  static byte[] value(byte[] key, SnapshotSummary summary) {
    return value(key, summary, NO_STATE);
  }

  private static byte[] value(byte[] key, SnapshotSummary summary, byte[] state) {
    byte[] contentType = summary.contentType().getBytes(StandardCharsets.UTF_8);
    Instant savedAt = summary.savedAt();
    byte[] value = new byte[HEADER_BYTES + contentType.length + state.length];
    ByteBuffer.wrap(value)
        .put(FORMAT)
        .putInt(0)
        .putInt(summary.schemaVersion())
        .putLong(savedAt.getEpochSecond())
        .putInt(savedAt.getNano())
        .putShort((short) contentType.length)
        .put(contentType)
        .put(state);
    ByteBuffer.wrap(value).putInt(CRC_OFFSET, checksum(key, value));
    return value;
  }

  /** A snapshot that has been compared with its checksum. */
  static Snapshot toSnapshot(StreamId stream, byte[] key, byte[] value) {
    ByteBuffer buffer = checked(stream, key, value);
    SnapshotSummary summary = summary(stream, key, buffer);
    byte[] state = new byte[buffer.remaining()];
    buffer.get(state);
    return new Snapshot(stream, summary, state);
  }

  /** A summary that has been compared with its checksum. */
  static SnapshotSummary toSummary(StreamId stream, byte[] key, byte[] value) {
    return summary(stream, key, checked(stream, key, value));
  }

  private static ByteBuffer checked(StreamId stream, byte[] key, byte[] value) {
    if (value.length < HEADER_BYTES || value[0] != FORMAT) {
      throw damaged(stream, key, "has no known format");
    }
    if (ByteBuffer.wrap(value).getInt(CRC_OFFSET) != checksum(key, value)) {
      throw damaged(stream, key, "does not match its checksum");
    }
    return ByteBuffer.wrap(value).position(CRC_END);
  }

  private static SnapshotSummary summary(StreamId stream, byte[] key, ByteBuffer buffer) {
    try {
      int schemaVersion = buffer.getInt();
      Instant savedAt = StoredTime.next(buffer);
      byte[] contentType = new byte[Short.toUnsignedInt(buffer.getShort())];
      buffer.get(contentType);
      return new SnapshotSummary(
          version(key), schemaVersion, new String(contentType, StandardCharsets.UTF_8), savedAt);
    } catch (BufferUnderflowException | DamagedDataException | IllegalArgumentException e) {
      DamagedDataException damaged = damaged(stream, key, "cannot be read");
      damaged.initCause(e);
      throw damaged;
    }
  }

  private static DamagedDataException damaged(StreamId stream, byte[] key, String how) {
    return new DamagedDataException(
        0, "the snapshot of stream " + stream + " at version " + version(key) + " " + how);
  }

  private static int checksum(byte[] key, byte[] value) {
    CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(value, CRC_END, value.length - CRC_END);
    return (int) crc.getValue();
  }
}
