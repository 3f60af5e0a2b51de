package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;

/**
 * An entry of the archive's catalogue as bytes.
 *
 * <pre>
 *   format (1), last_position (8), events (8), event_bytes (8), file_bytes (8),
 *   first_recorded_at, last_recorded_at, archived_at: seconds (8) and nanos (4) each,
 *   sha256 (32), the file's name in UTF-8
 * </pre>
 *
 * <p>All numbers big-endian. The key is the first position.
 */
final class StoredSegment {
  private static final byte FORMAT = 1;
  private static final int FIXED_BYTES = 1 + 4 * Long.BYTES + 3 * StoredTime.BYTES + 32;
  private static final int SHA256_BYTES = 32;

  private StoredSegment() {}

  static byte[] encode(ArchiveSegment segment) {
    byte[] file = segment.file().getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer =
        ByteBuffer.allocate(FIXED_BYTES + file.length)
            .put(FORMAT)
            .putLong(segment.lastPosition())
            .putLong(segment.events())
            .putLong(segment.eventBytes())
            .putLong(segment.fileBytes());
    StoredTime.put(buffer, segment.firstRecordedAt());
    StoredTime.put(buffer, segment.lastRecordedAt());
    StoredTime.put(buffer, segment.archivedAt());
    return buffer.put(HexFormat.of().parseHex(segment.sha256())).put(file).array();
  }

  static ArchiveSegment decode(long firstPosition, byte[] value) {
    ByteBuffer buffer = ByteBuffer.wrap(value);
    if (value.length > 0 && buffer.get() != FORMAT) {
      throw new DamagedDataException(
          firstPosition,
          "the archive's catalogue has an entry at position "
              + firstPosition
              + " of a format that this release does not know");
    }
    try {
      long last = buffer.getLong();
      long events = buffer.getLong();
      long eventBytes = buffer.getLong();
      long fileBytes = buffer.getLong();
      Instant first = StoredTime.next(buffer);
      Instant latest = StoredTime.next(buffer);
      Instant archivedAt = StoredTime.next(buffer);
      byte[] sha256 = new byte[SHA256_BYTES];
      buffer.get(sha256);
      byte[] file = new byte[buffer.remaining()];
      buffer.get(file);
      return new ArchiveSegment(
          new String(file, StandardCharsets.UTF_8),
          firstPosition,
          last,
          events,
          eventBytes,
          fileBytes,
          first,
          latest,
          archivedAt,
          HexFormat.of().formatHex(sha256));
    } catch (BufferUnderflowException | DamagedDataException e) {
      DamagedDataException damaged =
          new DamagedDataException(
              firstPosition,
              "the archive's catalogue has an unreadable entry at position " + firstPosition);
      damaged.initCause(e);
      throw damaged;
    }
  }
}
