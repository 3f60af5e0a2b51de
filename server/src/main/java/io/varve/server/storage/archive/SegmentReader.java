package io.varve.server.storage.archive;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads one archive segment, block by block. Holds the file's index and nothing open. Thread-safe.
 */
public final class SegmentReader {
  private static final int PIECE_BYTES = 1024 * 1024;
  private static final int MOST_EXPANSION = 1_100;

  private final ArchiveFiles files;
  private final String file;
  private final SegmentLayout.Foot foot;
  private final ByteBuffer index;

  /**
   * A block's place and what is in it.
   *
   * @param number its place among the blocks of its segment, from 0
   */
  public record Block(
      int number,
      long firstPosition,
      long lastPosition,
      int events,
      long offset,
      int storedBytes,
      int frameBytes,
      int checksum) {}

  private SegmentReader(
      ArchiveFiles files, String file, SegmentLayout.Foot foot, ByteBuffer index) {
    this.files = files;
    this.file = file;
    this.foot = foot;
    this.index = index;
  }

  /**
   * Opens a segment, reading its index.
   *
   * @param fileBytes how long the file is to be
   * @throws DamagedDataException when it is not what it should be
   * @throws IOException when it cannot be reached
   */
  public static SegmentReader open(
      ArchiveFiles files, String file, UUID storeId, long firstPosition, long fileBytes)
      throws IOException {
    if (fileBytes < SegmentLayout.HEAD_BYTES + SegmentLayout.FOOT_BYTES) {
      throw SegmentLayout.damaged(file, firstPosition, "it has only " + fileBytes + " bytes");
    }
    try {
      SegmentLayout.Foot foot =
          SegmentLayout.readFoot(
              file,
              files.read(file, fileBytes - SegmentLayout.FOOT_BYTES, SegmentLayout.FOOT_BYTES));
      long indexBytes = fileBytes - SegmentLayout.FOOT_BYTES - foot.indexOffset();
      if (!foot.storeId().equals(storeId) || foot.firstPosition() != firstPosition) {
        throw SegmentLayout.damaged(
            file,
            firstPosition,
            "it is of store " + foot.storeId() + " and begins at position " + foot.firstPosition());
      }
      if (foot.indexOffset() < SegmentLayout.HEAD_BYTES
          || foot.blocks() < 0
          || indexBytes != (long) foot.blocks() * SegmentLayout.ENTRY_BYTES
          || indexBytes > Integer.MAX_VALUE) {
        throw SegmentLayout.damaged(file, firstPosition, "its index has a wrong length");
      }
      byte[] index = files.read(file, foot.indexOffset(), Math.toIntExact(indexBytes));
      if (SegmentLayout.checksum(index, index.length) != foot.indexChecksum()) {
        throw SegmentLayout.damaged(file, firstPosition, "its index does not match its checksum");
      }
      SegmentReader reader = new SegmentReader(files, file, foot, ByteBuffer.wrap(index));
      reader.checkBlocks();
      return reader;
    } catch (EOFException e) {
      throw shorter(file, firstPosition, e);
    }
  }

  /** Whether each block lies where one can, and holds as much as one can. */
  private void checkBlocks() {
    long offset = SegmentLayout.HEAD_BYTES;
    long next = foot.firstPosition();
    for (int i = 0; i < foot.blocks(); i++) {
      Block block = block(i);
      // zlib makes a thousandth of what it is given at the very best.
      if (block.offset() != offset
          || block.storedBytes() < 0
          || block.storedBytes() > foot.indexOffset() - offset
          || block.frameBytes() < 0
          || block.frameBytes() / MOST_EXPANSION > block.storedBytes()
          || block.events() < 0
          || block.firstPosition() != next
          || block.lastPosition() < next) {
        throw SegmentLayout.damaged(
            file, foot.firstPosition(), "its index has a block that cannot be, number " + i);
      }
      offset += block.storedBytes();
      next = block.lastPosition() + 1;
    }
  }

  private static DamagedDataException shorter(String file, long position, EOFException e) {
    DamagedDataException damaged =
        SegmentLayout.damaged(file, position, "it is shorter than it should be");
    damaged.initCause(e);
    return damaged;
  }

