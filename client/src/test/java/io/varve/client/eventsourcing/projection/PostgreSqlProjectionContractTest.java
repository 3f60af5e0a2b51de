package io.varve.client.eventsourcing.projection;

import io.varve.client.eventsourcing.projection.sql.TestDatabase;
import io.varve.client.streams.EventStore;
import io.varve.client.testkit.InMemoryEventStore;

/** Projections from the store in memory into PostgreSQL. */
class PostgreSqlProjectionContractTest extends ProjectionContract {
  @Override
  protected EventStore openStore() {
    return new InMemoryEventStore();
  }

  @Override
  protected TestDatabase.Open openDatabase() throws Exception {
    return TestDatabase.POSTGRESQL.open();
  }
}
