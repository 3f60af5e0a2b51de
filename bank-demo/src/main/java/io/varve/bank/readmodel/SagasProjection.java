package io.varve.bank.readmodel;

import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;

/**
 * One row a transfer, kept with the domain's own state machine, and one row for each of its steps.
 */
final class SagasProjection {

  /** What happens to transfers. */
  static final EventTypes<TransferEvent> TRANSFERS =
      EventTypes.builder(TransferEvent.class, BankEvents::codec).skipUnknown().build();

  private SagasProjection() {}

  static Projection<Connection> projection() {
    return SqlProjection.named(Projections.SAGAS, TRANSFERS)
        .tables(
            """
            CREATE TABLE transfers (
              transfer_id   VARCHAR(64) PRIMARY KEY,
              from_account  VARCHAR(64) NOT NULL,
              to_account    VARCHAR(64) NOT NULL,
              amount        DECIMAL(19, 2) NOT NULL,
              status        VARCHAR(32) NOT NULL,
              error         VARCHAR,
              held          DECIMAL(19, 2) NOT NULL,  -- left one account, reached none
              started_at    BIGINT NOT NULL,
              updated_at    BIGINT NOT NULL,
              finished_at   BIGINT,
              events        BIGINT NOT NULL,
              position      BIGINT NOT NULL)
            """,
            "CREATE INDEX transfers_by_position ON transfers (position)",
            """
            CREATE TABLE transfer_steps (
              transfer_id  VARCHAR(64) NOT NULL,
              version      BIGINT NOT NULL,
              event        VARCHAR(64) NOT NULL,
              at           BIGINT NOT NULL,
              PRIMARY KEY (transfer_id, version))
            """)
        .on(TransferEvent.class, (sql, event) -> apply(new Sql(sql), event))
        .build();
  }

  private static void apply(Sql sql, TypedEvent<TransferEvent> event) throws SQLException {
    String transferId = Streams.idIn(event.stream());
    sql.updateOne(
        "INSERT INTO transfer_steps (transfer_id, version, event, at) VALUES (?, ?, ?, ?)",
        transferId,
        event.version(),
        event.recorded().type(),
        event.recordedAt());
    if (event.event() instanceof TransferStarted started) {
      insert(sql, Transfer.none(transferId).evolve(started), event);
    } else {
      update(sql, load(sql, transferId).evolve(event.event()), event);
    }
  }

  private static Transfer load(Sql sql, String transferId) throws SQLException {
    return sql.queryOne(
            "SELECT status, from_account, to_account, amount, error, held FROM transfers"
                + " WHERE transfer_id = ?",
            row ->
                new Transfer(
                    transferId,
                    Transfer.Status.valueOf(row.text(1).toUpperCase(Locale.ROOT)),
                    row.text(2),
                    row.text(3),
                    Money.of(row.money(4)),
                    row.textOrNull(5),
                    Money.of(row.money(6))),
            transferId)
        .orElseThrow(
            () -> new IllegalStateException("transfer " + transferId + " goes on without a start"));
  }

  private static void insert(Sql sql, Transfer transfer, TypedEvent<TransferEvent> event)
      throws SQLException {
    sql.updateOne(
        "INSERT INTO transfers (transfer_id, from_account, to_account, amount, status, held,"
            + " started_at, updated_at, events, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        transfer.id(),
        transfer.fromAccount(),
        transfer.toAccount(),
        transfer.amount().toBigDecimal(),
        stored(transfer.status()),
        transfer.held().toBigDecimal(),
        event.recordedAt(),
        event.recordedAt(),
        event.position());
  }

  private static void update(Sql sql, Transfer transfer, TypedEvent<TransferEvent> event)
      throws SQLException {
    sql.updateOne(
        "UPDATE transfers SET status = ?, error = ?, held = ?, updated_at = ?, finished_at = ?,"
            + " events = events + 1 WHERE transfer_id = ?",
        stored(transfer.status()),
        transfer.error(),
        transfer.held().toBigDecimal(),
        event.recordedAt(),
        transfer.status().isFinal() ? Sql.nanos(event.recordedAt()) : null,
        transfer.id());
  }

  private static String stored(Transfer.Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
