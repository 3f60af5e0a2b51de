package io.varve.benchmarks.process;

import io.varve.client.VarveClient;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A Varve server in a process of its own, started as the {@code varve} script starts one. */
public final class VarveProcess implements Closeable {
  private static final String MAIN = "io.varve.server.boot.Boot";

  private final ChildProcess process;
  private final int port;
  private final int opsPort;
  private final Duration untilReady;

  private VarveProcess(ChildProcess process, int port, int opsPort, Duration untilReady) {
    this.process = process;
    this.port = port;
    this.opsPort = opsPort;
    this.untilReady = untilReady;
  }

  /**
   * Starts one and waits until it serves.
   *
   * @param folder what is its own; the data is in {@code data} below it, and may be there already
   * @param jvmOptions more for the JVM, such as {@code -Xmx512m}
   * @param settings more for the server
   */
  public static VarveProcess start(Path folder, List<String> jvmOptions, List<String> settings)
      throws IOException {
    return start(ChildProcess.ownClassPath(), folder, jvmOptions, settings);
  }

  /**
   * The same, with the server of another build.
   *
   * @param classPath where its classes are
   */
  public static VarveProcess start(
      String classPath, Path folder, List<String> jvmOptions, List<String> settings)
      throws IOException {
    Files.createDirectories(folder);
    Path portFile = folder.resolve("port");
    Path opsPortFile = folder.resolve("ops-port");
    Files.deleteIfExists(portFile);
    Files.deleteIfExists(opsPortFile);
    List<String> rest = new ArrayList<>();
    rest.add("-XX:+UseCompactObjectHeaders");
    rest.addAll(jvmOptions);
    rest.add(MAIN);
    rest.addAll(List.of("serve", "--data", folder.resolve("data").toString()));
    rest.addAll(List.of("--port", "0", "--port-file", portFile.toString()));
    rest.addAll(List.of("--ops-port", "0", "--ops-port-file", opsPortFile.toString()));
    rest.addAll(settings);
    List<String> command = ChildProcess.java(folder, classPath, rest);
    long begun = System.nanoTime();
    ChildProcess process = ChildProcess.start(folder, command);
    try {
      int port = Integer.parseInt(process.awaitFile(portFile));
      Duration untilReady = Duration.ofNanos(System.nanoTime() - begun);
      int opsPort = Integer.parseInt(process.awaitFile(opsPortFile));
      return new VarveProcess(process, port, opsPort, untilReady);
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /** A new client of it, which lets so many appends through unanswered; the caller closes it. */
  public VarveClient connect(int appendsInFlight) {
    // The machine may be busy: nothing is to fail only because it took long.
    return VarveClient.builder()
        .endpoint("127.0.0.1", port)
        .deadline(Duration.ofMinutes(2))
        .retryFor(Duration.ofMinutes(5))
        .maxAppendsInFlight(appendsInFlight)
        .build();
  }

  /** Where it serves, on loopback. */
  public int port() {
    return port;
  }

  /** From the start of the process until it served, the JVM's own start included. */
  public Duration untilReady() {
    return untilReady;
  }

  /** What it holds in memory now. */
  public ProcessMemory memory() throws IOException {
    return ProcessMemory.of(process.pid(), opsPort);
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
