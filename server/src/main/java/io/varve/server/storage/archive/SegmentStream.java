package io.varve.server.storage.archive;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A file of an archive from its beginning to its end, piece by piece. */
public final class SegmentStream extends InputStream {
  private static final int PIECE_BYTES = 1024 * 1024;

  private final ArchiveFiles files;
  private final String name;
  private final long length;
  private long next;
  private InputStream piece = InputStream.nullInputStream();

  /**
   * @param length how many bytes the file is to have; an {@link java.io.EOFException} if it has
   *     fewer
   */
  public SegmentStream(ArchiveFiles files, String name, long length) {
    this.files = files;
    this.name = name;
    this.length = length;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int count) throws IOException {
    if (count == 0) {
      return 0;
    }
    int read = piece.read(target, offset, count);
    if (read >= 0 || next == length) {
      return read;
    }
    int bytes = (int) Math.min(PIECE_BYTES, length - next);
    piece = new ByteArrayInputStream(files.read(name, next, bytes));
    next += bytes;
    return piece.read(target, offset, count);
  }
}
