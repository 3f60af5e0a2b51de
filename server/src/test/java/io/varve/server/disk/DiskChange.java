package io.varve.server.disk;

/**
 * Something that happened to a disk. Files are told apart by their inode, which a file made later
 * may have again; names are absolute. A moment is a length of the journal.
 */
sealed interface DiskChange {
  /** A new file, empty. */
  record Created(String name, long file) implements DiskChange {}

  /**
   * Bytes were written from an offset on.
   *
   * @param name what the file was called when it was opened, here as below
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Written(long file, String name, long offset, byte[] bytes) implements DiskChange {}

  /** A file has another length now; what is new in it is zeros. */
  record Truncated(long file, String name, long size) implements DiskChange {}

  /**
   * What a file held when somebody asked for that is on the disk.
   *
   * @param asked the moment
   */
  record Synced(long file, String name, long asked) implements DiskChange {}

  /** Somebody asked for that, and was told that it is not so. */
  record SyncFailed(long file, String name) implements DiskChange {}

  record Renamed(String from, String to) implements DiskChange {}

  record Unlinked(String name) implements DiskChange {}

  record Linked(String from, String to) implements DiskChange {}

  record FolderMade(String name) implements DiskChange {}

  record FolderRemoved(String name) implements DiskChange {}

  /**
   * The names that were in a folder when somebody asked for that, not what is behind them, are on
   * the disk.
   *
   * @param asked the moment
   */
  record FolderSynced(String name, long asked) implements DiskChange {}

  /** A change that could not be followed. */
  record Unseen(String what, String name) implements DiskChange {}
}
