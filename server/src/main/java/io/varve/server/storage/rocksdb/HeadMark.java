package io.varve.server.storage.rocksdb;

import io.varve.server.storage.StorageException;
import io.varve.server.storage.VerifyWatch;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the log has come, noted in a small file beside it after every commit. Used by one thread
 * at a time.
 */
final class HeadMark implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HeadMark.class);

  /*
   * RocksDB takes whatever it cannot read in its write-ahead log for the place at which a crash tore the last write,
   * and leaves out everything behind it. For a torn write that is right. For a byte that went bad in the middle it is
   * not: acknowledged events would be gone without a word, and their positions would be given out again. The mark is
   * what tells the two apart.
   *
   *   0            8            16
   *   +------------+------------+
   *   | position   | ~position  |   big-endian
   *   +------------+------------+
   *
   * It is written after the log has been synced and is not synced itself, so it costs a system call and is never
   * ahead of the log. The death of the process leaves it exact. The loss of power may leave it as old as the
   * operating system's last write-back, some seconds: then it covers less, and never too much.
   */
  static final int BYTES = 2 * Long.BYTES;

  private final Path path;
  private final RandomAccessFile file; // and no channel: an interrupted thread would close that
  private final ByteBuffer buffer = ByteBuffer.allocate(BYTES);
  private final long found;

  private HeadMark(Path path, RandomAccessFile file, long found) {
    this.path = path;
    this.file = file;
    this.found = found;
  }

  /** Opens the file, creating it when it is missing. */
  static HeadMark open(Path path) {
    RandomAccessFile file = null;
    try {
      file = new RandomAccessFile(path.toFile(), "rw");
      return new HeadMark(path, file, read(path, file));
    } catch (IOException e) {
      StorageException failure = failed(path, e);
      if (file != null) {
        try {
          file.close();
        } catch (IOException closing) {
          failure.addSuppressed(closing);
        }
      }
      throw failure;
    }
  }

  private static long read(Path path, RandomAccessFile file) throws IOException {
    if (file.length() == 0) {
      return 0;
    }
    if (file.length() == BYTES) {
      long position = file.readLong();
      if (file.readLong() == ~position && position >= 0) {
        return position;
      }
    }
    log.warn("{} is damaged; whether the log has lost its end cannot be told from it", path);
    return 0;
  }

  /** The position that a file names; 0 when there is none, or it names none. */
  static long in(Path path) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      return read(path, file);
    } catch (FileNotFoundException e) {
      return 0;
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Holds a file against the log's last position; changes nothing. */
  static void verify(Path path, long last, VerifyWatch watch) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (IOException e) {
      watch.finding("the mark of how far the log has come, " + path + ", cannot be read: " + e);
      return;
    }
    ByteBuffer mark = ByteBuffer.wrap(bytes);
    if (bytes.length != BYTES || mark.getLong(0) != ~mark.getLong(Long.BYTES)) {
      watch.finding("the mark of how far the log has come, " + path + ", is damaged");
    } else if (mark.getLong(0) > last) {
      watch.finding(
          "the log ends at position "
              + last
              + ", but its mark says that it has held position "
              + mark.getLong(0)
              + ": the log has lost events");
    } else if (mark.getLong(0) < last) {
      watch.note(
          "the mark of how far the log has come is at position "
              + mark.getLong(0)
              + ", as after a loss of power; the next start mends it");
    }
  }

  /** The position that the file named when it was opened; 0 when it named none. */
  long found() {
    return found;
  }

  /** Notes that the log is durable up to a position. */
  void raiseTo(long position) {
    buffer.putLong(0, position).putLong(Long.BYTES, ~position);
    try {
      file.seek(0);
      file.write(buffer.array());
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      log.warn("{} could not be closed", path, e);
    }
  }

  private static StorageException failed(Path path, IOException cause) {
    return new StorageException(path + " cannot be used: " + cause.getMessage(), cause);
  }
}
