package io.varve.interop;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Go client of KurrentDB, as it is published: a program that is built with {@code go build -o
 * ../../../target/go/kurrent .} in {@code interop/src/test/go}, as {@code .ci/run} does; without it
 * the test is skipped, but not where {@code VARVE_CI} is set.
 */
class KurrentGoClientIT {
  @Test
  void the_published_go_client_works(@TempDir Path folder) throws Exception {
    Path program = Installed.orSkipped("go/kurrent", "the program that uses KurrentDB's Go client");
    KurrentScenarios.run(folder, KurrentScenarios.ALL, Map.of(), List.of(program.toString()));
  }
}
