package io.varve.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tarballs, unpacked and started. */
class TarballIT {
  private static final Pattern BANK = Pattern.compile("listens on (http://\\S+)");

  @TempDir Path folder;

  @Test
  void it_runs_on_a_java_that_is_there() throws Exception {
    unpacked(Platform.ofThisMachine().label() + ".tar.gz", InstalledVarve.THIS_JAVA)
        .servesAndStops(folder, folder.toString());
  }

  @Test
  void the_one_with_java_needs_none() throws Exception {
    unpacked("-with-java.tar.gz", Map.of()).servesAndStops(folder, folder.toString());
  }

  @Test
  void the_one_with_java_runs_the_bank_demo() throws Exception {
    InstalledVarve varve = unpacked("-with-java.tar.gz", Map.of());
    assertThat(varve.run("demo", "--help")).contains("Usage: varve demo");
    assertThat(varve.run("demo", "rebuild", "--help")).contains("PROJECTION");

    try (Program demo =
            varve.start(
                "demo",
                "--data",
                folder.resolve("bank").toString(),
                "--port",
                "0",
                "--http-port",
                "0");
        HttpClient http = HttpClient.newHttpClient()) {
      await()
          .atMost(Program.PATIENCE)
          .until(() -> !demo.isAlive() || BANK.matcher(demo.output()).find());
      Matcher bank = BANK.matcher(demo.output());
      assertThat(bank.find()).as(demo.output()).isTrue();
      HttpResponse<String> health =
          http.send(
              HttpRequest.newBuilder(URI.create(bank.group(1)).resolve("/health"))
                  .timeout(Duration.ofMinutes(1))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(health.statusCode()).as(health.body()).isEqualTo(200);

      assertThat(demo.stopItself()).as(demo.output()).isZero();
    }
  }

  @Test
  void the_same_sources_make_the_same_bytes() throws Exception {
    Path root = InstalledVarve.PACKAGES.resolve("../../..").toRealPath();
    Instant time = Instant.parse("2026-11-20T00:00:00Z");
    Platform platform = Platform.ofThisMachine();
    Path first = Files.createDirectories(folder.resolve("first"));
    Path second = Files.createDirectories(folder.resolve("second"));

    for (Path output : List.of(first, second)) {
      Distribution distribution = new Distribution(root, output.resolve("work"), "0.1.0");
      Tarball.write(output.resolve("t.tar.gz"), "varve/", distribution.entries(platform), time);
      new DebianPackage(root, output.resolve("work"), "0.1.0", time)
          .write(output, platform, distribution);
    }

    try (Stream<Path> packages = Files.list(first)) {
      for (Path made : packages.filter(Files::isRegularFile).toList()) {
        assertThat(Files.mismatch(made, second.resolve(made.getFileName()))).isEqualTo(-1);
      }
    }
  }

  private InstalledVarve unpacked(String ending, Map<String, String> environment) throws Exception {
    Path tarball = InstalledVarve.packageThatEndsWith(ending);
    Program.run(
        folder, Map.of(), List.of("tar", "-xzf", tarball.toString(), "-C", folder.toString()));
    try (Stream<Path> found = Files.list(folder)) {
      Path home =
          found.filter(file -> Files.exists(file.resolve("bin/varve"))).findFirst().orElseThrow();
      return new InstalledVarve(folder, environment, List.of(home.resolve("bin/varve").toString()));
    }
  }
}
