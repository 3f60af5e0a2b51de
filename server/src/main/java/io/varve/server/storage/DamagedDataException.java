package io.varve.server.storage;

/** Stored bytes are not what was written. Nothing of them has been returned. */
public final class DamagedDataException extends StorageException {
  private static final long serialVersionUID = 1L;

  private final long position;

  /**
   * @param position the log position at which the damage was met; 0 when it cannot be told
   */
  public DamagedDataException(long position, String message) {
    super(message);
    this.position = position;
  }

  /** The log position at which the damage was met; 0 when it cannot be told. */
  public long position() {
    return position;
  }
}
