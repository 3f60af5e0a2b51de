package io.varve.client.eventsourcing.consumer;

import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** The runner on the store in memory. */
class ConsumerRunnerTest extends ConsumerContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }
}
