package io.varve.server.storage.archive;

import io.varve.server.storage.EncodedEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.zip.Deflater;

/**
 * Writes one archive segment, from its first position to its last. Used by one thread at a time.
 */
public final class SegmentWriter implements AutoCloseable {
  /** A block is closed once its frames take this much; a larger event has a block of its own. */
  private static final int BLOCK_BYTES = 64 * 1024;

  /** A block covers at most so many positions, however few events are left at them. */
  private static final long BLOCK_POSITIONS = 64 * 1024;

  private final ArchiveFiles.Writer file;
  private final UUID storeId;
  private final long firstPosition;
  private final MessageDigest digest = sha256();
  private final Deflater deflater = new Deflater();
  private final ByteArrayOutputStream index = new ByteArrayOutputStream();

  private final ByteArrayOutputStream block = new ByteArrayOutputStream();
  private int blockEvents;
  private long blockFirst;
  private long nextPosition;

  private int blocks;
  private long events;
  private long eventBytes;
  private long length;

  /**
   * Begins an archive segment.
   *
   * @param file closed together with this
   */
  public SegmentWriter(ArchiveFiles.Writer file, UUID storeId, long firstPosition)
      throws IOException {
    this.file = file;
    this.storeId = storeId;
    this.firstPosition = firstPosition;
    this.blockFirst = firstPosition;
    this.nextPosition = firstPosition;
    write(SegmentLayout.head(storeId, firstPosition));
  }

  /**
   * What has become of a segment.
   *
   * @param lastPosition the last position that it covers
   * @param events how many events it holds
   * @param eventBytes how many bytes they take uncompressed
   * @param fileBytes how long the file is
   * @param sha256 of the file
   */
  public record Finished(
      long lastPosition, long events, long eventBytes, long fileBytes, String sha256) {}

  /**
   * Adds the events of the next positions.
   *
   * @param lastPosition the last position that they stand for: there may be none at it, or none at
   *     all
   */
  public void add(List<EncodedEvent> more, long lastPosition) throws IOException {
    for (EncodedEvent event : more) {
      int size = event.end() - event.frameStart();
      long position = event.position();
      if (blockEvents > 0
          && (block.size() + size > BLOCK_BYTES || position - blockFirst >= BLOCK_POSITIONS)) {
        closeBlock();
      }
      block.write(event.bytes(), event.frameStart(), size);
      blockEvents++;
      nextPosition = position + 1;
    }
    nextPosition = lastPosition + 1;
    if (block.size() >= BLOCK_BYTES || nextPosition - blockFirst >= BLOCK_POSITIONS) {
      closeBlock();
    }
  }

  /** How many bytes the events take so far, uncompressed. */
  public long eventBytes() {
    return eventBytes + block.size();
  }

  /** The position that is to be added next. */
  public long nextPosition() {
    return nextPosition;
  }

  private void closeBlock() throws IOException {
    byte[] frames = block.toByteArray();
    byte[] stored = deflate(frames);
    ByteBuffer entry =
        ByteBuffer.allocate(SegmentLayout.ENTRY_BYTES)
            .putLong(blockFirst)
            .putLong(nextPosition - 1)
            .putInt(blockEvents)
            .putLong(length)
            .putInt(stored.length)
            .putInt(frames.length)
            .putInt(SegmentLayout.checksum(stored, stored.length));
    index.write(entry.array(), 0, entry.capacity());
    write(stored);
    blocks++;
    events += blockEvents;
    eventBytes += frames.length;
    block.reset();
    blockEvents = 0;
    blockFirst = nextPosition;
  }

  private byte[] deflate(byte[] frames) {
    if (frames.length == 0) {
      return frames;
    }
    deflater.reset();
    deflater.setInput(frames);
    deflater.finish();
    ByteArrayOutputStream stored = new ByteArrayOutputStream(frames.length / 2);
    byte[] buffer = new byte[16 * 1024];
    while (!deflater.finished()) {
      stored.write(buffer, 0, deflater.deflate(buffer));
    }
    return stored.toByteArray();
  }

  /** Writes what is left, and makes the file durable and visible. */
  public Finished finish() throws IOException {
    if (nextPosition > blockFirst) {
      closeBlock();
    }
    long indexOffset = length;
    byte[] entries = index.toByteArray();
    write(entries);
    write(
        SegmentLayout.foot(
            new SegmentLayout.Foot(
                indexOffset,
                blocks,
                events,
                firstPosition,
                nextPosition - 1,
                storeId,
                SegmentLayout.checksum(entries, entries.length))));
    file.finish();
    return new Finished(
        nextPosition - 1, events, eventBytes, length, HexFormat.of().formatHex(digest.digest()));
  }

  private void write(byte[] bytes) throws IOException {
    file.write(bytes, 0, bytes.length);
    digest.update(bytes);
    length += bytes.length;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    deflater.end();
    file.close();
  }
}