  /** What a file is that is not what it should be, in a sentence without its subject. */
  public static String describe(ArchiveFiles files, String file, long fileBytes)
      throws IOException {
    String cutOff = "it is cut off, or is no archive segment at all";
    if (fileBytes < SegmentLayout.HEAD_BYTES + SegmentLayout.FOOT_BYTES) {
      return cutOff;
    }
    try {
      SegmentLayout.Foot foot =
          SegmentLayout.readFoot(
              file,
              files.read(file, fileBytes - SegmentLayout.FOOT_BYTES, SegmentLayout.FOOT_BYTES));
      return "it is a segment of store "
          + foot.storeId()
          + ", of positions "
          + foot.firstPosition()
          + " to "
          + foot.lastPosition();
    } catch (DamagedDataException | EOFException e) {
      return cutOff;
    }
  }

  /** The last position that it covers. */
  public long lastPosition() {
    return foot.lastPosition();
  }

  /** How many events it holds. */
  public long events() {
    return foot.events();
  }

  /** How many blocks it has. */
  public int blocks() {
    return foot.blocks();
  }

  /** How much memory this takes. */
  public int weight() {
    return index.capacity() + 200;
  }

  /** One of its blocks. */
  public Block block(int number) {
    int at = number * SegmentLayout.ENTRY_BYTES;
    return new Block(
        number,
        index.getLong(at),
        index.getLong(at + 8),
        index.getInt(at + 16),
        index.getLong(at + 20),
        index.getInt(at + 28),
        index.getInt(at + 32),
        index.getInt(at + 36));
  }

  /** The block that covers a position, which the segment does. */
  public Block blockAt(long position) {
    int low = 0;
    int high = foot.blocks() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (index.getLong(middle * SegmentLayout.ENTRY_BYTES + 8) < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return block(low);
  }

  /**
   * A block's events.
   *
   * @param block one that has some
   * @throws DamagedDataException when its bytes are not what was written
   * @throws IOException when they cannot be reached
   */
  public EventRun read(Block block) throws IOException {
    if (block.events() == 0) {
      throw new IllegalArgumentException("a block without events has nothing to read");
    }
    byte[] stored;
    try {
      stored = files.read(file, block.offset(), block.storedBytes());
    } catch (EOFException e) {
      throw shorter(file, block.firstPosition(), e);
    }
    if (SegmentLayout.checksum(stored, stored.length) != block.checksum()) {
      throw SegmentLayout.damaged(
          file,
          block.firstPosition(),
          "the block at position " + block.firstPosition() + " does not match its checksum");
    }
    return events(block, inflate(block, stored));
  }

  private byte[] inflate(Block block, byte[] stored) {
    byte[] frames = new byte[block.frameBytes()];
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(stored);
      int length = 0;
      while (length < frames.length && !inflater.finished()) {
        int more = inflater.inflate(frames, length, frames.length - length);
        if (more == 0) {
          break; // it is cut off, or wants a dictionary
        }
        length += more;
      }
      if (length == frames.length) {
        return frames;
      }
    } catch (DataFormatException e) {
      DamagedDataException damaged = unreadable(block);
      damaged.initCause(e);
      throw damaged;
    }
    throw unreadable(block);
  }

  private DamagedDataException unreadable(Block block) {
    return SegmentLayout.damaged(
        file,
        block.firstPosition(),
        "the block at position " + block.firstPosition() + " cannot be read");
  }

  private EventRun events(Block block, byte[] frames) {
    EventRun run =
        new EventRun(
            frames, 0, frames.length, block.events(), block.firstPosition(), block.lastPosition());
    List<EncodedEvent> events = run.events(); // which counts them
    long first = events.getFirst().position();
    long last = events.getLast().position();
    if (first < block.firstPosition() || last > block.lastPosition()) {
      throw unreadable(block);
    }
    return new EventRun(frames, 0, frames.length, block.events(), first, last);
  }

  /** The SHA-256 of the file as it is now, in lower-case hexadecimal digits. */
  public static String sha256(ArchiveFiles files, String file, long fileBytes) throws IOException {
    return sha256(files, file, fileBytes, _ -> {});
  }

  /**
   * The same, piece by piece.
   *
   * @param read hears of each piece how long it was
   */
  public static String sha256(ArchiveFiles files, String file, long fileBytes, LongConsumer read)
      throws IOException {
    MessageDigest digest = SegmentWriter.sha256();
    for (long at = 0; at < fileBytes; at += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, fileBytes - at);
      digest.update(files.read(file, at, length));
      read.accept(length);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Whether the file begins as it should; {@link #open} looks at its end only. */
  public boolean beginsWell() throws IOException {
    byte[] head = files.read(file, 0, SegmentLayout.HEAD_BYTES);
    return Arrays.equals(head, SegmentLayout.head(foot.storeId(), foot.firstPosition()));
  }
}
