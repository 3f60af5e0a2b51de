package io.varve.server.storage.rocksdb;

import java.nio.file.Path;

/**
 * Everything that may lie in a data folder, and what a backup does with it. Whoever adds a file or
 * a database to the data folder adds it here: a test finds what is not.
 */
public enum FolderPart {
  /** Held by the process that has the folder open. */
  LOCK("lock", InBackup.LEFT_OUT),
  /** How far the log has come: of the log itself, and written anew by a restore. */
  HEAD("head", InBackup.LEFT_OUT),
  /** Cached folds of streams. */
  SNAPSHOTS("snapshots", InBackup.DATABASE),
  /** What consumer groups have done. */
  GROUPS("groups", InBackup.DATABASE),
  /** The truth. The last of the databases, so that none of the others is ahead of it. */
  LOG("log", InBackup.DATABASE),
  /** Derived from the log, and made from it by a restore. */
  INDEX("index", InBackup.LEFT_OUT),
  /** The index that is being made from the log; takes the place of the other once it is done. */
  INDEX_REBUILDING("index.rebuilding", InBackup.LEFT_OUT),
  /** The index that a new one has taken the place of. */
  INDEX_REPLACED("index.replaced", InBackup.LEFT_OUT),
  /** RocksDB's native library. */
  NATIVE("native", InBackup.LEFT_OUT),
  /** What a backup that is being made copies from. */
  FROZEN("backup.frozen", InBackup.LEFT_OUT),
  /** There while a restore has not come to its end. */
  RESTORING("restoring", InBackup.LEFT_OUT);

  private final String fileName;
  private final InBackup inBackup;

  /** What becomes of a part in a backup. */
  public enum InBackup {
    /** A database, kept as it is at the moment of the backup. */
    DATABASE,
    /** Not kept: it is derived from what is, or means nothing elsewhere. */
    LEFT_OUT
  }

  FolderPart(String fileName, InBackup inBackup) {
    this.fileName = fileName;
    this.inBackup = inBackup;
  }

  /** The name of the file or folder in the data folder. */
  public String fileName() {
    return fileName;
  }

  /** What becomes of it in a backup. */
  public InBackup inBackup() {
    return inBackup;
  }

  /** Where it is in a data folder. */
  public Path in(Path dataFolder) {
    return dataFolder.resolve(fileName);
  }
}
