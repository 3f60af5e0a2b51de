package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * One row a movement of money, with the account's balance and the bank's total right after it: so
 * what was there at any moment is one look into an index, however long ago. Who had an account when
 * is kept beside it, so that questions about the past need no other projection, which might be a
 * little further on.
 */
final class TransactionsProjection {

  private TransactionsProjection() {}

  static Projection<Connection> projection() {
    return SqlProjection.named(Projections.TRANSACTIONS, BankEvents.ACCOUNTS)
        .tables(
            """
            CREATE TABLE transactions (
              position      BIGINT PRIMARY KEY,
              account_id    VARCHAR(64) NOT NULL,
              kind          VARCHAR(16) NOT NULL,
              amount        DECIMAL(19, 2) NOT NULL,
              direction     SMALLINT NOT NULL,     -- 1 into the account, -1 out of it
              balance_after DECIMAL(19, 2) NOT NULL,
              total_after   DECIMAL(23, 2) NOT NULL, -- of all accounts
              description   VARCHAR,
              transfer_id   VARCHAR(64),
              at            BIGINT NOT NULL)
            """,
            "CREATE INDEX transactions_by_account ON transactions (account_id, position)",
            "CREATE INDEX transactions_by_account_and_time"
                + " ON transactions (account_id, at, position)",
            "CREATE INDEX transactions_by_time ON transactions (at, position)",
            """
            CREATE TABLE holdings (       -- what is needed of an account, now and then
              account_id  VARCHAR(64) PRIMARY KEY,
              owner       VARCHAR(200) NOT NULL,
              opened_at   BIGINT NOT NULL,
              closed_at   BIGINT,
              position    BIGINT NOT NULL,
              balance     DECIMAL(19, 2) NOT NULL,
              tx_count    BIGINT NOT NULL)
            """,
            "CREATE INDEX holdings_by_position ON holdings (position)",
            "CREATE INDEX holdings_by_time ON holdings (opened_at)",
            Strays.TABLE)
        .on(AccountOpened.class, (sql, event) -> open(new Sql(sql), event))
        .on(AccountEvent.class, (sql, event) -> move(new Sql(sql), event))
        .on(AccountClosed.class, (sql, event) -> close(new Sql(sql), event))
        .build();
  }

  private static void open(Sql sql, TypedEvent<AccountOpened> event) throws SQLException {
    if (Strays.isOf(sql, event)) {
      return;
    }
    sql.updateOne(
        "INSERT INTO holdings (account_id, owner, opened_at, position, balance, tx_count)"
            + " VALUES (?, ?, ?, ?, 0, 0)",
        Streams.idIn(event.stream()),
        event.event().owner(),
        event.recordedAt(),
        event.position());
  }

  private static void close(Sql sql, TypedEvent<AccountClosed> event) throws SQLException {
    boolean _ =
        Strays.change(
            sql,
            event,
            "UPDATE holdings SET closed_at = ? WHERE account_id = ?",
            event.recordedAt(),
            Streams.idIn(event.stream()));
  }

  private static void move(Sql sql, TypedEvent<AccountEvent> event) throws SQLException {
    Optional<Movement> moved = Movement.of(event);
    if (moved.isEmpty()) {
      return;
    }
    Movement movement = moved.get();
    String accountId = Streams.idIn(event.stream());
    if (!Strays.change(
        sql,
        event,
        "UPDATE holdings SET balance = balance + ?, tx_count = tx_count + 1 WHERE account_id = ?",
        movement.change(),
        accountId)) {
      return;
    }
    BigDecimal balance =
        sql.queryOne(
                "SELECT balance FROM holdings WHERE account_id = ?", row -> row.money(1), accountId)
            .orElseThrow();
    BigDecimal totalBefore =
        sql.queryOne(
                "SELECT total_after FROM transactions ORDER BY position DESC FETCH FIRST 1 ROW"
                    + " ONLY",
                row -> row.money(1))
            .orElse(BigDecimal.ZERO);
    sql.updateOne(
        "INSERT INTO transactions (position, account_id, kind, amount, direction, balance_after,"
            + " total_after, description, transfer_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        event.position(),
        accountId,
        movement.kind().label(),
        movement.amount().toBigDecimal(),
        movement.kind().direction(),
        balance,
        totalBefore.add(movement.change()),
        movement.description(),
        movement.transferId(),
        event.recordedAt());
  }
}
