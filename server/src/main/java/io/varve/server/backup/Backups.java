package io.varve.server.backup;

import io.varve.server.backup.BackupException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Backups of a running server: into folders below the one that its settings allow. Thread-safe. */
public final class Backups {
  /** What every file system takes for the name of a folder. */
  private static final int MOST_NAME_BYTES = 255;

  private final @Nullable Path allowed;
  private final Path dataFolder;
  private final BackupWriter writer;
  private volatile long lastPosition;

  /**
   * @param allowed the folder below which backups may be made; null: nowhere
   * @param dataFolder where they must not be made
   */
  public Backups(@Nullable Path allowed, Path dataFolder, BackupWriter writer) {
    this.allowed = allowed;
    this.dataFolder = dataFolder;
    this.writer = writer;
  }

  /**
   * The folder that a caller has named.
   *
   * @param name relative to the folder that is allowed, or an absolute path inside it
   */
  public BackupFolder folder(String name) throws BackupException {
    Path root = allowed;
    if (root == null) {
      throw new BackupException(
          Kind.REFUSED,
          "this server makes no backups: its setting backup-folder, which says where they may be"
              + " made, is not set");
    }
    try {
      Path real = root.toRealPath();
      Path named = root.toAbsolutePath().normalize();
      Path folder = named.resolve(name).normalize();
      if (folder.startsWith(named)) {
        folder = real.resolve(named.relativize(folder));
      }
      if (!folder.startsWith(real) || leadsOutside(real, folder)) {
        throw new BackupException(
            Kind.REFUSED,
            "folder " + name + " is outside of " + root + ", the setting backup-folder");
      }
      if (folder.startsWith(dataFolder.toRealPath())) {
        throw new BackupException(
            Kind.REFUSED,
            "folder " + name + " is inside of the data folder, which it is to outlive");
      }
      for (Path part : real.relativize(folder)) {
        int bytes = part.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MOST_NAME_BYTES) {
          throw new BackupException(
              Kind.REFUSED,
              "folder has a part of " + bytes + " bytes; a name may have " + MOST_NAME_BYTES);
        }
      }
      Files.createDirectories(folder);
      return new BackupFolder(folder);
    } catch (InvalidPathException e) {
      throw new BackupException(Kind.REFUSED, "folder is no path: " + e.getReason(), e);
    } catch (IOException e) {
      throw new BackupException(
          Kind.FOLDER_UNUSABLE,
          "the folder " + root + " of the setting backup-folder cannot be used: " + reason(e),
          e);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof FileAlreadyExistsException there) {
      return there.getFile() + " is a file";
    }
    return e instanceof FileSystemException file && file.getReason() != null
        ? file.getFile() + ": " + file.getReason()
        : e.toString();
  }

  /** Whether what is there of a path already is a link to somewhere else. */
  private static boolean leadsOutside(Path root, Path folder) throws IOException {
    Path there = folder;
    while (!Files.exists(there)) {
      Path parent = there.getParent();
      if (parent == null) {
        return true;
      }
      there = parent;
    }
    return !there.toRealPath().startsWith(root);
  }

  /** Makes a backup, or brings one up to date. Takes long. */
  public BackupWriter.Made make(BackupFolder folder, BackupWatch watch) throws BackupException {
    BackupWriter.Made made = writer.write(folder, watch);
    lastPosition = made.manifest().position();
    return made;
  }

  /** Up to which position the last backup holds the log; 0 when none was made since the start. */
  public long lastPosition() {
    return lastPosition;
  }
}
