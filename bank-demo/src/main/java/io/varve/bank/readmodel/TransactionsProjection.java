package io.varve.bank.readmodel;

import io.varve.bank.domain.BankEvent;
import io.varve.bank.store.Streams;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** One row a movement of money, with the account's balance right after it. */
final class TransactionsProjection implements Projection {

  @Override
  public String name() {
    return "transactions";
  }

  @Override
  public void apply(BankEvent event, RecordedEvent recorded, Connection connection)
      throws SQLException {
    Optional<Movement> movement = Movement.of(event, recorded);
    if (movement.isPresent()) {
      insert(movement.get(), recorded, connection);
    }
  }

  private static void insert(Movement movement, RecordedEvent recorded, Connection connection)
      throws SQLException {
    String accountId = Streams.idIn(recorded.stream());
    BigDecimal before =
        Database.query(
                connection,
                "SELECT balance_after FROM transactions WHERE account_id = ?"
                    + " ORDER BY account_id DESC, position DESC FETCH FIRST 1 ROW ONLY",
                row -> row.money(1),
                accountId)
            .stream()
            .findFirst()
            .orElse(BigDecimal.ZERO);
    Database.updateOne(
        connection,
        "INSERT INTO transactions (position, account_id, kind, amount, direction, balance_after,"
            + " description, transfer_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        recorded.position(),
        accountId,
        movement.kind().label(),
        movement.amount().toBigDecimal(),
        movement.kind().direction(),
        before.add(movement.change()),
        movement.description(),
        movement.transferId(),
        recorded.recordedAt());
  }
}
