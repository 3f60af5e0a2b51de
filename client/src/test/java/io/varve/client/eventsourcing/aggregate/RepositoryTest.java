package io.varve.client.eventsourcing.aggregate;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** Repositories on the store in memory. */
class RepositoryTest extends RepositoryContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
