package io.varve.server.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The disk below a server's data folder: it puts down every change, and fails when it is told to.
 * It is a library in C that stands between the server's process and the system; see {@code
 * faulty_disk.c}. Without Linux tests of it are skipped; without a C compiler too, but under {@code
 * VARVE_CI}, where they fail.
 */
public final class FaultyDisk {
  private static final Path SOURCE =
      Path.of(System.getProperty("basedir", ""))
          .toAbsolutePath()
          .resolve("src/test/native/faulty_disk.c");

  private static final int CONTROL_BYTES = 40 + 256;

  private final Path library;
  private final Path folder;
  private final Path journal;
  private final Path control;
  private final ByteBuffer told;
  private final Duration syncWait;
  private @Nullable DiskImage origin;

  /** Kinds of calls that can fail. */
  public enum Call {
    WRITE(1),
    SYNC(2),
    READ(4),
    CREATE(8),
    RENAME(16),
    RESIZE(32);

    private final int bit;

    Call(int bit) {
      this.bit = bit;
    }
  }

  /** How a call fails, as the system would say it. */
  public enum Failure {
    NO_SPACE(28),
    IO_ERROR(5);

    private final int errno;

    Failure(int errno) {
      this.errno = errno;
    }
  }

  private FaultyDisk(
      Path library, Path folder, Path journal, Path control, ByteBuffer told, Duration syncWait) {
    this.library = library;
    this.folder = folder;
    this.journal = journal;
    this.control = control;
    this.told = told;
    this.syncWait = syncWait;
  }

  /**
   * A disk below a folder.
   *
   * @param folder the data folder; it exists
   * @param work where the disk keeps its own files; it exists, and is not in the data folder
   * @param syncWait how long each sync takes at least
   */
  public static FaultyDisk below(Path folder, Path work, Duration syncWait) throws Exception {
    Path control = work.resolve("disk-control");
    try (FileChannel channel =
        FileChannel.open(
            control,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ByteBuffer told =
          channel.map(MapMode.READ_WRITE, 0, CONTROL_BYTES).order(ByteOrder.nativeOrder());
      return new FaultyDisk(
          compiled(work),
          folder.toRealPath(),
          work.resolve("disk-journal"),
          control,
          told,
          syncWait);
    }
  }

  private static Path compiled(Path work) throws Exception {
    if (!System.getProperty("os.name").equals("Linux")) {
      Assumptions.abort("a faulty disk is made for Linux");
    }
    Path library = work.resolve("faulty-disk.so");
    Path said = work.resolve("faulty-disk.log");
    String problem;
    try {
      Process compiler =
          new ProcessBuilder(
                  "cc", "-O2", "-shared", "-fPIC", "-o", library.toString(), SOURCE.toString())
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      assertThat(compiler.waitFor(5, TimeUnit.MINUTES)).as("the compiler ends").isTrue();
      problem = compiler.exitValue() == 0 ? "" : "it says: " + textOf(said);
    } catch (IOException e) {
      problem = String.valueOf(e.getMessage());
    }
    if (!problem.isEmpty() && System.getenv("VARVE_CI") == null) {
      Assumptions.abort("a C compiler (cc) for Linux with glibc makes the faulty disk: " + problem);
    }
    assertThat(problem).as("what keeps cc from making the faulty disk").isEmpty();
    return library;
  }

  private static String textOf(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** A place for files that are not on this disk. */
  public Path besides(String name) {
    return control.resolveSibling(name);
  }

  /** What a process must have in its environment to be on this disk. */
  public Map<String, String> environment() {
    return Map.of(
        "LD_PRELOAD", library.toString(),
        "FAULTY_DISK_ROOT", folder.toString(),
        "FAULTY_DISK_JOURNAL", journal.toString(),
        "FAULTY_DISK_CONTROL", control.toString(),
        "FAULTY_DISK_SYNC_US", Long.toString(syncWait.toNanos() / 1_000));
  }

  // ---- failing

  /**
   * From now on calls fail.
   *
   * @param skip how many of them still succeed before
   * @param times how many fail then; negative for all
   * @param shorten whether the first write that fails writes half of its bytes instead, as a disk
   *     does that is just full
   * @param part files whose name has this in it; empty for all
   */
  public void fail(
      Call call, Failure failure, long skip, long times, boolean shorten, String part) {
    told.putInt(0, 0);
    told.putInt(4, failure.errno);
    told.putLong(8, skip);
    told.putLong(16, times);
    told.putLong(24, 0);
    told.putInt(32, shorten ? 1 : 0);
    byte[] name = part.getBytes(UTF_8);
    told.put(40, name).put(40 + name.length, (byte) 0);
    told.putInt(0, call.bit);
  }

  /** Nothing fails any more. */
  public void recover() {
    told.putInt(0, 0);
  }

  /** How many calls have failed since they were told to. */
  public long failed() {
    return told.getLong(24);
  }

  // ---- ending

  /**
   * Kills the process that is on this disk, between two changes: one that is killed from outside
   * may have made a change that has not been put down. Returns when it has ended.
   */
  public void kill(Process process) {
    told.putInt(36, 1);
    try {
      process.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    } finally {
      told.putInt(36, 0);
    }
  }

  // ---- looking back

  /** How long the journal is: a moment in the life of the disk. */
  public long moment() {
    try {
      return Files.exists(journal) ? Files.size(journal) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins to put down what happens from now on; no process is on the disk. */
  public void begin() throws IOException {
    Files.deleteIfExists(journal);
    origin = new DiskImage(folder);
  }

  /** What has happened since it began. */
  public DiskHistory history() throws IOException {
    return history(_ -> true);
  }

  /**
   * What would have happened if some kinds of changes had not.
   *
   * @param believed the kinds that did; see {@link DiskHistory#kindOf}
   */
  public DiskHistory history(Predicate<String> believed) throws IOException {
    DiskImage first = origin;
    if (first == null) {
      throw new IllegalStateException("nothing has been put down");
    }
    return new DiskHistory(folder, first.copy(), DiskJournal.read(journal), believed);
  }
}
