package io.varve.server.cli.bench;

import io.varve.client.streams.EventStore;

/**
 * Connections to the store that is loaded, shared by the clients round robin if there are fewer.
 */
@FunctionalInterface
public interface Stores {
  /** The connection of a client, by its number from 0. */
  EventStore of(int number);
}
