package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.process.ProcessEvent;
import io.varve.client.eventsourcing.process.ProcessEvent.Completed;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Days (UTC) and what went on in them: what came into the bank, what left it, what went from
 * account to account, who moved it and in what amounts. A transfer counts on the day on which it
 * ended. How long a question takes depends on the days, the accounts and the amounts that there
 * are, not on how often money moved.
 */
final class AnalyticsProjection {

  private AnalyticsProjection() {}

  static Projection<Connection> projection() {
    return SqlProjection.named(Projections.ANALYTICS, BankEvents.ACCOUNTS)
        .within(Streams.BANK)
        .tables(
            """
            CREATE TABLE daily_figures (
              figure_day            DATE PRIMARY KEY,
              accounts_opened       BIGINT DEFAULT 0 NOT NULL,
              accounts_closed       BIGINT DEFAULT 0 NOT NULL,
              in_count              BIGINT DEFAULT 0 NOT NULL,
              in_sum                DECIMAL(23, 2) DEFAULT 0 NOT NULL,
              out_count             BIGINT DEFAULT 0 NOT NULL,
              out_sum               DECIMAL(23, 2) DEFAULT 0 NOT NULL,
              transferred_count     BIGINT DEFAULT 0 NOT NULL,
              transferred_sum       DECIMAL(23, 2) DEFAULT 0 NOT NULL,
              transfers_started     BIGINT DEFAULT 0 NOT NULL,
              transfers_compensated BIGINT DEFAULT 0 NOT NULL,
              transfers_failed      BIGINT DEFAULT 0 NOT NULL)
            """,
            """
            CREATE TABLE daily_accounts (
              figure_day   DATE NOT NULL,
              account_id   VARCHAR(64) NOT NULL,
              tx_count     BIGINT DEFAULT 0 NOT NULL,
              money_moved  DECIMAL(23, 2) DEFAULT 0 NOT NULL,
              PRIMARY KEY (figure_day, account_id))
            """,
            """
            CREATE TABLE daily_amounts (   -- of deposits, withdrawals and transfers out
              figure_day   DATE NOT NULL,
              amount       DECIMAL(19, 2) NOT NULL,
              times        BIGINT DEFAULT 0 NOT NULL,
              PRIMARY KEY (figure_day, amount))
            """,
            """
            CREATE TABLE open_transfers (  -- those that have not ended
              transfer_id  VARCHAR(64) PRIMARY KEY,
              amount       DECIMAL(19, 2) NOT NULL)
            """,
            Strays.TABLE)
        .on(
            AccountOpened.class,
            (sql, event) -> count(new Sql(sql), event, "accounts_opened = accounts_opened + 1"))
        .on(
            AccountClosed.class,
            (sql, event) -> count(new Sql(sql), event, "accounts_closed = accounts_closed + 1"))
        .on(AccountEvent.class, (sql, event) -> move(new Sql(sql), event))
        .alsoOf(BankEvents.READABLE_REQUESTS)
        .on(TransferRequested.class, (sql, event) -> start(new Sql(sql), event))
        .alsoOf(ProcessEvent.types())
        .on(Completed.class, (sql, event) -> end(new Sql(sql), event))
        .build();
  }

  private static LocalDate day(TypedEvent<?> event) {
    return LocalDate.ofInstant(event.recordedAt(), ZoneOffset.UTC);
  }

  private static void count(Sql sql, TypedEvent<? extends AccountEvent> event, String changes)
      throws SQLException {
    if (!Strays.isOf(sql, event)) {
      addToDay(sql, day(event), changes);
    }
  }

