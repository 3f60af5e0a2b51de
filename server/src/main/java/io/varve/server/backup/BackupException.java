package io.varve.server.backup;

/** A backup could not be made, read or put back; the sentence says why, and what to do. */
public final class BackupException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** What stood in the way. */
  public enum Kind {
    /** What was asked for cannot be had from this folder or at this time; nothing is broken. */
    REFUSED,
    /** A folder cannot be created, read or written, or the disk is full. */
    FOLDER_UNUSABLE,
    /** The store, or the backup, is damaged. */
    DAMAGED
  }

  public BackupException(Kind kind, String sentence) {
    super(sentence);
    this.kind = kind;
  }

  public BackupException(Kind kind, String sentence, Throwable cause) {
    super(sentence, cause);
    this.kind = kind;
  }

  /** What stood in the way. */
  public Kind kind() {
    return kind;
  }

  /** The sentence. */
  public String sentence() {
    return String.valueOf(getMessage());
  }
}
