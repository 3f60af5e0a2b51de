package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bank and its accounts as they were, at one moment and over time. All of it is asked of the
 * transactions alone, by the position that the log had reached at that moment.
 */
public final class PastQueries {

  public record AccountThen(String accountId, String owner, BigDecimal balance, String status) {}

  /**
   * The bank at a moment.
   *
   * @param accounts in the order in which they were opened; when there are many, the first of them
   * @param count all accounts that there were, closed ones among them
   * @param total what was on all of them
   */
  public record BankThen(Instant at, List<AccountThen> accounts, long count, BigDecimal total) {}

  public record TotalAt(Instant at, BigDecimal total) {}

  public record BankSeries(Instant from, Instant to, List<TotalAt> points) {}

  public record BalanceAt(Instant at, BigDecimal balance) {}

  /**
   * An account over time: what was on it at the beginning, if it was open then, and after each
   * movement.
   *
   * @param complete false if there were more movements than points, of which the oldest are left
   *     out, and the beginning with them
   */
  public record AccountSeries(
      String accountId, Instant from, Instant to, List<BalanceAt> points, boolean complete) {}

  /** How far the log had come, and what was on all accounts. */
  private record Moment(long position, BigDecimal total) {}

  private static final int MOST_POINTS_OF_AN_ACCOUNT = 2_000;

  private final Database database;
  private final InstantSource clock;

  PastQueries(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * The bank as it was at a time, with so many accounts at most.
   *
   * @param time null: now
   */
  public BankThen bank(@Nullable Instant time, int limit) {
    return database.read(
        Projections.TRANSACTIONS,
        sql -> {
          Instant at = time == null ? now(sql) : time;
          Moment moment = moment(sql, at); // one for all of it, whatever is written meanwhile
          return new BankThen(
              at,
              sql.query(
                  "SELECT h.account_id, h.owner, h.closed_at, (SELECT t.balance_after"
                      + " FROM transactions t WHERE t.account_id = h.account_id"
                      + " AND t.position <= ?"
                      + " ORDER BY t.account_id DESC, t.position DESC FETCH FIRST 1 ROW ONLY)"
                      + " FROM holdings h WHERE h.opened_at <= ?"
                      + " ORDER BY h.position FETCH FIRST ? ROWS ONLY",
                  row -> accountThen(row, at),
                  moment.position(),
                  at,
                  limit),
              sql.number("SELECT COUNT(*) FROM holdings WHERE opened_at <= ?", at),
              moment.total());
        });
  }

  /** Never before what is in the rows, should the store's clock be ahead of ours. */
  private Instant now(Sql sql) throws SQLException {
    Instant now = clock.instant();
    return sql.queryOne(
            "SELECT MAX(newest) FROM (SELECT MAX(at) AS newest FROM transactions"
                + " UNION ALL SELECT MAX(opened_at) FROM holdings) AS times",
            row -> {
              Instant newest = row.timeOrNull(1);
              return newest == null || newest.isBefore(now) ? now : newest;
            })
        .orElse(now);
  }

  private static AccountThen accountThen(Sql.Row row, Instant at) throws SQLException {
    Instant closed = row.timeOrNull(3);
    boolean wasClosed = closed != null && !closed.isAfter(at);
    return new AccountThen(row.text(1), row.text(2), row.money(4), wasClosed ? "closed" : "active");
  }

  /** The newest movement up to a time; times never fall as positions rise. */
  private static Moment moment(Sql sql, Instant at) throws SQLException {
    return sql.queryOne(
            "SELECT position, total_after FROM transactions WHERE at <= ?"
                + " ORDER BY at DESC, position DESC FETCH FIRST 1 ROW ONLY",
            row -> new Moment(row.number(1), row.money(2)),
            at)
        .orElse(new Moment(0, BigDecimal.ZERO.setScale(2)));
  }

  /**
   * What was on all accounts together, at moments that are equally far apart, the first and the
   * last included.
   *
   * @param from null: when the first account was opened
   * @param to null: now
   * @param points at least 2
   */
  public BankSeries bankSeries(@Nullable Instant from, @Nullable Instant to, int points) {
    return database.read(
        Projections.TRANSACTIONS,
        sql -> {
          Instant end = to == null ? now(sql) : to;
          Instant begin = from == null ? beginning(sql, end) : from;
          List<TotalAt> totals = new ArrayList<>();
          for (Instant at : moments(begin, end, points)) {
            totals.add(new TotalAt(at, moment(sql, at).total()));
          }
          return new BankSeries(begin, end, totals);
        });
  }

  private static Instant beginning(Sql sql, Instant to) throws SQLException {
    return sql.queryOne(
            "SELECT opened_at FROM holdings ORDER BY opened_at FETCH FIRST 1 ROW ONLY",
            row -> row.time(1))
        .filter(opened -> opened.isBefore(to))
        .orElse(to);
  }

  static List<Instant> moments(Instant from, Instant to, int points) {
    if (from.equals(to)) {
      return List.of(to);
    }
    Duration whole = Duration.between(from, to);
    List<Instant> moments = new ArrayList<>();
    for (int i = 0; i < points; i++) {
      moments.add(from.plus(whole.multipliedBy(i).dividedBy(points - 1)));
    }
    return moments;
  }

  /**
   * An account over time; empty when there is no such account.
   *
   * @param from null: when it was opened
   * @param to null: now
   */
  public Optional<AccountSeries> accountSeries(
      String accountId, @Nullable Instant from, @Nullable Instant to) {
    return database.read(
        Projections.TRANSACTIONS,
        sql -> {
          Optional<Instant> opened =
              sql.queryOne(
                  "SELECT opened_at FROM holdings WHERE account_id = ?",
                  row -> row.time(1),
                  accountId);
          if (opened.isEmpty()) {
            return Optional.<AccountSeries>empty();
          }
          Instant end = to == null ? now(sql) : to;
          Instant begin = from == null ? opened.get() : from;
          return Optional.of(series(sql, accountId, opened.get(), begin, end));
        });
  }

  private static AccountSeries series(
      Sql sql, String accountId, Instant opened, Instant from, Instant to) throws SQLException {
    List<BalanceAt> newest =
        sql.query(
            "SELECT at, balance_after FROM transactions"
                + " WHERE account_id = ? AND at > ? AND at <= ?"
                + " ORDER BY account_id DESC, at DESC, position DESC FETCH FIRST ? ROWS ONLY",
            row -> new BalanceAt(row.time(1), row.money(2)),
            accountId,
            from,
            to,
            MOST_POINTS_OF_AN_ACCOUNT + 1);
    boolean complete = newest.size() <= MOST_POINTS_OF_AN_ACCOUNT;
    List<BalanceAt> points = new ArrayList<>();
    if (complete && !from.isBefore(opened)) {
      points.add(new BalanceAt(from, balance(sql, accountId, from)));
    }
    points.addAll(newest.subList(0, Math.min(newest.size(), MOST_POINTS_OF_AN_ACCOUNT)).reversed());
    return new AccountSeries(accountId, from, to, points, complete);
  }

  private static BigDecimal balance(Sql sql, String accountId, Instant at) throws SQLException {
    return sql.queryOne(
            "SELECT balance_after FROM transactions WHERE account_id = ? AND at <= ?"
                + " ORDER BY account_id DESC, at DESC, position DESC FETCH FIRST 1 ROW ONLY",
            row -> row.money(1),
            accountId,
            at)
        .orElse(BigDecimal.ZERO.setScale(2));
  }
}