  private static void move(Sql sql, TypedEvent<AccountEvent> event) throws SQLException {
    Optional<Movement> moved = Movement.of(event);
    if (moved.isEmpty()) {
      return;
    }
    LocalDate day = day(event);
    Movement.Kind kind = moved.get().kind();
    BigDecimal amount = moved.get().amount().toBigDecimal();
    if (!addToAccount(sql, event, day, amount)) {
      return;
    }
    if (kind.isExternal()) {
      addToDay(
          sql,
          day,
          kind.direction() > 0
              ? "in_count = in_count + 1, in_sum = in_sum + ?"
              : "out_count = out_count + 1, out_sum = out_sum + ?",
          amount);
    }
    switch (kind) {
      case DEPOSIT, WITHDRAWAL, TRANSFER_OUT ->
          add(sql, "daily_amounts", "times = times + 1", new Object[0], "amount", day, amount);
      case OPENING, INTEREST, TRANSFER_IN, REFUND, REVERSAL -> {}
    }
  }

  /** Counts for the account on this day; false: it is none of the bank's. */
  private static boolean addToAccount(
      Sql sql, TypedEvent<AccountEvent> event, LocalDate day, BigDecimal amount)
      throws SQLException {
    String accountId = Streams.idIn(event.stream());
    String update =
        "UPDATE daily_accounts SET tx_count = tx_count + 1, money_moved = money_moved + ?"
            + " WHERE figure_day = ? AND account_id = ?";
    if (sql.update(update, amount, day, accountId) == 0) {
      if (Strays.isOf(sql, event)) {
        return false;
      }
      sql.updateOne(
          "INSERT INTO daily_accounts (figure_day, account_id) VALUES (?, ?)", day, accountId);
      sql.updateOne(update, amount, day, accountId);
    }
    return true;
  }

  private static void start(Sql sql, TypedEvent<TransferRequested> event) throws SQLException {
    sql.updateOne(
        "INSERT INTO open_transfers (transfer_id, amount) VALUES (?, ?)",
        event.event().transferId(),
        event.event().amount().toBigDecimal());
    addToDay(sql, day(event), "transfers_started = transfers_started + 1");
  }

  private static void end(Sql sql, TypedEvent<Completed> event) throws SQLException {
    LocalDate day = day(event);
    String transferId = Streams.idIn(event.stream());
    switch (event.event().outcome()) {
      case "completed" ->
          addToDay(
              sql,
              day,
              "transferred_count = transferred_count + 1,"
                  + " transferred_sum = transferred_sum"
                  + " + (SELECT amount FROM open_transfers WHERE transfer_id = ?)",
              transferId);
      case "compensated" -> addToDay(sql, day, "transfers_compensated = transfers_compensated + 1");
      default -> addToDay(sql, day, "transfers_failed = transfers_failed + 1");
    }
    sql.updateOne("DELETE FROM open_transfers WHERE transfer_id = ?", transferId);
  }

  /** Changes the day's row, and makes it first if the day has none. */
  private static void addToDay(Sql sql, LocalDate day, String changes, Object... parameters)
      throws SQLException {
    String update = "UPDATE daily_figures SET " + changes + " WHERE figure_day = ?";
    Object[] all = append(parameters, day);
    if (sql.update(update, all) == 0) {
      sql.updateOne("INSERT INTO daily_figures (figure_day) VALUES (?)", day);
      sql.updateOne(update, all);
    }
  }

  /** The same for a row that has another key beside the day. */
  private static void add(
      Sql sql,
      String table,
      String changes,
      Object[] parameters,
      String keyColumn,
      LocalDate day,
      Object key)
      throws SQLException {
    String update =
        "UPDATE " + table + " SET " + changes + " WHERE figure_day = ? AND " + keyColumn + " = ?";
    Object[] all = append(parameters, day, key);
    if (sql.update(update, all) == 0) {
      sql.updateOne(
          "INSERT INTO " + table + " (figure_day, " + keyColumn + ") VALUES (?, ?)", day, key);
      sql.updateOne(update, all);
    }
  }

  private static Object[] append(Object[] parameters, Object... more) {
    Object[] all = new Object[parameters.length + more.length];
    System.arraycopy(parameters, 0, all, 0, parameters.length);
    System.arraycopy(more, 0, all, parameters.length, more.length);
    return all;
  }
}
