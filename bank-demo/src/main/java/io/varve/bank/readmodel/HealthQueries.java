package io.varve.bank.readmodel;

import java.math.BigDecimal;

/** How much there is, for those who look after the service. */
public final class HealthQueries {

  /**
   * The bank in numbers.
   *
   * @param events the bank's events in the rows
   * @param needingAttention transfers that wait for a person
   * @param held what has left one account and reached none, by transfers
   * @param strays streams that are named like an account's and do not begin with an opening
   */
  public record Numbers(
      long events,
      long accounts,
      long transactions,
      long sagas,
      long needingAttention,
      BigDecimal held,
      long strays) {}

  private record Some(long count, long events, long strays) {}

  private record Sagas(long count, long events, long needingAttention, BigDecimal held) {}

  private final Database database;

  HealthQueries(Database database) {
    this.database = database;
  }

  public Numbers numbers() {
    Some accounts =
        database.read(
            Projections.ACCOUNTS,
            sql ->
                sql.queryOne(
                        "SELECT COUNT(*), SUM(version), (SELECT COUNT(*) FROM strays)"
                            + " FROM accounts",
                        row -> new Some(row.number(1), row.number(2), row.number(3)))
                    .orElseThrow());
    Sagas sagas =
        database.read(
            Projections.SAGAS,
            sql ->
                sql.queryOne(
                        "SELECT COUNT(*), SUM(events),"
                            + " SUM(CASE WHEN status = 'needs_attention' THEN 1 ELSE 0 END),"
                            + " SUM(held) FROM transfers",
                        row -> new Sagas(row.number(1), row.number(2), row.number(3), row.money(4)))
                    .orElseThrow());
    long transactions =
        database.read(
            Projections.TRANSACTIONS, sql -> sql.number("SELECT SUM(tx_count) FROM holdings"));
    return new Numbers(
        accounts.events() + sagas.events(),
        accounts.count(),
        transactions,
        sagas.count(),
        sagas.needingAttention(),
        sagas.held(),
        accounts.strays());
  }
}
