package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
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

  private final Database database;

  AnalyticsQueries(Database database) {
    this.database = database;
  }

  /** The figures from one day to another, both included. */
  public Analytics between(LocalDate from, LocalDate to) throws SQLException {
    Instant start = from.atStartOfDay(ZoneOffset.UTC).toInstant();
    Instant end = to.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    long active =
        database.count(
            "SELECT COUNT(DISTINCT account_id) FROM transactions WHERE at >= ? AND at < ?",
            start,
            end);
    return new Analytics(
        from,
        to,
        days(from, to),
        active,
        busiest(start, end),
        transfers(from, to),
        amounts(start, end));
  }

  private List<Day> days(LocalDate from, LocalDate to) throws SQLException {
    return database.query(
        "SELECT figure_day, in_count, in_sum, out_count, out_sum, transferred_count,"
            + " transferred_sum, accounts_opened, accounts_closed FROM daily_figures"
            + " WHERE figure_day >= ? AND figure_day <= ? ORDER BY figure_day",
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

  private List<BusyAccount> busiest(Instant start, Instant end) throws SQLException {
    return database.query(
        "SELECT account_id, COUNT(*) AS tx_count, SUM(amount) FROM transactions"
            + " WHERE at >= ? AND at < ? GROUP BY account_id"
            + " ORDER BY tx_count DESC, account_id FETCH FIRST ? ROWS ONLY",
        row -> new BusyAccount(row.text(1), row.number(2), row.money(3)),
        start,
        end,
        BUSIEST);
  }

  private TransferFigures transfers(LocalDate from, LocalDate to) throws SQLException {
    return database
        .queryOne(
            "SELECT SUM(transfers_started), SUM(transferred_count), SUM(transfers_compensated),"
                + " SUM(transfers_failed) FROM daily_figures"
                + " WHERE figure_day >= ? AND figure_day <= ?",
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

  private Amounts amounts(Instant start, Instant end) throws SQLException {
    return database
        .queryOne(
            "SELECT COUNT(*), MAX(amount), AVG(amount),"
                + " PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM transactions"
                + " WHERE kind IN ('deposit', 'withdrawal', 'transfer_out')"
                + " AND at >= ? AND at < ?",
            row ->
                new Amounts(
                    row.number(1),
                    toCents(row.decimalOrNull(2)),
                    toCents(row.decimalOrNull(3)),
                    toCents(row.decimalOrNull(4))),
            start,
            end)
        .orElseThrow();
  }

  private static @Nullable BigDecimal toCents(@Nullable BigDecimal amount) {
    return amount == null ? null : amount.setScale(2, RoundingMode.HALF_EVEN);
  }
}
