package io.varve.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The {@code varve} command of a package, on a machine that knows nothing else of it.
 *
 * @param folder where what it says is kept
 * @param environment all of the environment that it has, but for a PATH
 * @param command how it is called, without arguments
 */
record InstalledVarve(Path folder, Map<String, String> environment, List<String> command) {
  /** Where the build has put the packages. */
  static final Path PACKAGES =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("target/packages");

  /** The Java that this test runs on, for packages without one. */
  static final Map<String, String> THIS_JAVA =
      Map.of("VARVE_JAVA_HOME", System.getProperty("java.home"));

  /** The one package whose name ends like this. */
  static Path packageThatEndsWith(String ending) throws IOException {
    try (Stream<Path> files = Files.list(PACKAGES)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(ending)).toList();
      assertThat(found).as("packages in %s that end with %s", PACKAGES, ending).hasSize(1);
      return found.getFirst();
    }
  }

  /** Runs it to its end, which must be a good one, and tells what it said. */
  String run(String... arguments) throws Exception {
    return Program.run(folder, environment, with(arguments));
  }

  Program start(String... arguments) throws IOException {
    return Program.start(folder, environment, with(arguments));
  }

  /**
   * Starts a server, appends and reads an event by the tools of the same package, and stops it.
   *
   * @param data a folder in which the store's is made, as this process sees it
   * @param seen the same, as the program sees it
   */
  void servesAndStops(Path data, String seen) throws Exception {
    Path port = data.resolve("port");
    Files.deleteIfExists(port);
    try (Program server =
        start("serve", "--data", seen + "/store", "--port", "0", "--port-file", seen + "/port")) {
      String address = "127.0.0.1:" + server.port(port);

      assertThat(run("health", "--address", address, "--timeout", "3m"))
          .contains("\"status\":\"serving\"");
      run("append", "a", "--type", "A", "--json", "1", "--address", address, "--timeout", "3m");
      assertThat(run("read", "a", "--address", address, "--timeout", "3m"))
          .contains("\"type\":\"A\"");

      assertThat(server.stop()).as(server.output()).isIn(0, 143);
    }
  }

  private List<String> with(String... arguments) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(arguments));
    return all;
  }
}
