package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.ServerInfo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code varve health}: is the store there, and does it serve? For health checks and scripts. */
@Command(
    name = "health",
    description = {
      "Asks a running store whether it serves.",
      "",
      "Ends with 0 if it does; with 69 if nobody answers; with 74 if it answers that it does not,",
      "since it is stopping or can no longer write."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class HealthCommand implements Callable<Integer> {
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    try (VarveClient store = connection.open()) {
      if (!store.isServing()) {
        throw new CommandFailure(
            ExitCode.STORAGE_UNUSABLE,
            "the store at "
                + connection.endpoint()
                + " answers, and says that it does not serve;"
                + " its log tells why");
      }
      ServerInfo info = store.serverInfo();
      output.lineNow(
          new JsonLine()
              .put("status", "serving")
              .put("release", info.release())
              .put("store_id", info.storeId().toString())
              .put("uptime_seconds", info.uptime().toSeconds())
              .end());
    }
    return ExitCode.OK.code();
  }
}
