package io.varve.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Python client of KurrentDB, as it is published, the blocking and the asynchronous one. It is
 * installed with {@code python3 -m pip install --target interop/target/python kurrentdbclient}, as
 * {@code .ci/run} does; without it the test is skipped, but not where {@code VARVE_CI} is set.
 */
class KurrentPythonClientIT {
  @Test
  void the_published_python_client_works(@TempDir Path folder) throws Exception {
    Installed.orSkipped("python/kurrentdbclient", "KurrentDB's Python client");
    List<String> calls = new ArrayList<>(KurrentScenarios.ALL);
    calls.add("the asynchronous client sees the same");
    KurrentScenarios.run(
        folder,
        calls,
        Map.of("PYTHONPATH", Installed.MODULE.resolve("target/python").toString()),
        List.of(
            "python3", "-B", Installed.MODULE.resolve("src/test/python/kurrent.py").toString()));
  }
}
