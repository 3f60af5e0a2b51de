package io.varve.interop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that uses a client in another language, in a process of its own. */
final class ClientProgram implements AutoCloseable {
  private final Process process;
  private final Path output;
  private final Path errors;

  private ClientProgram(Process process, Path output, Path errors) {
    this.process = process;
    this.output = output;
    this.errors = errors;
  }

  static ClientProgram start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    Path output = folder.resolve("program.out");
    Path errors = folder.resolve("program.err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    builder.environment().putAll(environment);
    return new ClientProgram(builder.start(), output, errors);
  }

  /** What it has printed so far, in whole lines. */
  List<String> lines() throws IOException {
    String printed = Files.readString(output, UTF_8);
    return printed.substring(0, printed.lastIndexOf('\n') + 1).lines().toList();
  }

  /** Waits until it has printed a line. */
  void awaitLine(String line) throws IOException {
    await()
        .atMost(VarveProcess.PATIENCE)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> lines().contains(line) || !process.isAlive());
    assertThat(lines()).as(() -> "what it printed; " + this).contains(line);
  }

  void mustEndWell() throws InterruptedException {
    assertThat(process.waitFor(VarveProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .as(() -> "it ends; " + this)
        .isTrue();
    assertThat(process.exitValue()).as(() -> "its exit code; " + this).isZero();
  }

  @Override
  public String toString() {
    return "it printed: " + read(output) + "\nand complained: " + read(errors);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
