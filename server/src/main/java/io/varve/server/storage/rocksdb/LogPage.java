package io.varve.server.storage.rocksdb;

import io.varve.server.storage.EventRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The events of a page of the log, while it is read. A large chunk has an array of its own; small
 * ones, such as commits of single events leave, are laid end to end in one array and are one run.
 */
final class LogPage {
  /** Chunks that are no larger are laid behind one another. */
  private static final int SMALL_BYTES = 4 * 1024;

  private static final int FIRST_BYTES = 2 * SMALL_BYTES;

  private final int maxBytes;
  private final List<EventRun> runs = new ArrayList<>();
  private final CRC32C crc = new CRC32C();

  /** What lay where the header of a small chunk is looked at: the end of the frames before it. */
  private final byte[] covered = new byte[Chunk.HEADER_BYTES];

  private byte[] small = {};
  private int length;

  // The run of small chunks that the next one belongs to: its frames, and which events they are.
  private int start = Chunk.HEADER_BYTES;
  private int end = Chunk.HEADER_BYTES;
  private int count; // not by its positions: between two chunks some may have been reclaimed
  private long firstPosition;
  private long lastPosition;

  /**
   * @param maxBytes once there are so many, the page is full
   */
  LogPage(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  boolean isFull() {
    return length >= maxBytes;
  }

  /** Adds events that lie in an array of their own. */
  void add(EventRun run) {
    endRun();
    runs.add(run);
    length += run.length();
  }

  /**
   * Adds a chunk if it is small, has an event at each position, and is sound.
   *
   * @param key its key
   * @param to the last position that it may cover
   * @return the last position that it covers; 0 when it has not been added
   */
  long addSmall(byte[] key, Database.Row row, long to) {
    if (maxBytes < SMALL_BYTES) {
      return 0; // a page of few events, for which an array for many is too much
    }
    if (small.length - end < SMALL_BYTES) {
      small = Arrays.copyOf(small, larger());
    }
    int at = end - Chunk.HEADER_BYTES;
    System.arraycopy(small, at, covered, 0, Chunk.HEADER_BYTES);
    int size = row.copy(small, at, SMALL_BYTES);
    long last = size > SMALL_BYTES ? 0 : Chunk.lastOfWhole(key, small, at, size, crc);
    System.arraycopy(covered, 0, small, at, Chunk.HEADER_BYTES);
    if (last == 0 || last > to) {
      return 0;
    }
    long first = Keys.toLong(key, 0);
    if (count == 0) {
      firstPosition = first;
    }
    count += (int) (last - first + 1);
    lastPosition = last;
    end += size - Chunk.HEADER_BYTES;
    length += size - Chunk.HEADER_BYTES;
    return last;
  }

  /** Few chunks fit into the first array, a page into the second. */
  private int larger() {
    return small.length == 0
        ? FIRST_BYTES
        : Math.max(2 * small.length, Math.min(maxBytes, Chunk.TARGET_BYTES) + FIRST_BYTES);
  }

  private void endRun() {
    if (count > 0) {
      runs.add(new EventRun(small, start, end - start, count, firstPosition, lastPosition));
      start = end;
      count = 0;
    }
  }

  /** Everything added, in its order. */
  List<EventRun> runs() {
    endRun();
    return runs;
  }
}
