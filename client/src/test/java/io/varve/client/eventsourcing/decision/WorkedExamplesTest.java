package io.varve.client.eventsourcing.decision;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** The worked examples, on the store in memory. */
class WorkedExamplesTest extends WorkedExamplesContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
