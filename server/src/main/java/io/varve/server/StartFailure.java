package io.varve.server;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a server could not be started, in one sentence that says what to do. */
public final class StartFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** What stood in the way. */
  public enum Kind {
    /** The data folder cannot be created, read or written. */
    FOLDER_UNUSABLE,
    /** Another server has the data folder open. */
    FOLDER_IN_USE,
    /** The address cannot be listened on. */
    ADDRESS_UNAVAILABLE,
    /** The database cannot be opened, or what is in it is damaged. */
    STORAGE_UNUSABLE,
    /** What the settings ask for cannot be, or is not safe. */
    CONFIGURATION
  }

  public StartFailure(Kind kind, String sentence, Throwable cause) {
    super(sentence, cause);
    this.kind = kind;
  }

  public StartFailure(Kind kind, String sentence) {
    super(sentence);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** What stood in the way of using a file, without the names of classes. */
  public static String reasonOf(IOException failure) {
    return switch (failure) {
      case AccessDeniedException _ -> "permission denied";
      case NoSuchFileException _ -> "no such file or folder";
      case FileSystemException e when e.getReason() != null -> String.valueOf(e.getReason());
      default -> String.valueOf(failure.getMessage());
    };
  }
}
