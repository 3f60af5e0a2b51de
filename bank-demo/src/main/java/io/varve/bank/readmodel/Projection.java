package io.varve.bank.readmodel;

import io.varve.bank.domain.BankEvent;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A fold of the bank's events into rows. Called in log order by one thread, each event once: what
 * it writes through the connection is committed together with the checkpoint, or not at all.
 */
interface Projection {

  /** Its name in {@code /health} and in the checkpoints; never changed once released. */
  String name();

  void apply(BankEvent event, RecordedEvent recorded, Connection connection) throws SQLException;
}
