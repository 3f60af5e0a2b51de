package io.varve.server.api.grpc;

import io.varve.client.eventsourcing.process.ProcessContract;
import io.varve.client.streams.EventStore;
import io.varve.server.TestServer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Processes over gRPC, on RocksDB. */
class GrpcProcessTest extends ProcessContract {
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
