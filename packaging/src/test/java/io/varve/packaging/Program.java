package io.varve.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of an installed program, or of what installs it. */
final class Program implements AutoCloseable {
  /** Only what hangs takes longer. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Process process;
  private final Path output;

  private Program(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts it with nothing in its environment but what a clean machine has. */
  static Program start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    Path output = Files.createTempFile(folder, "program-", ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().putAll(environment);
    return new Program(builder.start(), output);
  }

  /** Runs it to its end, which must be a good one, and tells what it said. */
  static String run(Path folder, Map<String, String> environment, List<String> command)
      throws Exception {
    try (Program program = start(folder, environment, command)) {
      assertThat(program.exitCode()).as("%s: %s", command, program.output()).isZero();
      return program.output();
    }
  }

  /** Waits until it has written its port. */
  String port(Path file) throws IOException {
    await()
        .atMost(PATIENCE)
        .until(() -> (Files.exists(file) && Files.size(file) > 0) || !process.isAlive());
    assertThat(process.isAlive()).as(output()).isTrue();
    return Files.readString(file).strip();
  }

  /** Asks it, or what it has started, to stop, and waits. */
  int stop() throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    return exitCode();
  }

  /** The same, where it stops by itself what it has started. */
  int stopItself() throws InterruptedException {
    process.destroy();
    return exitCode();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(output);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join();
  }
}
