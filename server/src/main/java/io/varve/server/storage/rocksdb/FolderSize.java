package io.varve.server.storage.rocksdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * How much the files of a folder take on the disk. RocksDB's own figures leave the write-ahead log
 * out.
 */
final class FolderSize {
  private FolderSize() {}

  /**
   * The bytes of all files below a folder; 0 when there is none. Files that vanish meanwhile count
   * or do not.
   */
  static long of(Path folder) {
    long[] bytes = {0};
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              bytes[0] += attributes.size();
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look into the folder " + folder, e);
    }
    return bytes[0];
  }
}
