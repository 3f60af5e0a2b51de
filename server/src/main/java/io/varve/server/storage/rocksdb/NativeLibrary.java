package io.varve.server.storage.rocksdb;

import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * RocksDB's native library, unpacked once to a fixed folder.
 *
 * <p>Left to itself, RocksDB unpacks it into the temp folder on every start, and a killed process
 * leaves its copy there: 17 MB each. Here the copy's folder is named by the library's checksum, so
 * that a new release never meets an old one's.
 */
final class NativeLibrary {
  private static final Object LOCK = new Object();
  private static boolean loaded; // guarded by LOCK

  private NativeLibrary() {}

  /**
   * Loads the library, unpacking it below the folder unless it is there already. Later calls do
   * nothing.
   */
  static void load(Path folder) {
    synchronized (LOCK) {
      if (loaded) {
        return;
      }
      try {
        RocksDB.loadLibrary(List.of(unpack(folder).toString()));
      } catch (IOException e) {
        throw new StorageException("cannot unpack RocksDB's native library into " + folder, e);
      } catch (UnsatisfiedLinkError e) {
        throw new StorageException(
            "cannot load RocksDB's native library from "
                + folder
                + " ("
                + e.getMessage()
                + "); the data folder must not lie on a file system that is mounted noexec",
            e);
      }
      loaded = true;
    }
  }

  /** The folder in which the library lies, complete. */
  static Path unpack(Path folder) throws IOException {
    URL resource =
        resource(
            Environment.getJniLibraryFileName("rocksdb"),
            Environment.getFallbackJniLibraryFileName("rocksdb"));
    // RocksDB.loadLibrary(paths) looks for this name, with "jni" twice, and not for the one in its
    // own JAR.
    String name = Environment.getJniLibraryFileName("rocksdbjni");
    JarURLConnection connection = (JarURLConnection) resource.openConnection();
    Path home = folder.resolve(Long.toHexString(connection.getJarEntry().getCrc()));
    Path library = home.resolve(name);
    if (!isWhole(library, connection.getJarEntry())) {
      Files.createDirectories(home);
      // Always the same name, so that a process killed here leaves one such file, and only until
      // the next start.
      Path unfinished = home.resolve(name + ".unfinished");
      try (InputStream in = connection.getInputStream();
          FileChannel out =
              FileChannel.open(
                  unfinished,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  StandardOpenOption.WRITE)) {
        in.transferTo(Channels.newOutputStream(out));
        out.force(true);
      }
      Files.move(unfinished, library, StandardCopyOption.ATOMIC_MOVE);
    }
    return home;
  }

  /**
   * Compares the checksum too, for what runs as code should be what was shipped; it takes a blink.
   */
  private static boolean isWhole(Path library, JarEntry original) throws IOException {
    if (!Files.exists(library) || Files.size(library) != original.getSize()) {
      return false;
    }
    CRC32 crc = new CRC32();
    byte[] buffer = new byte[64 * 1024];
    try (InputStream in = Files.newInputStream(library)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        crc.update(buffer, 0, read);
      }
    }
    return crc.getValue() == original.getCrc();
  }

  private static URL resource(String name, @Nullable String fallback) {
    ClassLoader loader = RocksDB.class.getClassLoader();
    URL resource = loader.getResource(name);
    if (resource == null && fallback != null) {
      resource = loader.getResource(fallback);
    }
    if (resource == null) {
      throw new StorageException("RocksDB has no native library for this platform (" + name + ")");
    }
    return resource;
  }
}
