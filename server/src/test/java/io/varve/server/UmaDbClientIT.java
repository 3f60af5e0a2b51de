package io.varve.server;

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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * UmaDB's published Python client against Varve. What it must see is written in Python ({@code
 * src/test/python/umadb_client.py}), one sentence a function; here each is asked for by its name.
 *
 * <p>The client is looked for where {@code .ci/run} installs it. Without it the tests are skipped,
 * unless the environment says {@code VARVE_CI=1}: then they fail.
 */
class UmaDbClientIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Path SERVER = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final Path SENTENCES = SERVER.resolve("src/test/python/umadb_client.py");
  private static final Path CLIENT = SERVER.resolveSibling("target").resolve("ci/umadb");
  private static final String NEEDED =
      "needs UmaDB's Python client, which .ci/run installs: python3 -m pip install --target "
          + "target/ci/umadb umadb";

  @RegisterExtension static final RunningServer running = new RunningServer();

  @BeforeAll
  static void findTheClient() {
    if (!Files.isDirectory(CLIENT.resolve("umadb"))) {
      assertThat(System.getenv("VARVE_CI")).as("VARVE_CI: this " + NEEDED).isNotEqualTo("1");
      Assumptions.abort(NEEDED);
    }
  }

  static Stream<String> sentences() throws IOException {
    return Files.readAllLines(SENTENCES, UTF_8).stream()
        .filter(line -> line.startsWith("def ") && line.endsWith("(client):"))
        .map(line -> line.substring("def ".length(), line.indexOf('(')));
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void the_python_client_sees_that(String sentence, @TempDir Path folder) throws Exception {
    try (Python python = new Python(folder, sentence, "http://127.0.0.1:" + port())) {
      python.mustEndWell();
    }
  }

  private static int port() {
    return running.server().port();
  }

  @Test
  void a_subscription_and_an_appender_come_through_kills_without_gap_or_repeat(@TempDir Path folder)
      throws Exception {
    int events = 400;
    int kills = 3;
    Path data = folder.resolve("data");
    ServerProcess server = ServerProcess.serve(data);
    String portFile = data.resolveSibling(data.getFileName() + ".port").toString();
    try (Python follower = new Python(folder, "follow", portFile, "" + events);
        Python writer = new Python(folder, "write", portFile, "" + events)) {
      for (int kill = 1; kill <= kills; kill++) {
        int enough = kill * events / (kills + 1);
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> writer.lines().size() >= enough || !writer.isAlive());
        server.kill();
        server = ServerProcess.serve(data);
      }
      writer.mustEndWell();
      follower.mustEndWell();
      assertThat(numbers(follower.lines())).isEqualTo(IntStream.range(0, events).boxed().toList());
      assertThat(places(writer.lines())).isEqualTo(places(follower.lines()));
    } finally {
      server.close();
    }
  }

  /** The events' numbers, of lines such as {@code seen 17 42}. */
  private static List<Integer> numbers(List<String> lines) {
    return lines.stream().map(line -> Integer.valueOf(line.split(" ", -1)[1])).toList();
  }

  private static List<Long> places(List<String> lines) {
    return lines.stream().map(line -> Long.valueOf(line.split(" ", -1)[2])).toList();
  }

  /** A run of the Python program. */
  private static final class Python implements AutoCloseable {
    private final Process process;
    private final Path output;

    Python(Path folder, String... arguments) throws IOException {
      output = Files.createTempFile(folder, arguments[0] + "-", ".out");
      List<String> command = new ArrayList<>(List.of("python3", "-B", SENTENCES.toString()));
      command.addAll(List.of(arguments));
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().put("PYTHONPATH", CLIENT.toString());
      process = builder.start();
    }

    boolean isAlive() {
      return process.isAlive();
    }

    /** What it has said so far, in whole lines. */
    List<String> lines() throws IOException {
      String said = Files.readString(output, UTF_8);
      return said.substring(0, said.lastIndexOf('\n') + 1).lines().toList();
    }

    void mustEndWell() throws Exception {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as(() -> "it ends; it said: " + this)
          .isTrue();
      assertThat(process.exitValue()).as(() -> "its exit code; it said: " + this).isZero();
    }

    @Override
    public String toString() {
      try {
        return Files.readString(output, UTF_8);
      } catch (IOException e) {
        return "(unreadable: " + e + ")";
      }
    }

    @Override
    public void close() {
      process.descendants().forEach(ProcessHandle::destroyForcibly); // those that race
      process.destroyForcibly();
      process.onExit().join();
    }
  }
}
