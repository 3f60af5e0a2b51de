package io.varve.server.cli;

import io.varve.server.StartFailure;
import io.varve.server.backup.BackupException;
import io.varve.server.storage.StorageException;

/** Turns what stood in the way of a command on a folder into a {@link CommandFailure}. */
final class OfflineFailures {
  private OfflineFailures() {}

  /** Something that is done to a folder. */
  interface Work<T> {
    T run() throws StartFailure, BackupException;
  }

  /** The same for something that has no result. */
  interface Action {
    void run() throws StartFailure, BackupException;
  }

  static void toldOf(Action action) {
    var _ =
        told(
            () -> {
              action.run();
              return true;
            });
  }

  static <T> T told(Work<T> work) {
    try {
      return work.run();
    } catch (StartFailure e) {
      throw new CommandFailure(ExitCode.of(e.kind()), String.valueOf(e.getMessage()), e);
    } catch (BackupException e) {
      throw new CommandFailure(exitCode(e.kind()), e.sentence(), e);
    } catch (StorageException e) {
      throw new CommandFailure(ExitCode.STORAGE_UNUSABLE, String.valueOf(e.getMessage()), e);
    }
  }

  private static ExitCode exitCode(BackupException.Kind kind) {
    return switch (kind) {
      case REFUSED -> ExitCode.REFUSED;
      case FOLDER_UNUSABLE -> ExitCode.FOLDER_UNUSABLE;
      case DAMAGED -> ExitCode.STORAGE_UNUSABLE;
    };
  }
}
