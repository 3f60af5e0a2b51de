package io.varve.client.eventsourcing.projection.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions on connections of a pool, which go back as they came: with the schema and the
 * auto-commit that they had. Any thread may call it.
 */
final class Transactions {

  /** Statements that take effect together or not at all. */
  interface Work<R extends @Nullable Object> {
    R run(Connection connection) throws Exception;
  }

  /** Makes something of the row that the results stand on. */
  interface Rows<R> {
    R map(ResultSet row) throws SQLException;
  }

  private static final Logger log = LoggerFactory.getLogger(Transactions.class);

  private final DataSource dataSource;
  private final @Nullable ReentrantLock turn;

  /**
   * Transactions of this database.
   *
   * @param inTurn one at a time, instead of as many as there are threads
   */
  Transactions(DataSource dataSource, boolean inTurn) {
    this.dataSource = dataSource;
    this.turn = inTurn ? new ReentrantLock(true) : null;
  }

  /**
   * Commits when the work returns; rolls back and throws on when it throws.
   *
   * @param schema the schema for plain names; null: the connection's own
   */
  <R extends @Nullable Object> R run(@Nullable String schema, Work<R> work) throws Exception {
    if (turn == null) {
      return runNow(schema, work);
    }
    turn.lock();
    try {
      return runNow(schema, work);
    } finally {
      turn.unlock();
    }
  }

  private <R extends @Nullable Object> R runNow(@Nullable String schema, Work<R> work)
      throws Exception {
    try (Connection connection = dataSource.getConnection()) {
      @Nullable String schemaBefore = schema == null ? null : connection.getSchema();
      boolean autoCommitBefore = connection.getAutoCommit();
      boolean clean = false;
      try {
        connection.setAutoCommit(false);
        if (schema != null) {
          enter(connection, schema);
        }
        R result = work.run(connection);
        connection.commit();
        clean = true;
        return result;
      } catch (Exception e) {
        clean = rollBack(connection, e);
        if (!clean) {
          throw new SQLTransientConnectionException("the connection is lost", e);
        }
        throw e;
      } catch (Error e) {
        clean = rollBack(connection, e);
        throw e;
      } finally {
        if (clean) {
          restore(connection, schemaBefore, autoCommitBefore);
        } else {
          abandon(connection);
        }
      }
    }
  }

  private static boolean rollBack(Connection connection, Throwable cause) {
    try {
      connection.rollback();
      return true;
    } catch (SQLException | RuntimeException e) {
      cause.addSuppressed(e);
      return false;
    }
  }

  /**
   * What has been committed stays committed, so a connection that cannot be restored is only lost.
   */
  static void restore(Connection connection, @Nullable String schema, boolean autoCommit) {
    try {
      if (schema != null) {
        connection.setSchema(schema);
      }
      if (!autoCommit) {
        connection.commit(); // some databases forget the schema again with the transaction
      }
      connection.setAutoCommit(autoCommit);
    } catch (SQLException | RuntimeException e) {
      abandon(connection);
    }
  }

  /**
   * Keeps a connection in an unknown state from being used again, where the pool understands it.
   */
  static void abandon(Connection connection) {
    Executor here = Runnable::run;
    try {
      connection.abort(here);
    } catch (SQLException | RuntimeException e) {
      log.debug("a connection cannot be ended", e);
    }
  }

  /**
   * Makes plain names mean the tables of this schema, and makes sure that they do.
   *
   * @throws SQLException the schema cannot be chosen
   */
  static void enter(Connection connection, String schema) throws SQLException {
    connection.setSchema(schema);
    @Nullable String now = connection.getSchema();
    if (!schema.equals(now)) {
      throw new SQLException(
          "the connection stands in schema "
              + now
              + " after it was told to use "
              + schema
              + "; a database that cannot do that cannot keep generations apart");
    }
  }

  /** The rows of a query. */
  static <R> List<R> query(Connection connection, String sql, Rows<R> rows, Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet results = statement.executeQuery()) {
      List<R> found = new ArrayList<>();
      while (results.next()) {
        found.add(rows.map(results));
      }
      return found;
    }
  }

  /** Changes rows; returns how many. */
  static int update(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  private static PreparedStatement prepare(Connection connection, String sql, Object... parameters)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }
}
