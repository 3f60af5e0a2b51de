package io.varve.bank.readmodel;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one bank, which is its own while it runs. The folder has a name that stays, so that
 * a bank that was killed is known again when it comes back: what it has a lease on it goes on with
 * at once.
 */
final class DataFolder implements AutoCloseable {

  private final FileChannel lock;
  private final String name;

  private DataFolder(FileChannel lock, String name) {
    this.lock = lock;
    this.name = name;
  }

  /**
   * Takes a folder, and makes it if it is not there.
   *
   * @throws IOException it cannot be made, or another bank has it
   */
  static DataFolder take(Path folder) throws IOException {
    Files.createDirectories(folder);
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (lock(channel) == null) {
        throw new IOException("another bank uses the folder " + folder + "; give each its own");
      }
      return new DataFolder(channel, name(folder.resolve("name")));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // by a bank in this process
    }
  }

  /** Written beside and moved into place: there is never half a name. */
  private static String name(Path file) throws IOException {
    if (!Files.exists(file)) {
      Path beside = file.resolveSibling("name.new");
      Files.writeString(beside, "bank-demo-" + UUID.randomUUID());
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
    return Files.readString(file).strip();
  }

  /** What the bank of this folder is called among others. */
  String name() {
    return name;
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
