package io.varve.server.api.grpc;

import io.varve.client.eventsourcing.consumer.ConsumerContract;
import io.varve.client.streams.EventStore;
import io.varve.server.TestServer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Consumer runners over gRPC, on RocksDB. */
class GrpcConsumerTest extends ConsumerContract {
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
