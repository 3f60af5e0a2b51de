package io.varve.benchmarks;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventStore;
import io.varve.server.StartFailure;
import io.varve.server.VarveServer;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import java.nio.file.Path;
import java.time.Duration;

/** A server of its own in this process, and a client of it over gRPC on the loopback. */
final class LocalStore implements AutoCloseable {
  private final VarveServer server;
  private final EventStore store;

  private LocalStore(VarveServer server, EventStore store) {
    this.server = server;
    this.store = store;
  }

  /** Opens the store in this folder, with the default settings. */
  static LocalStore open(Path data) throws StartFailure {
    VarveServer server =
        VarveServer.start(
            ServerConfig.defaults()
                .with(Settings.DATA, data)
                .with(Settings.PORT, 0)
                .with(Settings.OPS, false)
                .with(Settings.REFLECTION, false));
    return new LocalStore(server, connect(server));
  }

  private static EventStore connect(VarveServer server) {
    // The machine may be busy: nothing is to fail only because it took long.
    return VarveClient.builder()
        .endpoint("127.0.0.1", server.port())
        .deadline(Duration.ofMinutes(2))
        .retryFor(Duration.ofMinutes(5))
        .build();
  }

  /** Another client, with a connection of its own; whoever gets it closes it first. */
  EventStore connect() {
    return connect(server);
  }

  /** The client. */
  EventStore store() {
    return store;
  }

  /** The newest position. */
  long headPosition() {
    return server.headPosition();
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
