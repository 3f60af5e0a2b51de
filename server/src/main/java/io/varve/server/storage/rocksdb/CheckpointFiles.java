package io.varve.server.storage.rocksdb;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.RocksDB;

/**
 * The files of a database as of one moment, in a folder of their own that can be opened like any
 * other database.
 */
final class CheckpointFiles {
  /** Files with this ending are written once and never changed. */
  static final String IMMUTABLE = ".sst";

  private CheckpointFiles() {}

  /**
   * Writes the folder. The database deletes no file meanwhile.
   *
   * @param from the database's folder
   * @param files what belongs to it; of its list of files, which goes on growing, only the first so
   *     many bytes
   */
  static void write(Path from, Path target, RocksDB.LiveFiles files) throws IOException {
    for (String file : files.files) {
      String name = Path.of(file).getFileName().toString(); // RocksDB begins it with a slash
      Path source = from.resolve(name);
      Path copy = target.resolve(name);
      if (name.endsWith(IMMUTABLE)) {
        linkOrCopy(source, copy);
      } else if (name.startsWith("MANIFEST-")) {
        copyStart(source, copy, files.manifestFileSize);
        Files.writeString(target.resolve("CURRENT"), name + "\n", StandardCharsets.UTF_8);
      } else if (!name.equals("CURRENT")) {
        Files.copy(source, copy);
      }
    }
  }

  /** A link costs nothing; not every file system has them. */
  private static void linkOrCopy(Path source, Path copy) throws IOException {
    try {
      Files.createLink(copy, source);
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.copy(source, copy);
    }
  }

  private static void copyStart(Path source, Path copy, long length) throws IOException {
    try (InputStream in = Files.newInputStream(source);
        OutputStream out = Files.newOutputStream(copy)) {
      byte[] buffer = new byte[64 * 1024];
      long left = length;
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          throw new IOException(source + " ends before its " + length + " bytes");
        }
        out.write(buffer, 0, read);
        left -= read;
      }
    }
  }
}
