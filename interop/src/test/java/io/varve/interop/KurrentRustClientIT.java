package io.varve.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Rust client of KurrentDB, as it is published: a program that is built with {@code cargo build
 * --target-dir ../../../target/rust} in {@code interop/src/test/rust}. That takes minutes, so
 * {@code .ci/run} does not do it; without it the test is skipped, there too. The client has no
 * calls for appends to several streams.
 */
class KurrentRustClientIT {
  @Test
  void the_published_rust_client_works(@TempDir Path folder) throws Exception {
    Path program = Installed.MODULE.resolve("target/rust/debug/kurrent");
    Assumptions.assumeTrue(
        Files.exists(program),
        "needs the program that uses KurrentDB's Rust client, built by hand: (cd "
            + "interop/src/test/rust && cargo build --target-dir ../../../target/rust)");
    List<String> calls = new ArrayList<>(KurrentScenarios.ALL);
    calls.removeAll(List.of(KurrentScenarios.SEVERAL_STREAMS, KurrentScenarios.CHECKED_RECORDS));
    KurrentScenarios.run(folder, calls, Map.of(), List.of(program.toString()));
  }
}
