package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Figures about the whole bank over some days, in UTC. */
public final class AnalyticsQueries {

  /** A number of movements and what they add up to. */
  public record Flow(long count, BigDecimal sum) {}

  /** A day on which something happened; other days are left out. */
  public record Day(
      LocalDate date,
      Flow moneyIn,
      Flow moneyOut,
      Flow transferred,
      long accountsOpened,
      long accountsClosed) {}

  public record BusyAccount(String accountId, long txCount, BigDecimal moneyMoved) {}

  /**
   * Transfers that started or ended in these days.
   *
   * @param completionRate completed ones among those that ended; null when none has
   */
  public record TransferFigures(
      long started,
      long completed,
      long compensated,
      long failed,
      @Nullable BigDecimal completionRate) {}

  /** Over deposits, withdrawals and transfers out, each once; null when there was none. */
  public record Amounts(
      long count,
      @Nullable BigDecimal largest,
      @Nullable BigDecimal mean,
      @Nullable BigDecimal median) {}

  public record Analytics(
      LocalDate from,
      LocalDate to,
      List<Day> days,
      long activeAccounts,
      List<BusyAccount> busiestAccounts,
      TransferFigures transfers,
      Amounts amounts) {}

  private static final int BUSIEST = 5;

  private static final String IN_THESE_DAYS = " WHERE figure_day >= ? AND figure_day <= ?";

  private final Database database;

  AnalyticsQueries(Database database) {
    this.database = database;
  }

  /** The figures from one day to another, both included. */
  Analytics between(LocalDate from, LocalDate to) {
    return database.read(
        Projections.ANALYTICS,
        sql ->
            new Analytics(
                from,
                to,
                days(sql, from, to),
                sql.number(
                    "SELECT COUNT(DISTINCT account_id) FROM daily_accounts" + IN_THESE_DAYS,
                    from,
                    to),
                busiest(sql, from, to),
                transfers(sql, from, to),
                amounts(sql, from, to)));
  }

  private static List<Day> days(Sql sql, LocalDate from, LocalDate to) throws SQLException {
    return sql.query(
        "SELECT figure_day, in_count, in_sum, out_count, out_sum, transferred_count,"
            + " transferred_sum, accounts_opened, accounts_closed FROM daily_figures"
            + IN_THESE_DAYS
            + " ORDER BY figure_day",
        row ->
            new Day(
                row.day(1),
                new Flow(row.number(2), row.money(3)),
                new Flow(row.number(4), row.money(5)),
                new Flow(row.number(6), row.money(7)),
                row.number(8),
                row.number(9)),
        from,
        to);
  }

  private static List<BusyAccount> busiest(Sql sql, LocalDate from, LocalDate to)
      throws SQLException {
    return sql.query(
        "SELECT account_id, SUM(tx_count) AS times, SUM(money_moved) FROM daily_accounts"
            + IN_THESE_DAYS
            + " GROUP BY account_id ORDER BY times DESC, account_id FETCH FIRST ? ROWS ONLY",
        row -> new BusyAccount(row.text(1), row.number(2), row.money(3)),
        from,
        to,
        BUSIEST);
  }

  private static TransferFigures transfers(Sql sql, LocalDate from, LocalDate to)
      throws SQLException {
    return sql.queryOne(
            "SELECT SUM(transfers_started), SUM(transferred_count), SUM(transfers_compensated),"
                + " SUM(transfers_failed) FROM daily_figures"
                + IN_THESE_DAYS,
            row -> figures(row.number(1), row.number(2), row.number(3), row.number(4)),
            from,
            to)
        .orElseThrow();
  }

  private static TransferFigures figures(
      long started, long completed, long compensated, long failed) {
    long ended = completed + compensated + failed;
    BigDecimal rate =
        ended == 0
            ? null
            : BigDecimal.valueOf(completed)
                .divide(BigDecimal.valueOf(ended), 4, RoundingMode.HALF_EVEN);
    return new TransferFigures(started, completed, compensated, failed, rate);
  }

  private record Amount(BigDecimal amount, long times) {}

  /** Computed here rather than by the database, whose own medians and means may be floats. */
  private static Amounts amounts(Sql sql, LocalDate from, LocalDate to) throws SQLException {
    List<Amount> amounts =
        sql.query(
            "SELECT amount, SUM(times) FROM daily_amounts"
                + IN_THESE_DAYS
                + " GROUP BY amount ORDER BY amount",
            row -> new Amount(row.money(1), row.number(2)),
            from,
            to);
    if (amounts.isEmpty()) {
      return new Amounts(0, null, null, null);
    }
    long count = amounts.stream().mapToLong(Amount::times).sum();
    BigDecimal sum =
        amounts.stream()
            .map(amount -> amount.amount().multiply(BigDecimal.valueOf(amount.times())))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal middle = at(amounts, (count - 1) / 2).add(at(amounts, count / 2));
    return new Amounts(
        count,
        amounts.getLast().amount(),
        sum.divide(BigDecimal.valueOf(count), 2, RoundingMode.HALF_EVEN),
        middle.divide(BigDecimal.TWO, 2, RoundingMode.HALF_EVEN));
  }

  /** The amount at a place, from 0, if each stood there as often as it was moved. */
  private static BigDecimal at(List<Amount> amounts, long place) {
    long before = 0;
    for (Amount amount : amounts) {
      before += amount.times();
      if (place < before) {
        return amount.amount();
      }
    }
    throw new IllegalArgumentException("there is no place " + place + " among " + before);
  }
}
