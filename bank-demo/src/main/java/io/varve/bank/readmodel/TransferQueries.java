package io.varve.bank.readmodel;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;

import io.varve.bank.domain.Transfer;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Answers about transfers and their steps. */
public final class TransferQueries {

  public record TransferStepTaken(String event, Instant at) {}

  /**
   * A transfer.
   *
   * @param held money that left one account and has reached none
   */
  public record TransferView(
      String transferId,
      String status,
      String fromAccount,
      String toAccount,
      BigDecimal amount,
      @Nullable String error,
      BigDecimal held,
      Instant startedAt,
      Instant updatedAt,
      @Nullable Instant finishedAt,
      List<TransferStepTaken> steps) {}

  /**
   * Some transfers.
   *
   * @param count all transfers, of which the list may be a part
   */
  public record TransferList(List<TransferView> sagas, long count) {}

  private record StepRow(String transferId, TransferStepTaken step) {}

  private static final String SELECT =
      "SELECT transfer_id, status, from_account, to_account, amount, error, held, started_at,"
          + " updated_at, finished_at FROM transfers";

  private final Database database;

  TransferQueries(Database database) {
    this.database = database;
  }

  /** Transfers, newest first. */
  public TransferList list(int limit) {
    return database.read(Projections.SAGAS, sql -> list(sql, limit));
  }

  private static TransferList list(Sql sql, int limit) throws SQLException {
    List<StepRow> steps =
        sql.query(
            "SELECT s.transfer_id, s.event, s.at FROM transfer_steps s JOIN"
                + " (SELECT transfer_id FROM transfers ORDER BY position DESC"
                + " FETCH FIRST ? ROWS ONLY) t ON s.transfer_id = t.transfer_id"
                + " ORDER BY s.transfer_id, s.version",
            row -> new StepRow(row.text(1), new TransferStepTaken(row.text(2), row.time(3))),
            limit);
    Map<String, List<TransferStepTaken>> stepsOf =
        steps.stream()
            .collect(groupingBy(StepRow::transferId, mapping(StepRow::step, Collectors.toList())));
    List<TransferView> transfers =
        sql.query(
            SELECT + " ORDER BY position DESC FETCH FIRST ? ROWS ONLY",
            row -> view(row, stepsOf.getOrDefault(row.text(1), List.of())),
            limit);
    return new TransferList(transfers, sql.number("SELECT COUNT(*) FROM transfers"));
  }

  public Optional<TransferView> find(String transferId) {
    return database.read(
        Projections.SAGAS,
        sql -> {
          List<TransferStepTaken> steps =
              sql.query(
                  "SELECT event, at FROM transfer_steps WHERE transfer_id = ? ORDER BY version",
                  row -> new TransferStepTaken(row.text(1), row.time(2)),
                  transferId);
          return sql.queryOne(
              SELECT + " WHERE transfer_id = ?", row -> view(row, steps), transferId);
        });
  }

  private static TransferView view(Sql.Row row, List<TransferStepTaken> steps) throws SQLException {
    return new TransferView(
        row.text(1),
        Transfer.Status.valueOf(row.text(2).toUpperCase(Locale.ROOT)).label(),
        row.text(3),
        row.text(4),
        row.money(5),
        row.textOrNull(6),
        row.money(7),
        row.time(8),
        row.time(9),
        row.timeOrNull(10),
        steps);
  }
}
