package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** Projections from the store in memory. */
class InMemoryProjectionContractTest extends ProjectionContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
