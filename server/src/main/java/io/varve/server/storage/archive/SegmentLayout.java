package io.varve.server.storage.archive;

import io.varve.server.storage.DamagedDataException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The bytes of an archive segment.
 *
 * <pre>
 *   head    "VARVEARC" | format (4) | store id (16) | first position (8)
 *   blocks  frames, event after event, compressed (zlib), block after block
 *   index   for each block: first position (8) | last position (8) | events (4) |
 *           offset (8) | stored bytes (4) | frames' bytes (4) | crc32c of the stored bytes (4)
 *   foot    offset of the index (8) | blocks (4) | events (8) | first position (8) | last position (8) |
 *           store id (16) | format (4) | crc32c of the index (4) | crc32c of the foot so far (4) | "VARVEEND"
 * </pre>
 *
 * <p>All numbers big-endian. Blocks cover all positions from the first to the last without a gap;
 * one whose events have all been reclaimed has no bytes.
 */
final class SegmentLayout {
  static final int FORMAT = 1;
  static final int HEAD_BYTES = 36;
  static final int ENTRY_BYTES = 40;
  static final int FOOT_BYTES = 72;

  private static final byte[] BEGIN = "VARVEARC".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "VARVEEND".getBytes(StandardCharsets.US_ASCII);
  private static final int FOOT_CHECKED_BYTES = FOOT_BYTES - Integer.BYTES - END.length;

  private SegmentLayout() {}

  /** What the foot says. */
  record Foot(
      long indexOffset,
      int blocks,
      long events,
      long firstPosition,
      long lastPosition,
      UUID storeId,
      int indexChecksum) {}

  static byte[] head(UUID storeId, long firstPosition) {
    return ByteBuffer.allocate(HEAD_BYTES)
        .put(BEGIN)
        .putInt(FORMAT)
        .putLong(storeId.getMostSignificantBits())
        .putLong(storeId.getLeastSignificantBits())
        .putLong(firstPosition)
        .array();
  }

  static byte[] foot(Foot foot) {
    ByteBuffer buffer =
        ByteBuffer.allocate(FOOT_BYTES)
            .putLong(foot.indexOffset())
            .putInt(foot.blocks())
            .putLong(foot.events())
            .putLong(foot.firstPosition())
            .putLong(foot.lastPosition())
            .putLong(foot.storeId().getMostSignificantBits())
            .putLong(foot.storeId().getLeastSignificantBits())
            .putInt(FORMAT)
            .putInt(foot.indexChecksum());
    buffer.putInt(checksum(buffer.array(), FOOT_CHECKED_BYTES)).put(END);
    return buffer.array();
  }

  static Foot readFoot(String file, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    byte[] end = new byte[END.length];
    buffer.get(FOOT_BYTES - END.length, end);
    if (!java.util.Arrays.equals(end, END)
        || buffer.getInt(FOOT_CHECKED_BYTES) != checksum(bytes, FOOT_CHECKED_BYTES)) {
      throw damaged(file, 0, "it does not end as an archive segment does");
    }
    long indexOffset = buffer.getLong();
    int blocks = buffer.getInt();
    long events = buffer.getLong();
    long first = buffer.getLong();
    long last = buffer.getLong();
    UUID storeId = new UUID(buffer.getLong(), buffer.getLong());
    int format = buffer.getInt();
    if (format != FORMAT) {
      throw damaged(file, first, "it has format " + format + ", which this release does not know");
    }
    return new Foot(indexOffset, blocks, events, first, last, storeId, buffer.getInt());
  }

  static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  static DamagedDataException damaged(String file, long position, String problem) {
    return new DamagedDataException(
        position, "the archive segment " + file + " is damaged: " + problem);
  }
}
