package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.client.VarveClient;
import io.varve.server.disk.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The server as a user starts it: {@code java -jar varve-server.jar}, in a process of its own. */
final class ServerProcess implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A start costs seconds of a core, of which many may want one. */
  private static final Duration START = Duration.ofMinutes(5);

  private static final String HOST = "127.0.0.1";
  private static final Path JAR =
      Path.of(System.getProperty("basedir", ""))
          .toAbsolutePath()
          .resolve("target/varve-server.jar");

  /** For one that lives for seconds: compiles a little, and for no more cores than it needs. */
  private static final List<String> SHORT_LIVED =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Process process;
  private final @Nullable FaultyDisk disk;
  private final Path output;
  private final Path errors;
  private final Path portFile;

  /** How a process ended, and what it said. */
  record Exit(int code, String output, String errors) {}

  private ServerProcess(
      Process process, @Nullable FaultyDisk disk, Path output, Path errors, Path portFile) {
    this.process = process;
    this.disk = disk;
    this.output = output;
    this.errors = errors;
    this.portFile = portFile;
  }

  /** Starts a server and waits until it serves. Its own files are beside its data folder. */
  static ServerProcess serve(Path data, String... jvmOptions) throws IOException {
    return launch(data, jvmOptions).untilServing();
  }

  /** The same with an archive folder. */
  static ServerProcess serveWith(Path data, Path archive) throws IOException {
    return launch(data, List.of(), List.of("--archive-folder", archive.toString())).untilServing();
  }

  /** Starts a server and does not wait. */
  static ServerProcess launch(Path data, String... jvmOptions) throws IOException {
    return launch(data, List.of(jvmOptions), List.of());
  }

  private static ServerProcess launch(Path data, List<String> jvmOptions, List<String> options)
      throws IOException {
    Path portFile = data.resolveSibling(data.getFileName() + ".port");
    Files.deleteIfExists(portFile);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "serve", "--data", data.toString(), "--port", "0", "--port-file", portFile + ""));
    arguments.addAll(options);
    return start(temp(data), portFile, jvmOptions, arguments);
  }

  /** Starts a server on a disk that may fail, with more options, and waits until it serves. */
  static ServerProcess on(FaultyDisk disk, Path data, String... options) throws IOException {
    return launchOn(disk, data, options).untilServing();
  }

  /** The same, and does not wait. */
  static ServerProcess launchOn(FaultyDisk disk, Path data, String... options) throws IOException {
    Path files = disk.besides(data.getFileName().toString());
    Path portFile = files.resolveSibling(files.getFileName() + ".port");
    Files.deleteIfExists(portFile);
    List<String> arguments =
        new ArrayList<>(
            List.of("serve", "--data", data + "", "--port", "0", "--port-file", portFile + ""));
    arguments.addAll(List.of(options));
    return start(files, portFile, SHORT_LIVED, arguments, disk);
  }

  /** Starts a server that makes backups below a folder, and waits until it serves. */
  static ServerProcess backingUpTo(Path data, Path backups) throws IOException {
    return serveWith(data, List.of("--backup-folder", backups.toString()));
  }

  /** Starts a server with more settings, and waits until it serves. */
  static ServerProcess serveWith(Path data, List<String> settings) throws IOException {
    return serveWith(data, List.of(), settings);
  }

  /** The same in a JVM with options of its own. */
  static ServerProcess serveWith(Path data, List<String> jvmOptions, List<String> settings)
      throws IOException {
    Path portFile = data.resolveSibling(data.getFileName() + ".port");
    Files.deleteIfExists(portFile);
    List<String> arguments =
        new ArrayList<>(
            List.of("serve", "--data", data + "", "--port", "0", "--port-file", portFile + ""));
    arguments.addAll(settings);
    return start(temp(data), portFile, jvmOptions, arguments).untilServing();
  }

  /** Runs the command with these arguments and waits for its end. */
  static Exit run(Path folder, String... arguments) throws Exception {
    try (ServerProcess command =
        start(folder, folder.resolve("port"), List.of(), List.of(arguments))) {
      return command.exit();
    }
  }

  /** The same on a disk that may fail. */
  static Exit runOn(FaultyDisk disk, Path folder, String... arguments) throws Exception {
    try (ServerProcess command =
        start(folder, folder.resolve("port"), List.of(), List.of(arguments), disk)) {
      return command.exit();
    }
  }

  private static ServerProcess start(
      Path folder, Path portFile, List<String> jvmOptions, List<String> arguments)
      throws IOException {
    return start(folder, portFile, jvmOptions, arguments, null);
  }

  private static ServerProcess start(
      Path folder,
      Path portFile,
      List<String> jvmOptions,
      List<String> arguments,
      @Nullable FaultyDisk disk)
      throws IOException {
    Files.createDirectories(folder);
    Path output = Files.createTempFile(folder, "varve-", ".out");
    Path errors = Files.createTempFile(folder, "varve-", ".err");
    Path temp = Files.createDirectories(folder.resolve("java-temp"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.io.tmpdir=" + temp);
    command.add("-XX:TieredStopAtLevel=1"); // starts sooner; how fast it gets is not the question
    command.addAll(jvmOptions);
    command.addAll(List.of("-jar", JAR.toString()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    if (disk != null) {
      builder.environment().putAll(disk.environment());
    }
    return new ServerProcess(builder.start(), disk, output, errors, portFile);
  }

  /** A folder for what a server of this data folder leaves outside of it. */
  private static Path temp(Path data) {
    return data.resolveSibling(data.getFileName() + ".process");
  }

  /** What servers of this data folder have left in Java's folder for temporary files. */
  static List<Path> leftInTemp(Path data) throws IOException {
    try (var files = Files.list(temp(data).resolve("java-temp"))) {
      return files.toList();
    }
  }

  ServerProcess untilServing() {
    await()
        .atMost(START)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> Files.exists(portFile) || !process.isAlive());
    assertThat(process.isAlive()).as(() -> "the server runs; it said: " + errors()).isTrue();
    return this;
  }

  int port() throws IOException {
    return Integer.parseInt(Files.readString(portFile, UTF_8).strip());
  }

  VarveClient client() throws IOException {
    return VarveClient.builder().endpoint(HOST, port()).build();
  }

  ManagedChannel connect() throws IOException {
    return builder().build();
  }

  NettyChannelBuilder builder() throws IOException {
    return NettyChannelBuilder.forAddress(HOST, port())
        .usePlaintext()
        .maxInboundMessageSize(64 << 20);
  }

  /** Whether it has told its port. */
  boolean serves() {
    return Files.exists(portFile);
  }

  long pid() {
    return process.pid();
  }

  /** A line of what the system says of its memory, in KiB: {@code VmRSS}, {@code VmHWM}. */
  long memoryKib(String line) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid() + "/status"), UTF_8).stream()
        .filter(found -> found.startsWith(line + ":"))
        .mapToLong(found -> Long.parseLong(found.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Asks it to stop: SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Ends it by SIGKILL, wherever it is; on a disk that is watched, between two changes. */
  void kill() {
    if (disk == null) {
      process.destroyForcibly().onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    } else {
      disk.kill(process);
    }
  }

  /** Sends a signal: {@code STOP} and {@code CONT} suspend it and let it go on. */
  void signal(String name) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor())
        .isZero();
  }

  /** Waits for the end. */
  Exit exit() throws Exception {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .as(() -> "the process has ended; it said: " + errors())
        .isTrue();
    return new Exit(process.exitValue(), Files.readString(output, UTF_8), errors());
  }

  /** What it has said on its error output so far. */
  String errors() {
    try {
      return Files.readString(errors, UTF_8);
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
