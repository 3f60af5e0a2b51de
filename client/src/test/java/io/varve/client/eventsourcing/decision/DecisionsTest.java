package io.varve.client.eventsourcing.decision;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** What decisions promise, on the store in memory. */
class DecisionsTest extends DecisionsContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
