package io.varve.client.streams;

/**
 * How far a backup has come.
 *
 * @param stage what is being done
 * @param bytesDone bytes copied, or read again; 0 while the store is examined
 * @param bytesTotal bytes to copy, or to read again; 0 while the store is examined
 */
public record BackupProgress(Stage stage, long bytesDone, long bytesTotal) {
  /** What is being done. */
  public enum Stage {
    /** The store as it is at one moment is read and compared with its checksums. */
    EXAMINING,
    /** What the backup does not have yet is copied. */
    COPYING,
    /** Everything in the backup is read again. */
    VERIFYING
  }
}
