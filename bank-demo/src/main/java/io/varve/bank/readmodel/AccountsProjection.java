package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.store.Streams;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** One row an account: who owns it, what is on it, when it last moved. */
final class AccountsProjection implements Projection {

  @Override
  public String name() {
    return "accounts";
  }

  @Override
  public void apply(BankEvent event, RecordedEvent recorded, Connection connection)
      throws SQLException {
    if (!(event instanceof AccountEvent)) {
      return;
    }
    String accountId = Streams.idIn(recorded.stream());
    if (event instanceof AccountOpened opened) {
      boolean withMoney = opened.initialBalance().isPositive();
      Instant at = recorded.recordedAt();
      Database.updateOne(
          connection,
          "INSERT INTO accounts"
              + " (account_id, owner, balance, status, opened_at, tx_count, last_tx_at, version)"
              + " VALUES (?, ?, ?, 'active', ?, ?, ?, ?)",
          accountId,
          opened.owner(),
          opened.initialBalance().toBigDecimal(),
          at,
          withMoney ? 1 : 0,
          withMoney ? at : null,
          recorded.version());
      return;
    }
    Optional<Movement> movement = Movement.of(event, recorded);
    if (movement.isPresent()) {
      Database.updateOne(
          connection,
          "UPDATE accounts SET balance = balance + ?, tx_count = tx_count + 1, last_tx_at = ?,"
              + " version = ? WHERE account_id = ?",
          movement.get().change(),
          recorded.recordedAt(),
          recorded.version(),
          accountId);
    } else if (event instanceof AccountClosed) {
      Database.updateOne(
          connection,
          "UPDATE accounts SET status = 'closed', closed_at = ?, version = ? WHERE account_id = ?",
          recorded.recordedAt(),
          recorded.version(),
          accountId);
    } else {
      Database.updateOne(
          connection,
          "UPDATE accounts SET version = ? WHERE account_id = ?",
          recorded.version(),
          accountId);
    }
  }
}
