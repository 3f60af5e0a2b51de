package io.varve.benchmarks.process;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A program in a process of its own, which ends with this one at the latest. */
public final class ChildProcess implements Closeable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Process process;
  private final Path output;
  private final Thread atExit;

  private ChildProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
    this.atExit = new Thread(process::destroyForcibly, "child-process-end");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts a program.
   *
   * @param folder where it works, and leaves what it says
   * @param command the program and its arguments
   */
  public static ChildProcess start(Path folder, List<String> command) throws IOException {
    Files.createDirectories(folder);
    Path output = folder.resolve("output.log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    return new ChildProcess(process, output);
  }

  /** How a Java program is started: with the Java that this one runs on. */
  public static List<String> java(Path folder, String classPath, List<String> optionsAndMain)
      throws IOException {
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            classPath));
    command.addAll(optionsAndMain);
    return command;
  }

  /** What this program's classes are on, for one that works in another folder. */
  public static String ownClassPath() {
    return Arrays.stream(
            System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator), -1))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** A port of loopback that nobody listens on now. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until somebody listens on this port of loopback. */
  public void awaitListening(int port) throws IOException {
    await("listens on port " + port, () -> isListening(port));
  }

  /** Waits until the program has written a file, and returns its text without white space. */
  public String awaitFile(Path file) throws IOException {
    await("has written " + file.getFileName(), () -> Files.exists(file));
    return Files.readString(file, StandardCharsets.UTF_8).strip();
  }

  private void await(String what, BooleanSupplier reached) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!reached.getAsBoolean()) {
      if (!awaitEnd(Duration.ofMillis(5))) {
        throw new IOException("it ended with " + process.exitValue() + " and said: " + said());
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("not within " + PATIENCE + ": " + what + "; it said: " + said());
      }
    }
  }

  /** Whether it still runs after this time, or until it has ended. */
  private boolean awaitEnd(Duration time) throws IOException {
    try {
      return !process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static boolean isListening(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /** Waits for the program's own end. */
  public void awaitSuccess() throws IOException {
    if (awaitEnd(PATIENCE)) {
      throw new IOException("it did not end within " + PATIENCE);
    }
    if (process.exitValue() != 0) {
      throw new IOException("it ended with " + process.exitValue() + " and said: " + said());
    }
  }

  /** The last of what it has said. */
  public String said() throws IOException {
    String all = Files.readString(output, StandardCharsets.UTF_8);
    return all.substring(Math.max(0, all.length() - 2_000));
  }

  /** Its number in the system. */
  public long pid() {
    return process.pid();
  }

  /** Asks it to stop and waits; what does not stop in time is killed. */
  public void stop() throws IOException {
    process.destroy();
    if (awaitEnd(PATIENCE)) {
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  @Override
  public void close() throws IOException {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException _) {
      // The JVM is ending.
    }
  }
}
