package io.varve.server;

import static java.util.Objects.requireNonNull;

import io.varve.server.StartFailure.Kind;
import io.varve.server.storage.rocksdb.FolderPart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data folder that this process alone has open. The lock is the operating system's and goes with
 * the process.
 */
final class DataFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DataFolder.class);
  private static final String LOCK_FILE = "lock";

  private final Path path;
  private final FileChannel channel;

  private DataFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Opens a folder that must be there. */
  static DataFolder openExisting(Path folder) throws StartFailure {
    Path path = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(path)) {
      throw new StartFailure(
          Kind.FOLDER_UNUSABLE,
          path + (Files.exists(path) ? " is a file" : " is not there") + "; name a data folder");
    }
    return open(path);
  }

  /** Opens a folder, creating it when it is missing. */
  static DataFolder open(Path folder) throws StartFailure {
    Path path = folder.toAbsolutePath().normalize();
    try {
      create(path);
    } catch (FileAlreadyExistsException e) {
      throw new StartFailure(
          Kind.FOLDER_UNUSABLE,
          "the data folder " + path + " is a file; name a folder with --data",
          e);
    } catch (IOException e) {
      throw unusable(path, e);
    }
    if (!Files.isReadable(path) || !Files.isWritable(path) || !Files.isExecutable(path)) {
      throw new StartFailure(
          Kind.FOLDER_UNUSABLE,
          "the data folder "
              + path
              + " cannot be read and written by this user; change its owner or its permissions");
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new StartFailure(
            Kind.FOLDER_IN_USE,
            "another Varve server has the data folder "
                + path
                + " open; stop it, or name another folder with --data");
      }
      return new DataFolder(path, channel);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  /** Creates a folder where it is missing, and those above it. */
  private static void create(Path path) throws IOException {
    Path above = path.getParent();
    if (above == null) {
      return;
    }
    if (!Files.exists(above)) {
      create(above);
    }
    boolean made = !Files.isDirectory(path);
    Files.createDirectories(path);
    try {
      sync(above); // in any case: whoever made it may have been killed before this
    } catch (IOException e) {
      if (made) {
        throw e;
      }
      log.warn("the names in {} cannot be synced: {}", above, e.getMessage());
    }
  }

  /**
   * Puts the names in a folder on the disk: a file that is synced is lost with the power all the
   * same while its name is not.
   */
  private static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (AccessDeniedException e) {
      // Nobody but its owner may look into it, or the system opens no folders.
      log.debug("the names in {} are not synced", folder, e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by this very process
    }
  }

  private static StartFailure unusable(Path path, IOException cause) {
    return new StartFailure(
        Kind.FOLDER_UNUSABLE,
        "the data folder " + path + " cannot be used: " + StartFailure.reasonOf(cause),
        cause);
  }

  Path path() {
    return path;
  }

  /**
   * Puts the names of what lies in the folder on the disk. What has been made in it is safe only
   * after this; the databases see to what is in their own folders.
   */
  void sync() throws StartFailure {
    try {
      sync(path);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  /** The same of Varve's own folders in it too. */
  void syncAll() throws StartFailure {
    sync();
    for (FolderPart part : FolderPart.values()) {
      if (Files.isDirectory(part.in(path))) {
        syncBelow(part.in(path));
      }
    }
  }

  private void syncBelow(Path top) throws StartFailure {
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path folder : paths.filter(Files::isDirectory).toList()) {
        sync(folder);
      }
    } catch (IOException e) {
      throw unusable(path, e);
    } catch (UncheckedIOException e) {
      throw unusable(path, requireNonNull(e.getCause()));
    }
  }

  /** Lets others open the folder. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      log.warn("the lock of the data folder {} could not be released", path, e);
    }
  }
}
