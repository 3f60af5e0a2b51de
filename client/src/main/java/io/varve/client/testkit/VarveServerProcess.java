package io.varve.client.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.VarveClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real server for tests, in a process of its own, on a free port of loopback, over a new
 * temporary folder that is deleted at the end. It can be killed between two instructions and
 * started again on the same port and data, which is how a program's answer to a crash is tested.
 *
 * <p>{@code io.varve:varve-server} must be on the test's class path, and the tests must run on the
 * Java that it needs. Not for use by several threads.
 *
 * <pre>{@code
 * try (VarveServerProcess server = VarveServerProcess.start();
 *     VarveClient store = server.connect()) {
 *   store.append("account-42", ExpectedVersion.noStream(), opened);
 *   server.kill();
 *   server.restart();                                // same port, same data
 *   store.readStream(ReadStream.of("account-42"));
 * }
 * }</pre>
 */
public final class VarveServerProcess implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String MAIN = "io.varve.server.boot.Boot";
  private static final int TRIES = 5;

  /** How a server ends whose port is taken. */
  private static final int ADDRESS_UNAVAILABLE = 69;

  private final Path folder;
  private final Thread atExit;
  private Process process;
  private int port;

  private VarveServerProcess(Path folder) {
    this.folder = folder;
    this.process = launch(folder, LastingPort.free());
    this.port = awaitFirstPort();
    // For a test run that is ended without its last steps.
    this.atExit = new Thread(() -> process.destroyForcibly(), "varve-server-process-end");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts a server and waits until it serves.
   *
   * @throws IllegalStateException it does not start; the message has what it said
   */
  public static VarveServerProcess start() {
    try {
      Class.forName(MAIN, false, VarveServerProcess.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "no server on the class path: add io.varve:varve-server in scope test", e);
    }
    try {
      return new VarveServerProcess(Files.createTempDirectory("varve-server-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Process launch(Path folder, int port) {
    Path portFile = folder.resolve("port");
    try {
      Files.deleteIfExists(portFile);
      Path temp = Files.createDirectories(folder.resolve("tmp"));
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-XX:TieredStopAtLevel=1", // starts sooner; how fast it gets is not the question
              "-Xmx256m",
              "-Djava.io.tmpdir=" + temp,
              "-cp",
              System.getProperty("java.class.path"),
              MAIN,
              "serve",
              "--data",
              folder.resolve("data").toString(),
              "--port",
              Integer.toString(port),
              "--port-file",
              portFile.toString(),
              "--no-ops")
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Somebody may take the port between the look at it and the server's own; then another one. */
  private int awaitFirstPort() {
    for (int tried = 1; ; tried++) {
      try {
        return awaitPort();
      } catch (IllegalStateException e) {
        if (tried == TRIES || process.isAlive() || process.exitValue() != ADDRESS_UNAVAILABLE) {
          throw e;
        }
        process = launch(folder, LastingPort.free());
      }
    }
  }

  private int awaitPort() {
    Path portFile = folder.resolve("port");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!Files.exists(portFile)) {
        // Waits for the one thing that would make waiting for the port vain.
        if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
          throw new IllegalStateException(
              "the server ended with " + process.exitValue() + "; it said: " + log());
        }
        if (System.nanoTime() > deadline) {
          process.destroyForcibly();
          throw new IllegalStateException(
              "the server did not serve within " + PATIENCE + "; it said: " + log());
        }
      }
      return Integer.parseInt(Files.readString(portFile, UTF_8).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
      throw new IllegalStateException("interrupted while the server started", e);
    }
  }

  /** Where it serves, on loopback; stays the same when it is started again. */
  public int port() {
    return port;
  }

  /** What clients connect to. */
  public String uri() {
    return "varve://127.0.0.1:" + port;
  }

  /** A new client of it, which the caller closes. */
  public VarveClient connect() {
    return VarveClient.connect(uri());
  }

  /** What the server has said so far. */
  public String log() {
    try {
      return Files.readString(folder.resolve("log"), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it between two instructions, as {@code kill -9} does. Its data stays. */
  public void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /**
   * Asks it to stop, as an operator does (SIGTERM), and waits until it has. Its data stays.
   *
   * @throws IllegalStateException it has not stopped within a minute
   */
  public void stop() {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the server does not stop; it said: " + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the server stopped", e);
    }
  }

  /**
   * Starts it again after {@link #kill} or {@link #stop}, on the same port and data, and waits
   * until it serves.
   *
   * @throws IllegalStateException it runs, or it does not start
   */
  public void restart() {
    if (process.isAlive()) {
      throw new IllegalStateException("the server runs; kill or stop it first");
    }
    process = launch(folder, port);
    port = awaitPort();
  }

  /** Ends it and deletes its folder. */
  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      return; // the JVM is ending, and the hook has run; the folder is left to the system
    }
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
