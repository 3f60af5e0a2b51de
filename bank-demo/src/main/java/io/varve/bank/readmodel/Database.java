package io.varve.bank.readmodel;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * SQL in a line: parameters in order, one function a row, one transaction a block. It speaks
 * standard SQL through JDBC and, but for {@link #shutDown}, no product. Any thread may call it;
 * those that write take turns.
 */
final class Database {

  /** Makes something of the row that the result set stands on. */
  interface RowMapper<T> {
    T map(Row row) throws SQLException;
  }

  /** Statements that take effect together or not at all. */
  interface Work {
    void run(Connection connection) throws Exception;
  }

  /*
   * One transaction writes at a time. H2 saves its tables and indexes one after the other while
   * transactions go on in other threads, so what it saves may hold a row of a transaction and
   * not its checkpoint, or an index without the row (its issue 2080). The next save mends that,
   * unless the process is killed before. Two things together close the gap: nobody writes but the
   * thread that commits, and no background thread saves (see ReadModel.pool). Either alone is
   * not enough: ReadModelKillIT sees the first missing within a few kills, and the second in one
   * of a hundred or two.
   */
  private final ReentrantLock oneWriter = new ReentrantLock();

  private final DataSource dataSource;

  Database(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** Writes everything out and closes the files. */
  void shutDown() throws SQLException {
    oneWriter.lock();
    try (Connection connection = dataSource.getConnection()) {
      update(connection, "SHUTDOWN");
    } finally {
      oneWriter.unlock();
    }
  }

  /**
   * Commits when the work returns; rolls back and throws on when it throws. Waits for the
   * transactions of other threads, so the work must not wait for any.
   */
  void inTransaction(Work work) throws Exception {
    oneWriter.lock();
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        work.run(connection);
        connection.commit();
        connection.setAutoCommit(true);
      } catch (Exception e) {
        rollBack(connection, e);
        throw e;
      }
    } finally {
      oneWriter.unlock();
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
      // Only now: to turn it on is to commit what is open.
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  <T> List<T> query(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return query(connection, sql, mapper, parameters);
    }
  }

  <T> Optional<T> queryOne(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    return query(sql, mapper, parameters).stream().findFirst();
  }

  /** The number that the query's only row holds. */
  long count(String sql, @Nullable Object... parameters) throws SQLException {
    return query(sql, row -> row.number(1), parameters).getFirst();
  }

  static <T> List<T> query(
      Connection connection, String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet results = statement.executeQuery()) {
      List<T> rows = new ArrayList<>();
      Row row = new Row(results);
      while (results.next()) {
        rows.add(mapper.map(row));
      }
      return rows;
    }
  }

  /** The number of rows changed. */
  static int update(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  /** Changes exactly one row; anything else means that the table is not what the log says. */
  static void updateOne(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    int rows = update(connection, sql, parameters);
    if (rows != 1) {
      throw new IllegalStateException(rows + " rows instead of one changed by: " + sql);
    }
  }

  private static PreparedStatement prepare(
      Connection connection, String sql, @Nullable Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < parameters.length; i++) {
        Object parameter = parameters[i];
        statement.setObject(
            i + 1, parameter instanceof Instant at ? at.atOffset(ZoneOffset.UTC) : parameter);
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
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

    /** A sum of money; zero for SQL's null, which is what the sum of no rows is. */
    BigDecimal money(int column) throws SQLException {
      BigDecimal amount = results.getBigDecimal(column);
      return (amount == null ? BigDecimal.ZERO : amount).setScale(2);
    }

    @Nullable BigDecimal decimalOrNull(int column) throws SQLException {
      return results.getBigDecimal(column);
    }

    Instant time(int column) throws SQLException {
      return present(timeOrNull(column), column);
    }

    @Nullable Instant timeOrNull(int column) throws SQLException {
      OffsetDateTime time = results.getObject(column, OffsetDateTime.class);
      return time == null ? null : time.toInstant();
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
