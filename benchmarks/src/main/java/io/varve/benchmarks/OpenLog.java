package io.varve.benchmarks;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventStore;
import io.varve.server.StartFailure;
import io.varve.server.VarveServer;
import io.varve.server.config.Limits;
import io.varve.server.config.ServerConfig;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A {@link CourseLog} in a server of its own in this process, and a client of it over gRPC on the
 * loopback.
 */
final class OpenLog implements AutoCloseable {
  private final VarveServer server;
  private final EventStore store;

  private OpenLog(VarveServer server, EventStore store) {
    this.server = server;
    this.store = store;
  }

  /**
   * Opens the log of this size, and writes it first unless an earlier run has.
   *
   * @param folder holds a folder for each size
   * @throws IllegalStateException an earlier run has left a part of it
   */
  static OpenLog open(Path folder, int events) throws StartFailure {
    CourseLog log = new CourseLog(events);
    Path data = folder.resolve("events-" + events);
    VarveServer server =
        VarveServer.start(
            new ServerConfig(
                data,
                "127.0.0.1",
                0,
                Limits.defaults(),
                false,
                false,
                ServerConfig.DEFAULT_SNAPSHOTS_KEPT,
                ServerConfig.DEFAULT_SCAVENGE_INTERVAL));
    // The machine may be busy: nothing is to fail only because it took long.
    EventStore store =
        VarveClient.builder()
            .endpoint("127.0.0.1", server.port())
            .deadline(Duration.ofMinutes(2))
            .retryFor(Duration.ofMinutes(5))
            .build();
    OpenLog opened = new OpenLog(server, store);
    try {
      opened.fill(log, data);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  private void fill(CourseLog log, Path data) {
    if (server.headPosition() >= log.count()) {
      return;
    }
    if (server.headPosition() > 0) {
      throw new IllegalStateException("only a part of the log is in " + data + "; remove it");
    }
    long begun = System.nanoTime();
    log.writeTo(store);
    System.err.printf(
        "wrote %,d events in %d s%n",
        log.count(), Duration.ofNanos(System.nanoTime() - begun).toSeconds());
  }

  /** The client. */
  EventStore store() {
    return store;
  }

  @Override
  public void close() {
    try {
      store.close();
    } finally {
      server.close();
    }
  }
}
