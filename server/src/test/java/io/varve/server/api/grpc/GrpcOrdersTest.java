package io.varve.server.api.grpc;

import io.varve.client.VarveClient;
import io.varve.client.eventsourcing.orders.OrdersContract;
import io.varve.client.streams.EventStore;
import io.varve.server.RunningServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Orders over gRPC, on RocksDB. */
class GrpcOrdersTest extends OrdersContract {

  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private VarveClient store;

  @BeforeEach
  void connect() {
    store = SERVER.server().client();
  }

  @AfterEach
  void disconnect() {
    store.close();
  }

  @Override
  protected EventStore store() {
    return store;
  }
}
