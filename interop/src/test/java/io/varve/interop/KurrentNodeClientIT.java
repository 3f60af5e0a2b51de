package io.varve.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Node client of KurrentDB, as it is published: a script of checks. The client is installed
 * with {@code npm install --prefix interop/target/node @kurrent/kurrentdb-client}, as {@code
 * .ci/run} does; without it the test is skipped, but not where {@code VARVE_CI} is set.
 */
class KurrentNodeClientIT {
  @Test
  void the_published_node_client_works(@TempDir Path folder) throws Exception {
    Installed.orSkipped("node/node_modules/@kurrent/kurrentdb-client", "KurrentDB's Node client");
    try (VarveProcess server = VarveProcess.start(folder);
        ClientProgram node =
            ClientProgram.start(
                folder,
                Map.of(),
                List.of(
                    "node",
                    Installed.MODULE.resolve("src/test/node/kurrent.mjs").toString(),
                    Installed.MODULE.resolve("target/node").toString(),
                    Integer.toString(server.port())))) {
      node.mustEndWell();
      assertThat(node.lines())
          .containsExactly(
              "appends under every expected state",
              "a repeated append is answered and not repeated",
              "the log is read with a filter",
              "a subscription catches up and goes on",
              "a filtered subscription has checkpoints",
              "deletes and tombstones",
              "metadata takes effect",
              "a persistent subscription, in the old request form");
    }
  }
}
