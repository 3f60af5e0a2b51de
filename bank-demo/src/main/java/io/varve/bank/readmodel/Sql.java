package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * SQL in a line on one connection: parameters in order, one function a row. It speaks what H2 and
 * PostgreSQL have in common.
 *
 * <p>Times are kept as nanoseconds since 1970: as the store records them, to the last digit, which
 * PostgreSQL's own type would round off. Who takes a time from here and asks the store for that
 * moment gets the event, not what was before it. Such a number ends in the year 2262; what is later
 * is that.
 */
final class Sql {

  /** Makes something of the row that the result set stands on. */
  interface RowMapper<T> {
    T map(Row row) throws SQLException;
  }

  private static final long NANOS_A_SECOND = 1_000_000_000;
  private static final Instant LAST = instant(Long.MAX_VALUE);
  private static final Instant FIRST = instant(Long.MIN_VALUE);

  private final Connection connection;

  Sql(Connection connection) {
    this.connection = connection;
  }

  <T> List<T> query(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(sql, parameters);
        ResultSet results = statement.executeQuery()) {
      List<T> rows = new ArrayList<>();
      Row row = new Row(results);
      while (results.next()) {
        rows.add(mapper.map(row));
      }
      return rows;
    }
  }

  <T> Optional<T> queryOne(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    return query(sql, mapper, parameters).stream().findFirst();
  }

  /** The number that the query's only row holds. */
  long number(String sql, @Nullable Object... parameters) throws SQLException {
    return query(sql, row -> row.number(1), parameters).getFirst();
  }

  /** The number of rows changed. */
  int update(String sql, @Nullable Object... parameters) throws SQLException {
    try (PreparedStatement statement = prepare(sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  /** Changes exactly one row; anything else means that the table is not what the log says. */
  void updateOne(String sql, @Nullable Object... parameters) throws SQLException {
    int rows = update(sql, parameters);
    if (rows != 1) {
      throw new IllegalStateException(
          "the rows are not what the log says: " + rows + " instead of one changed by: " + sql);
    }
  }

  private PreparedStatement prepare(String sql, @Nullable Object... parameters)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < parameters.length; i++) {
        Object parameter = parameters[i];
        statement.setObject(i + 1, parameter instanceof Instant at ? nanos(at) : parameter);
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  static long nanos(Instant time) {
    if (time.isAfter(LAST)) {
      return Long.MAX_VALUE;
    }
    if (time.isBefore(FIRST)) {
      return Long.MIN_VALUE;
    }
    // From the next second backwards before 1970, or the first second that fits would overflow.
    return time.getEpochSecond() < 0
        ? (time.getEpochSecond() + 1) * NANOS_A_SECOND + time.getNano() - NANOS_A_SECOND
        : time.getEpochSecond() * NANOS_A_SECOND + time.getNano();
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, NANOS_A_SECOND), Math.floorMod(nanos, NANOS_A_SECOND));
  }

  /** The current row of a result, with columns counted from 1. */
  static final class Row {

    private final ResultSet results;

    private Row(ResultSet results) {
      this.results = results;
    }

    String text(int column) throws SQLException {
      return present(results.getString(column), column);
    }

    @Nullable String textOrNull(int column) throws SQLException {
      return results.getString(column);
    }

    long number(int column) throws SQLException {
      return results.getLong(column);
    }

    boolean flag(int column) throws SQLException {
      return results.getBoolean(column);
    }

    /** A sum of money; zero for SQL's null, which is what the sum of no rows is. */
    BigDecimal money(int column) throws SQLException {
      BigDecimal amount = moneyOrNull(column);
      return amount == null ? BigDecimal.ZERO.setScale(2) : amount;
    }

    @Nullable BigDecimal moneyOrNull(int column) throws SQLException {
      BigDecimal amount = results.getBigDecimal(column);
      return amount == null ? null : amount.setScale(2);
    }

    Instant time(int column) throws SQLException {
      return present(timeOrNull(column), column);
    }

    @Nullable Instant timeOrNull(int column) throws SQLException {
      long nanos = results.getLong(column);
      return results.wasNull() ? null : instant(nanos);
    }

    LocalDate day(int column) throws SQLException {
      return present(results.getObject(column, LocalDate.class), column);
    }

    private static <T> T present(@Nullable T value, int column) throws SQLException {
      if (value == null) {
        throw new SQLException("column " + column + " is null");
      }
      return value;
    }
  }
}
