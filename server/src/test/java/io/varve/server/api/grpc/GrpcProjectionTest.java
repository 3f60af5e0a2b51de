package io.varve.server.api.grpc;

import io.varve.client.eventsourcing.projection.ProjectionContract;
import io.varve.client.streams.EventStore;
import io.varve.server.TestServer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Projections over gRPC, on RocksDB. */
class GrpcProjectionTest extends ProjectionContract {
  @TempDir Path folder;
  private @Nullable TestServer server;

  @Override
  protected EventStore openStore() throws Exception {
    TestServer started = TestServer.start(folder);
    server = started;
    return started.client();
  }

  @Override
  protected void afterStore() {
    if (server != null) {
      server.close();
    }
  }
}
