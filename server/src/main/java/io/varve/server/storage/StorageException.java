package io.varve.server.storage;

/**
 * The disk or the database failed. Whatever was being written is in doubt, and whoever gets this
 * from a write must stop writing.
 */
public class StorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  public StorageException(String message) {
    super(message);
  }
}
