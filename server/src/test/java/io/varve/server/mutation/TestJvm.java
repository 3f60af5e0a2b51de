package io.varve.server.mutation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs tests in a JVM of their own, with some classes in place of others. */
final class TestJvm {
  /** Where Surefire says what is on the class path; without it, the JVM's own. */
  static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private final Path folder;

  /**
   * @param folder for what is written meanwhile; it is left empty
   */
  TestJvm(Path folder) {
    this.folder = folder;
  }

  /** What became of the tests. */
  sealed interface Result {
    /** All of them passed; how long each of them took, in their order. */
    record Passed(List<Duration> times) implements Result {}

    /**
     * One of them failed, and the others were not run any more.
     *
     * @param test its class and method
     * @param message why, in one line
     */
    record Failed(String test, String message) implements Result {}

    /** They did not end in time. */
    record Hung(Duration after) implements Result {}

    /** The JVM ended without a word. */
    record Died(int exitCode, String lastWords) implements Result {}
  }

  /**
   * Runs tests one after the other until one fails.
   *
   * @param classes these classes before those of the same names
   * @param tests class names, or {@code class#method}
   * @param deadline when the JVM is ended
   */
  Result run(@Nullable Path classes, List<String> tests, Duration deadline)
      throws IOException, InterruptedException {
    Path temp = Files.createDirectories(folder.resolve("tmp"));
    Path result = folder.resolve("result");
    Path output = folder.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Djava.io.tmpdir=" + temp.toAbsolutePath(),
            "-cp",
            classes == null
                ? CLASS_PATH
                : classes + System.getProperty("path.separator") + CLASS_PATH));
    String logging = System.getProperty("logback.configurationFile");
    if (logging != null) {
      command.add(1, "-Dlogback.configurationFile=" + logging);
    }
    command.add(UntilOneFails.class.getName());
    command.add(result.toString());
    command.addAll(tests);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS);
      List<String> lines = Files.exists(result) ? Files.readAllLines(result) : List.of();
      if (!ended) {
        return new Result.Hung(deadline);
      }
      return toResult(lines, tests.size(), process.exitValue(), output);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      process.waitFor();
      delete(temp);
      Files.deleteIfExists(result);
      Files.deleteIfExists(output);
    }
  }

  private static Result toResult(List<String> lines, int tests, int exitCode, Path output)
      throws IOException {
    List<Duration> times = new ArrayList<>();
    for (String line : lines) {
      String[] parts = line.split("\t", 3);
      if (parts[0].equals(UntilOneFails.FAILED)) {
        return new Result.Failed(parts[1], parts[2]);
      }
      times.add(Duration.ofMillis(Long.parseLong(parts[1])));
    }
    if (times.size() == tests && exitCode == 0) {
      return new Result.Passed(times);
    }
    List<String> said = Files.readAllLines(output);
    return new Result.Died(
        exitCode, String.join(" | ", said.subList(Math.max(0, said.size() - 5), said.size())));
  }

  /** Deletes a folder; what a process that was ended is still deleting may go meanwhile. */
  private static void delete(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
