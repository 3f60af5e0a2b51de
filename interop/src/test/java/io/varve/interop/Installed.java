package io.varve.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The clients that {@code .ci/run} installs or builds below {@code target}. */
final class Installed {
  /** This module's folder. */
  static final Path MODULE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

  private Installed() {}

  /**
   * Gives back a file or folder, which must be there. Otherwise the test is skipped, with a
   * sentence that says what it needs; but where {@code VARVE_CI} is 1 it fails.
   *
   * @param path below this module's {@code target}
   */
  static Path orSkipped(String path, String needed) {
    Path found = MODULE.resolve("target").resolve(path);
    if (!Files.exists(found)) {
      String sentence = "needs " + needed + " in interop/target/" + path;
      assertThat(System.getenv("VARVE_CI")).as("VARVE_CI: this " + sentence).isNotEqualTo("1");
      Assumptions.abort(sentence);
    }
    return found;
  }
}
