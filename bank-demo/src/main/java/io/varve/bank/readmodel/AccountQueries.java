package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers about accounts as they are, and month by month. */
public final class AccountQueries {

  public record AccountSummary(
      String accountId,
      String owner,
      BigDecimal balance,
      String status,
      Instant openedAt,
      @Nullable Instant closedAt,
      long txCount,
      @Nullable Instant lastTxAt,
      long version) {}

  /**
   * Some accounts.
   *
   * @param count all accounts, of which the list may be a part
   */
  public record AccountList(List<AccountSummary> accounts, long count) {}

  /**
   * An account's month, in UTC.
   *
   * @param complete false for the month that is not over yet
   */
  public record Statement(
      String month,
      BigDecimal openingBalance,
      BigDecimal moneyIn,
      BigDecimal moneyOut,
      BigDecimal closingBalance,
      long txCount,
      boolean complete) {}

  public record StatementList(String accountId, int year, List<Statement> statements) {}

  /** How many accounts are listed unless fewer are asked for. */
  public static final int FIRST_PAGE = 1_000;

  private record Sums(BigDecimal in, BigDecimal out, long count) {}

  private static final String SELECT =
      "SELECT account_id, owner, balance, status, opened_at, closed_at, tx_count, last_tx_at,"
          + " version FROM accounts";

  private final Database database;
  private final InstantSource clock;

  AccountQueries(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Accounts in the order in which they were opened. */
  AccountList list(int limit, int offset) {
    return database.read(
        Projections.ACCOUNTS,
        sql ->
            new AccountList(
                sql.query(
                    SELECT + " ORDER BY position OFFSET ? ROWS FETCH NEXT ? ROWS ONLY",
                    AccountQueries::summary,
                    offset,
                    limit),
                sql.number("SELECT COUNT(*) FROM accounts")));
  }

  Optional<AccountSummary> find(String accountId) {
    return database.read(
        Projections.ACCOUNTS,
        sql -> sql.queryOne(SELECT + " WHERE account_id = ?", AccountQueries::summary, accountId));
  }

  private static AccountSummary summary(Sql.Row row) throws SQLException {
    return new AccountSummary(
        row.text(1),
        row.text(2),
        row.money(3),
        row.text(4),
        row.time(5),
        row.timeOrNull(6),
        row.number(7),
        row.timeOrNull(8),
        row.number(9));
  }

  /**
   * The account's months of a year, from the one in which it was opened to the present one; empty
   * when there is no such account.
   */
  public Optional<StatementList> statements(String accountId, Year year) {
    return database.read(
        Projections.TRANSACTIONS,
        sql -> {
          Optional<Instant> opened =
              sql.queryOne(
                  "SELECT opened_at FROM holdings WHERE account_id = ?",
                  row -> row.time(1),
                  accountId);
          return opened.isEmpty()
              ? Optional.<StatementList>empty()
              : Optional.of(
                  new StatementList(
                      accountId,
                      year.getValue(),
                      statements(sql, accountId, year, monthOf(opened.get()))));
        });
  }

  private List<Statement> statements(Sql sql, String accountId, Year year, YearMonth opened)
      throws SQLException {
    YearMonth present = monthOf(clock.instant());
    List<Statement> statements = new ArrayList<>();
    BigDecimal balance = balanceBefore(sql, accountId, start(year.atMonth(1)));
    for (int month = 1; month <= 12; month++) {
      YearMonth current = year.atMonth(month);
      if (!current.isBefore(opened) && !current.isAfter(present)) {
        Sums sums = sums(sql, accountId, current);
        BigDecimal closing = balance.add(sums.in()).subtract(sums.out());
        statements.add(
            new Statement(
                current.toString(),
                balance,
                sums.in(),
                sums.out(),
                closing,
                sums.count(),
                current.isBefore(present)));
        balance = closing;
      }
    }
    return statements;
  }

  private static BigDecimal balanceBefore(Sql sql, String accountId, Instant time)
      throws SQLException {
    return sql.queryOne(
            "SELECT balance_after FROM transactions WHERE account_id = ? AND at < ?"
                + " ORDER BY account_id DESC, at DESC, position DESC FETCH FIRST 1 ROW ONLY",
            row -> row.money(1),
            accountId,
            time)
        .orElse(BigDecimal.ZERO.setScale(2));
  }

  private static Sums sums(Sql sql, String accountId, YearMonth month) throws SQLException {
    return sql.queryOne(
            "SELECT SUM(CASE WHEN direction > 0 THEN amount ELSE 0 END),"
                + " SUM(CASE WHEN direction < 0 THEN amount ELSE 0 END), COUNT(*)"
                + " FROM transactions WHERE account_id = ? AND at >= ? AND at < ?",
            row -> new Sums(row.money(1), row.money(2), row.number(3)),
            accountId,
            start(month),
            start(month.plusMonths(1)))
        .orElseThrow();
  }

  private static YearMonth monthOf(Instant time) {
    return YearMonth.from(LocalDate.ofInstant(time, ZoneOffset.UTC));
  }

  private static Instant start(YearMonth month) {
    return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
