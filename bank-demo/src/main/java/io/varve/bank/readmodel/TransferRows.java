package io.varve.bank.readmodel;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.Transfer.Action;
import io.varve.bank.domain.Transfer.State;
import io.varve.bank.domain.Transfer.Status;
import io.varve.bank.domain.Transfer.Step;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Transfers as rows: one for each transfer, and one for each of its steps. */
final class TransferRows {

  static final String TRANSFERS =
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
      """;

  static final String NEWEST_FIRST = "CREATE INDEX transfers_by_position ON transfers (position)";

  static final String STEPS =
      """
      CREATE TABLE transfer_steps (
        transfer_id   VARCHAR(64) NOT NULL,
        step          INTEGER NOT NULL,         -- its place among the transfer's, from 0
        command       VARCHAR(64) NOT NULL,
        action        VARCHAR(32) NOT NULL,
        compensation  BOOLEAN NOT NULL,
        account_id    VARCHAR(64) NOT NULL,
        state         VARCHAR(32) NOT NULL,
        error         VARCHAR,
        started_at    BIGINT NOT NULL,
        finished_at   BIGINT,
        PRIMARY KEY (transfer_id, step))
      """;

  private static final String SELECT =
      "SELECT transfer_id, from_account, to_account, amount, status, error, held, started_at,"
          + " updated_at, finished_at FROM transfers";

  private static final String NEWEST = " ORDER BY position DESC FETCH FIRST ? ROWS ONLY";

  private static final String SELECT_STEPS =
      "SELECT transfer_id, command, action, compensation, account_id, state, error, started_at,"
          + " finished_at FROM transfer_steps";

  private record StepOf(String transferId, Step step) {}

  private TransferRows() {}

  static Optional<Transfer> find(Sql sql, String transferId) throws SQLException {
    List<Step> steps =
        sql.query(
            SELECT_STEPS + " WHERE transfer_id = ? ORDER BY step",
            row -> stepOf(row).step(),
            transferId);
    return sql.queryOne(SELECT + " WHERE transfer_id = ?", row -> transfer(row, steps), transferId);
  }

  static List<Transfer> newest(Sql sql, int limit) throws SQLException {
    Map<String, List<Step>> steps =
        sql
            .query(
                SELECT_STEPS
                    + " WHERE transfer_id IN (SELECT transfer_id FROM transfers"
                    + NEWEST
                    + ") ORDER BY transfer_id, step",
                TransferRows::stepOf,
                limit)
            .stream()
            .collect(groupingBy(StepOf::transferId, mapping(StepOf::step, toList())));
    return sql.query(
        SELECT + NEWEST, row -> transfer(row, steps.getOrDefault(row.text(1), List.of())), limit);
  }

  private static Transfer transfer(Sql.Row row, List<Step> steps) throws SQLException {
    return new Transfer(
        row.text(1),
        row.text(2),
        row.text(3),
        Money.of(row.money(4)),
        named(Status.class, row.text(5)),
        row.textOrNull(6),
        Money.of(row.money(7)),
        row.time(8),
        row.time(9),
        row.timeOrNull(10),
        steps);
  }

  private static StepOf stepOf(Sql.Row row) throws SQLException {
    return new StepOf(
        row.text(1),
        new Step(
            row.text(2),
            named(Action.class, row.text(3)),
            row.flag(4),
            row.text(5),
            named(State.class, row.text(6)),
            row.textOrNull(7),
            row.time(8),
            row.timeOrNull(9)));
  }

  static void insert(Sql sql, Transfer transfer, long position) throws SQLException {
    sql.updateOne(
        "INSERT INTO transfers (transfer_id, from_account, to_account, amount, status, held,"
            + " started_at, updated_at, events, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        transfer.id(),
        transfer.fromAccount(),
        transfer.toAccount(),
        transfer.amount().toBigDecimal(),
        text(transfer.status()),
        transfer.held().toBigDecimal(),
        transfer.startedAt(),
        transfer.updatedAt(),
        position);
  }

  /**
   * Writes what an event has changed.
   *
   * @param events of the transfer so far
   */
  static void update(Sql sql, Transfer before, Transfer after, long events) throws SQLException {
    sql.updateOne(
        "UPDATE transfers SET status = ?, error = ?, held = ?, updated_at = ?, finished_at = ?,"
            + " events = ? WHERE transfer_id = ?",
        text(after.status()),
        after.error(),
        after.held().toBigDecimal(),
        after.updatedAt(),
        nanos(after.finishedAt()),
        events,
        after.id());
    for (int i = 0; i < after.steps().size(); i++) {
      Step step = after.steps().get(i);
      if (i >= before.steps().size()) {
        insert(sql, after.id(), i, step);
      } else if (!step.equals(before.steps().get(i))) {
        sql.updateOne(
            "UPDATE transfer_steps SET state = ?, error = ?, finished_at = ?"
                + " WHERE transfer_id = ? AND step = ?",
            text(step.state()),
            step.error(),
            nanos(step.finishedAt()),
            after.id(),
            i);
      }
    }
  }

  private static void insert(Sql sql, String transferId, int index, Step step) throws SQLException {
    sql.updateOne(
        "INSERT INTO transfer_steps (transfer_id, step, command, action, compensation, account_id,"
            + " state, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        transferId,
        index,
        step.command(),
        text(step.action()),
        step.compensation(),
        step.accountId(),
        text(step.state()),
        step.startedAt());
  }

  private static @Nullable Long nanos(@Nullable Instant time) {
    return time == null ? null : Long.valueOf(Sql.nanos(time));
  }

  private static String text(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  private static <T extends Enum<T>> T named(Class<T> type, String text) {
    return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
  }
}
