package io.varve.client.eventsourcing.orders;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** Orders in the store in memory. */
class OrdersTest extends OrdersContract {

  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
