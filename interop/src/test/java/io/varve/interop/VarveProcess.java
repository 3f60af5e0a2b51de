package io.varve.interop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The server as a user starts it, in a process of its own. */
final class VarveProcess implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final Path JAR =
      Path.of(System.getProperty("basedir", ""))
          .toAbsolutePath()
          .resolve("../server/target/varve-server.jar")
          .normalize();

  private final Process process;
  private final Path errors;
  private final int port;

  private VarveProcess(Process process, Path errors, int port) {
    this.process = process;
    this.errors = errors;
    this.port = port;
  }

  /** Starts a server on a free port and waits until it serves. */
  static VarveProcess start(Path folder) throws IOException {
    return start(folder, List.of("--port", "0"));
  }

  /** Starts a server with access control, and an administrator, and waits until it serves. */
  static VarveProcess startGuarded(Path folder, String user, String password)
      throws IOException, InterruptedException {
    Path output = folder.resolve("user");
    ProcessBuilder adding =
        new ProcessBuilder(
                command(
                    folder,
                    List.of(
                        "users",
                        "add",
                        user,
                        "--role",
                        "administrator",
                        "--data",
                        folder.resolve("data").toString())))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    adding.environment().put("VARVE_NEW_PASSWORD", password);
    Process added = adding.start();
    try {
      assertThat(added.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      end(added);
    }
    assertThat(added.exitValue()).as(() -> "adding a user said: " + read(output)).isZero();
    return start(folder, List.of("--port", "0", "--access"));
  }

  private static List<String> command(Path folder, List<String> arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // starts sooner; how fast it gets is not the question
                "-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("temp")),
                "-jar",
                JAR.toString()));
    command.addAll(arguments);
    return command;
  }

  private static VarveProcess start(Path folder, List<String> settings) throws IOException {
    Path portFile = portFile(folder);
    Files.deleteIfExists(portFile);
    Path errors = folder.resolve("errors");
    List<String> serve =
        new ArrayList<>(
            List.of(
                "serve",
                "--data",
                folder.resolve("data").toString(),
                "--port-file",
                portFile.toString()));
    serve.addAll(settings);
    Process process =
        new ProcessBuilder(command(folder, serve))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    try {
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> Files.exists(portFile) || !process.isAlive());
      assertThat(process.isAlive()).as(() -> "the server runs; it said: " + read(errors)).isTrue();
      return new VarveProcess(
          process, errors, Integer.parseInt(Files.readString(portFile, UTF_8).strip()));
    } catch (IOException | RuntimeException | Error failure) {
      end(process); // nobody else knows of it
      throw failure;
    }
  }

  /** The file that has the port of the server on a folder, once it serves. */
  static Path portFile(Path folder) {
    return folder.resolve("port");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }

  int port() {
    return port;
  }

  /** What it has said on its error output. */
  String errors() {
    return read(errors);
  }

  /** Ends it between two instructions. */
  void kill() {
    end(process);
  }

  private static void end(Process process) {
    process.destroyForcibly();
    process.onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
