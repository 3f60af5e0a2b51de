package io.varve.interop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Node client of KurrentDB, as it is published: a script of checks. The client is installed
 * with {@code npm install --prefix interop/target/node @kurrent/kurrentdb-client}, as {@code
 * .ci/run} does; without it the test is skipped, but not where {@code VARVE_CI} is set.
 */
class KurrentNodeClientIT {
  private static final Path MODULE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

  @Test
  void the_published_node_client_works(@TempDir Path folder) throws Exception {
    Path installed = MODULE.resolve("target/node");
    if (!"1".equals(System.getenv("VARVE_CI"))) {
      assumeTrue(
          Files.isDirectory(installed.resolve("node_modules/@kurrent/kurrentdb-client")),
          "KurrentDB's Node client is not installed in interop/target/node");
    }
    Path output = folder.resolve("output");
    try (VarveProcess server = VarveProcess.start(folder)) {
      Process node =
          new ProcessBuilder(
                  "node",
                  MODULE.resolve("src/test/node/kurrent.mjs").toString(),
                  installed.toString(),
                  Integer.toString(server.port()))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        assertThat(node.waitFor(5, TimeUnit.MINUTES)).as("the script has ended").isTrue();
      } finally {
        node.destroyForcibly();
      }
      assertThat(node.exitValue()).as(() -> "what the script said: " + text(output)).isZero();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }
}
