package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers about movements of money. */
public final class TransactionQueries {

  /**
   * One movement.
   *
   * @param position its event's place in the log, which names it
   * @param type one of opening, deposit, withdrawal, interest, transfer_in, transfer_out, refund,
   *     reversal
   */
  public record Transaction(
      long position,
      String accountId,
      String type,
      BigDecimal amount,
      String direction,
      BigDecimal balanceAfter,
      @Nullable String description,
      @Nullable String transferId,
      Instant at) {}

  /**
   * Some transactions.
   *
   * @param total all that match, of which the list may be a part
   */
  public record TransactionList(List<Transaction> transactions, long total) {}

  private final Database database;

  TransactionQueries(Database database) {
    this.database = database;
  }

  /**
   * Transactions, newest first.
   *
   * @param accountId those of one account; null: of all
   * @param before those whose position is lower; null: from the newest
   */
  public TransactionList list(int limit, @Nullable Long before, @Nullable String accountId) {
    String ofAccount = accountId == null ? "" : "account_id = ?";
    List<Object> named = accountId == null ? List.of() : List.of(accountId);
    List<Object> parameters = new ArrayList<>(named);
    parameters.add(before == null ? Long.MAX_VALUE : before);
    parameters.add(limit);
    return database.read(
        Projections.TRANSACTIONS,
        sql ->
            new TransactionList(
                sql.query(
                    "SELECT position, account_id, kind, amount, direction, balance_after,"
                        + " description, transfer_id, at FROM transactions WHERE "
                        + (accountId == null ? "" : ofAccount + " AND ")
                        + "position < ? ORDER BY position DESC FETCH FIRST ? ROWS ONLY",
                    TransactionQueries::transaction,
                    parameters.toArray()),
                sql.number(
                    "SELECT COALESCE(SUM(tx_count), 0) FROM holdings"
                        + (accountId == null ? "" : " WHERE " + ofAccount),
                    named.toArray())));
  }

  private static Transaction transaction(Sql.Row row) throws SQLException {
    return new Transaction(
        row.number(1),
        row.text(2),
        row.text(3),
        row.money(4),
        row.number(5) > 0 ? "in" : "out",
        row.money(6),
        row.textOrNull(7),
        row.textOrNull(8),
        row.time(9));
  }
}
