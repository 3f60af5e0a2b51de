package io.varve.bank.readmodel;

import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.bank.store.TransferFold;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.process.ProcessEvent;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandAccepted;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandIssued;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandRefused;
import io.varve.client.eventsourcing.process.ProcessEvent.Completed;
import io.varve.client.eventsourcing.process.ProcessEvent.HelpNeeded;
import io.varve.client.eventsourcing.process.ProcessEvent.RetryRequested;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import java.sql.Connection;
import java.sql.SQLException;

/** Transfers and their steps, as their sagas record them. */
final class SagasProjection {

  private SagasProjection() {}

  static Projection<Connection> projection() {
    return SqlProjection.named(Projections.SAGAS, BankEvents.READABLE_REQUESTS)
        .within(Streams.TRANSFERS)
        .tables(TransferRows.TRANSFERS, TransferRows.NEWEST_FIRST, TransferRows.STEPS)
        .on(
            TransferRequested.class,
            (sql, event) ->
                TransferRows.insert(
                    new Sql(sql),
                    Transfer.requested(event.event(), event.recordedAt()),
                    event.position()))
        .alsoOf(ProcessEvent.types())
        .on(CommandIssued.class, SagasProjection::goOn)
        .on(CommandAccepted.class, SagasProjection::goOn)
        .on(CommandRefused.class, SagasProjection::goOn)
        .on(HelpNeeded.class, SagasProjection::goOn)
        .on(RetryRequested.class, SagasProjection::goOn)
        .on(Completed.class, SagasProjection::goOn)
        .build();
  }

  private static void goOn(Connection connection, TypedEvent<? extends ProcessEvent> event)
      throws SQLException {
    Sql sql = new Sql(connection);
    String transferId = Streams.idIn(event.stream());
    Transfer before =
        TransferRows.find(sql, transferId)
            .orElseThrow(
                () -> new IllegalStateException("nobody has asked for the transfer " + transferId));
    Transfer after = TransferFold.evolve(before, event.event(), event.recordedAt());
    TransferRows.update(sql, before, after, 1 + event.version()); // the request, and the saga's own
  }
}
