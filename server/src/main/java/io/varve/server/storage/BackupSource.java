package io.varve.server.storage;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of the data folder that belongs to a backup, and can be had as it is at one moment while
 * it is used. Thread-safe.
 */
public interface BackupSource {
  /** What the part is called in the data folder. */
  String name();

  /**
   * Writes the part as of one moment during the call. What is written afterwards does not change
   * it. May hold up writers for some milliseconds.
   *
   * @param target a folder that is there and empty, best on the file system of the data folder
   * @throws StorageException the disk or the database failed; what is in the target means nothing
   */
  void freeze(Path target);

  /**
   * Reads all of what {@link #freeze} has written.
   *
   * @param watch hears how far it has come, and of damage
   * @return what it holds if it is the log; null for any other part
   */
  @Nullable LogExtent examine(Path frozen, VerifyWatch watch);

  /**
   * The newest event up to a position in what {@link #freeze} has written; null when there is none,
   * or the part is not the log.
   *
   * @throws StorageException it cannot be read
   */
  default @Nullable EventMark newestUpTo(Path frozen, long position) {
    return null;
  }

  /**
   * What else belongs to what {@link #freeze} has written.
   *
   * @throws StorageException it cannot be had
   */
  default List<OutsideFile> outside(Path frozen) {
    return List.of();
  }
}
