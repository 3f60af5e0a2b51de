package io.varve.client.eventsourcing.process;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** Processes on the store in memory. */
class ProcessTest extends ProcessContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
