package io.varve.server.storage;

/**
 * What was asked for has been moved to the archive, and the archive cannot be reached: its folder
 * is not set, a file is missing, or the disk that it is on does not answer. Nothing is known to be
 * lost. What is not in the archive is not concerned.
 */
public final class ArchiveUnavailableException extends StorageException {
  private static final long serialVersionUID = 1L;

  public ArchiveUnavailableException(String message) {
    super(message);
  }

  public ArchiveUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
