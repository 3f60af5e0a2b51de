package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.postgresql.PostgreSql;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program of ours as a process of its own, started from its JAR, ready once it has told its port.
 */
final class RunningProgram implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path SERVER = Path.of("../server/target/varve-server.jar");
  private static final Path DEMO = Path.of("target/varve-bank-demo.jar");

  private final Process process;
  private final Path log;
  private final int port;

  private RunningProgram(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  /** A server over the data in this folder; port 0: any. */
  static RunningProgram server(Path folder, int port) throws IOException {
    return start(
        SERVER,
        folder,
        "serve",
        "--data",
        folder.resolve("data").toString(),
        "--port",
        "" + port,
        "--no-ops");
  }

  /** The demo over the server at this port, with its read model in this folder. */
  static RunningProgram demo(Path folder, int storePort) throws IOException {
    return demo(folder, storePort, 0);
  }

  /** The same at a port of its own; 0: any. */
  static RunningProgram demo(Path folder, int storePort, int port) throws IOException {
    return start(
        DEMO,
        folder,
        "--store",
        "127.0.0.1:" + storePort,
        "--data",
        folder.resolve("data").toString(),
        "--port",
        "" + port);
  }

  /** The same with its read model in a PostgreSQL database. */
  static RunningProgram demo(Path folder, int storePort, PostgreSql.NewDatabase database)
      throws IOException {
    return start(
        DEMO,
        folder,
        Map.of("BANK_DATABASE_PASSWORD", database.password()),
        "--store",
        "127.0.0.1:" + storePort,
        "--data",
        folder.resolve("data").toString(),
        "--database",
        database.url(),
        "--database-user",
        database.user(),
        "--port",
        "0");
  }

  private static RunningProgram start(Path jar, Path folder, String... arguments)
      throws IOException {
    return start(jar, folder, Map.of(), arguments);
  }

  private static RunningProgram start(
      Path jar, Path folder, Map<String, String> environment, String... arguments)
      throws IOException {
    assertThat(jar).as("built by 'mvn package'").exists();
    Files.createDirectories(folder);
    Path portFile = folder.resolve("port");
    Files.deleteIfExists(portFile);
    Path log = folder.resolve("log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx256m");
    command.add("-XX:TieredStopAtLevel=1"); // starts sooner; how fast it gets is not the question
    command.add("-jar");
    command.add(jar.toString());
    command.addAll(List.of(arguments));
    command.add("--port-file");
    command.add(portFile.toString());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      await().atMost(PATIENCE).until(() -> Files.exists(portFile) || !process.isAlive());
      assertThat(process.isAlive())
          .as(() -> "%s runs; %s, its log: %s".formatted(jar, ending(process), read(log)))
          .isTrue();
      return new RunningProgram(process, log, Integer.parseInt(Files.readString(portFile).strip()));
    } catch (RuntimeException | AssertionError e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static String ending(Process process) {
    return process.isAlive() ? "it is alive" : "it ended with exit code " + process.exitValue();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }

  /** What it has said so far. */
  String log() throws IOException {
    return Files.readString(log);
  }

  int port() {
    return port;
  }

  /** Tells it to stop, and waits until it has; its exit code. */
  int stop() throws InterruptedException, IOException {
    process.destroy();
    assertThat(process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
        .as("stops when told; its log: %s", Files.readString(log))
        .isTrue();
    return process.exitValue();
  }

  /** Ends it between two instructions, as kill -9 does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    assertThat(process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
