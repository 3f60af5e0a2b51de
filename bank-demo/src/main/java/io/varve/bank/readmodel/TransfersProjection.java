package io.varve.bank.readmodel;

import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.store.Streams;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/**
 * One row a transfer, kept with the domain's own state machine, and one row for each of its steps.
 */
final class TransfersProjection implements Projection {

  @Override
  public String name() {
    return "sagas";
  }

  @Override
  public void apply(BankEvent event, RecordedEvent recorded, Connection connection)
      throws SQLException {
    if (!(event instanceof TransferEvent transferEvent)) {
      return;
    }
    String transferId = Streams.idIn(recorded.stream());
    Database.updateOne(
        connection,
        "INSERT INTO transfer_steps (transfer_id, version, event, at) VALUES (?, ?, ?, ?)",
        transferId,
        recorded.version(),
        recorded.type(),
        recorded.recordedAt());
    if (transferEvent instanceof TransferStarted started) {
      insert(Transfer.none(transferId).evolve(started), recorded, connection);
    } else {
      update(load(transferId, connection).evolve(transferEvent), recorded, connection);
    }
  }

  private static Transfer load(String transferId, Connection connection) throws SQLException {
    List<Transfer> found =
        Database.query(
            connection,
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
            transferId);
    if (found.isEmpty()) {
      throw new IllegalStateException("transfer " + transferId + " goes on without a start");
    }
    return found.getFirst();
  }

  private static void insert(Transfer transfer, RecordedEvent recorded, Connection connection)
      throws SQLException {
    Database.updateOne(
        connection,
        "INSERT INTO transfers (transfer_id, from_account, to_account, amount, status, held,"
            + " started_at, updated_at, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        transfer.id(),
        transfer.fromAccount(),
        transfer.toAccount(),
        transfer.amount().toBigDecimal(),
        stored(transfer.status()),
        transfer.held().toBigDecimal(),
        recorded.recordedAt(),
        recorded.recordedAt(),
        recorded.position());
  }

  private static void update(Transfer transfer, RecordedEvent recorded, Connection connection)
      throws SQLException {
    Database.updateOne(
        connection,
        "UPDATE transfers SET status = ?, error = ?, held = ?, updated_at = ?, finished_at = ?"
            + " WHERE transfer_id = ?",
        stored(transfer.status()),
        transfer.error(),
        transfer.held().toBigDecimal(),
        recorded.recordedAt(),
        transfer.status().isFinal() ? recorded.recordedAt() : null,
        transfer.id());
  }

  private static String stored(Transfer.Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
