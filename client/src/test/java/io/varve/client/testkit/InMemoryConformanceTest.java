package io.varve.client.testkit;

import io.varve.client.conformance.EventStoreConformance;
import io.varve.client.streams.EventStore;

/** The store in memory keeps the contract. */
class InMemoryConformanceTest extends EventStoreConformance {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
