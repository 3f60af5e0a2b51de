package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** One row an account: who owns it, what is on it, when it last moved. */
final class AccountsProjection {

  private AccountsProjection() {}

  static Projection<Connection> projection() {
    return SqlProjection.named(Projections.ACCOUNTS, BankEvents.ACCOUNTS)
        .tables(
            """
            CREATE TABLE accounts (
              account_id  VARCHAR(64) PRIMARY KEY,
              owner       VARCHAR(200) NOT NULL,
              balance     DECIMAL(19, 2) NOT NULL,
              status      VARCHAR(16) NOT NULL,
              opened_at   BIGINT NOT NULL,
              closed_at   BIGINT,
              tx_count    BIGINT NOT NULL,
              last_tx_at  BIGINT,
              version     BIGINT NOT NULL,     -- of the account's stream
              position    BIGINT NOT NULL)     -- of the event that opened it
            """,
            "CREATE UNIQUE INDEX accounts_by_position ON accounts (position)",
            Strays.TABLE)
        .on(AccountOpened.class, (sql, event) -> open(new Sql(sql), event))
        .on(AccountEvent.class, (sql, event) -> change(new Sql(sql), event))
        .build();
  }

  private static void open(Sql sql, TypedEvent<AccountOpened> event) throws SQLException {
    if (Strays.isOf(sql, event)) {
      return;
    }
    boolean withMoney = event.event().initialBalance().isPositive();
    Instant at = event.recordedAt();
    sql.updateOne(
        "INSERT INTO accounts (account_id, owner, balance, status, opened_at, tx_count,"
            + " last_tx_at, version, position) VALUES (?, ?, ?, 'active', ?, ?, ?, ?, ?)",
        Streams.idIn(event.stream()),
        event.event().owner(),
        event.event().initialBalance().toBigDecimal(),
        at,
        withMoney ? 1 : 0,
        withMoney ? Sql.nanos(at) : null,
        event.version(),
        event.position());
  }

  private static void change(Sql sql, TypedEvent<AccountEvent> event) throws SQLException {
    String accountId = Streams.idIn(event.stream());
    Optional<Movement> movement = Movement.of(event);
    switch (event.event()) {
      case AccountOpened _ -> {} // has made the row
      case AccountClosed _ ->
          Strays.change(
              sql,
              event,
              "UPDATE accounts SET status = 'closed', closed_at = ?, version = ?"
                  + " WHERE account_id = ?",
              event.recordedAt(),
              event.version(),
              accountId);
      case AccountEvent _ when movement.isPresent() ->
          Strays.change(
              sql,
              event,
              "UPDATE accounts SET balance = balance + ?, tx_count = tx_count + 1, last_tx_at = ?,"
                  + " version = ? WHERE account_id = ?",
              movement.get().change(),
              event.recordedAt(),
              event.version(),
              accountId);
      case AccountEvent _ ->
          Strays.change(
              sql,
              event,
              "UPDATE accounts SET version = ? WHERE account_id = ?",
              event.version(),
              accountId);
    }
  }
}
