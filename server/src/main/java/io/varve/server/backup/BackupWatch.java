package io.varve.server.backup;

/** Hears how far a backup, or what is done with one, has come. Whoever wants it to end throws. */
public interface BackupWatch {
  /** What is being done. */
  enum Stage {
    /** The store as it is at one moment is read and compared with its checksums; in events. */
    EXAMINING,
    /** What is not there yet is copied; in bytes. */
    COPYING,
    /** Everything in the backup is read again; in bytes. */
    VERIFYING
  }

  /** So much of so much. */
  void progress(Stage stage, long done, long total);
}
