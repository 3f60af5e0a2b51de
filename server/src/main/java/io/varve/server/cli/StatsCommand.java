package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.StoreStatistics;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code varve stats}: a running store's figures. */
@Command(
    name = "stats",
    description = "Prints what a running store is and its figures, as one line of JSON.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StatsCommand implements Callable<Integer> {
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    try (VarveClient store = connection.open()) {
      ServerInfo info = store.serverInfo();
      StoreStatistics figures = store.statistics();
      output.lineNow(
          new JsonLine()
              .put("release", info.release())
              .put("data_format", info.dataFormat())
              .put("store_id", info.storeId().toString())
              .put("uptime_seconds", info.uptime().toSeconds())
              .put("features", info.features())
              .put("head_position", figures.headPosition())
              .put("event_count", figures.eventCount())
              .put("stream_count", figures.streamCount())
              .put("disk_bytes", figures.diskBytes())
              .put("archived_position", archivedPosition(store, info))
              .put("appends_per_second", figures.appendsPerSecond())
              .put("reads_per_second", figures.readsPerSecond())
              .put("subscriptions", figures.subscriptions())
              .end());
    }
    return ExitCode.OK.code();
  }

  /** An older server has no archive to ask for. */
  private static long archivedPosition(VarveClient store, ServerInfo info) {
    return info.features().contains("archive") ? store.archive().status().archivedPosition() : 0;
  }
}
