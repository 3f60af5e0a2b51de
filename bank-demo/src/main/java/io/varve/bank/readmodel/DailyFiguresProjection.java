package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.store.Streams;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * One row a day (UTC): what came into the bank, what left it, what went from account to account. A
 * transfer counts on the day on which it ended.
 */
final class DailyFiguresProjection implements Projection {

  @Override
  public String name() {
    return "analytics";
  }

  @Override
  public void apply(BankEvent event, RecordedEvent recorded, Connection connection)
      throws SQLException {
    LocalDate day = LocalDate.ofInstant(recorded.recordedAt(), ZoneOffset.UTC);
    switch (event) {
      case AccountOpened e -> add(connection, day, "accounts_opened = accounts_opened + 1");
      case AccountClosed e -> add(connection, day, "accounts_closed = accounts_closed + 1");
      case TransferEvent e -> addTransfer(connection, day, e, Streams.idIn(recorded.stream()));
      default -> {
        // Counted below if money moves, and of no interest here otherwise.
      }
    }
    Optional<Movement> movement = Movement.of(event, recorded);
    if (movement.isPresent() && movement.get().kind().isExternal()) {
      BigDecimal amount = movement.get().amount().toBigDecimal();
      if (movement.get().kind().direction() > 0) {
        add(connection, day, "in_count = in_count + 1, in_sum = in_sum + ?", amount);
      } else {
        add(connection, day, "out_count = out_count + 1, out_sum = out_sum + ?", amount);
      }
    }
  }

  private static void addTransfer(
      Connection connection, LocalDate day, TransferEvent event, String transferId)
      throws SQLException {
    if (event instanceof TransferStarted started) {
      Database.updateOne(
          connection,
          "INSERT INTO daily_open_transfers (transfer_id, amount) VALUES (?, ?)",
          transferId,
          started.amount().toBigDecimal());
      add(connection, day, "transfers_started = transfers_started + 1");
      return;
    }
    Transfer.Status status = Transfer.none(transferId).evolve(event).status();
    switch (status) {
      case COMPLETED ->
          add(
              connection,
              day,
              "transferred_count = transferred_count + 1,"
                  + " transferred_sum = transferred_sum"
                  + " + (SELECT amount FROM daily_open_transfers WHERE transfer_id = ?)",
              transferId);
      case COMPENSATED -> add(connection, day, "transfers_compensated = transfers_compensated + 1");
      case FAILED, NEEDS_ATTENTION ->
          add(connection, day, "transfers_failed = transfers_failed + 1");
      default -> {
        // Still on its way.
      }
    }
    if (status.isFinal()) {
      Database.update(
          connection, "DELETE FROM daily_open_transfers WHERE transfer_id = ?", transferId);
    }
  }

  /** Changes the day's row, and makes it first if the day has none. */
  private static void add(
      Connection connection, LocalDate day, String changes, Object... parameters)
      throws SQLException {
    Object[] all = new Object[parameters.length + 1];
    System.arraycopy(parameters, 0, all, 0, parameters.length);
    all[parameters.length] = day;
    String update = "UPDATE daily_figures SET " + changes + " WHERE figure_day = ?";
    if (Database.update(connection, update, all) == 0) {
      Database.updateOne(connection, "INSERT INTO daily_figures (figure_day) VALUES (?)", day);
      Database.updateOne(connection, update, all);
    }
  }
}
