package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
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
      "since it is stopping or can no longer write. Everybody is told that much. With credentials"
          + " it",
      "also tells the release, the store's id and how long it has been up.",
      ""
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
      JsonLine line = new JsonLine().put("status", "serving");
      // Nobody in particular is not to ask: with access control, a health check would be refused
      // every few seconds, and each refusal is kept in the audit trail.
      if (connection.hasCredentials()) {
        describe(store, line);
      }
      output.lineNow(line.end());
    }
    return ExitCode.OK.code();
  }

  private void describe(VarveClient store, JsonLine line) {
    try {
      ServerInfo info = store.serverInfo();
      line.put("release", info.release())
          .put("store_id", info.storeId().toString())
          .put("uptime_seconds", info.uptime().toSeconds());
    } catch (AccessDeniedException e) {
      output.say("it serves, but not whoever asks here: " + e.getMessage());
    }
  }
}
