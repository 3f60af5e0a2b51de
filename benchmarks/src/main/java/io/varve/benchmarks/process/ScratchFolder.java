package io.varve.benchmarks.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder that is removed with everything in it, also when the program is told to stop. */
public final class ScratchFolder implements AutoCloseable {
  private final Path path;
  private final Thread atExit;

  private ScratchFolder(Path path) {
    this.path = path;
    this.atExit = new Thread(this::removeQuietly, "scratch-folder-end");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Makes one.
   *
   * @param parent where; it is made too, and stays. Null: the system's folder for what is temporary
   * @param name how its name begins
   */
  public static ScratchFolder make(@Nullable Path parent, String name) throws IOException {
    if (parent == null) {
      return new ScratchFolder(Files.createTempDirectory(name));
    }
    return new ScratchFolder(Files.createTempDirectory(Files.createDirectories(parent), name));
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    remove(path);
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException _) {
      // The JVM is ending; the hook finds nothing.
    }
  }

  private void removeQuietly() {
    try {
      remove(path);
    } catch (IOException e) {
      System.err.println("cannot remove " + path + ": " + e);
    }
  }

  /** Removes a folder with everything in it; does nothing if it is not there. */
  public static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
