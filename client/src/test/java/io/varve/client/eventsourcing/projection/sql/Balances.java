package io.varve.client.eventsourcing.projection.sql;

import io.varve.client.eventsourcing.projection.AccountEvent;
import io.varve.client.eventsourcing.projection.AccountEvent.Closed;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.AccountEvent.Withdrawn;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;

/**
 * A projection that shows any event that is missing, or there twice: sums, and how many there were.
 */
public final class Balances {

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private Balances() {}

  /** A row of it. */
  public record Row(long cents, long events) {}

  /** An empty database in memory, gone with its pool. */
  public static JdbcConnectionPool newDatabase() {
    return JdbcConnectionPool.create(
        "jdbc:h2:mem:balances-" + DATABASES.incrementAndGet() + ";DB_CLOSE_DELAY=-1", "test", "");
  }

  public static Projection<Connection> projection() {
    return builder().build();
  }

  /** What each event adds to its account's row; withdrawals of 13 cents cannot be taken. */
  public static Projection.Builder<AccountEvent, Connection> builder() {
    return SqlProjection.named("balances", AccountEvent.TYPES)
        .tables(
            "CREATE TABLE balances (account VARCHAR(64) PRIMARY KEY, cents BIGINT NOT NULL,"
                + " events BIGINT NOT NULL)",
            "CREATE INDEX balances_by_cents ON balances (cents)")
        .on(
            Opened.class,
            (sql, opened) -> update(sql, "INSERT INTO balances VALUES (?, 0, 1)", opened.stream()))
        .on(Deposited.class, (sql, event) -> add(sql, event.stream(), event.event().cents()))
        .on(
            Withdrawn.class,
            (sql, event) -> {
              add(sql, event.stream(), -event.event().cents());
              if (event.event().cents() == 13) {
                throw new IllegalStateException("13 cents are unlucky");
              }
            })
        .on(Closed.class, (sql, event) -> add(sql, event.stream(), 0));
  }

  private static void add(Connection sql, String account, long cents) throws SQLException {
    update(
        sql,
        "UPDATE balances SET cents = cents + ?, events = events + 1 WHERE account = ?",
        cents,
        account);
  }

  static void update(Connection sql, String statement, Object... parameters) throws SQLException {
    try (PreparedStatement prepared = sql.prepareStatement(statement)) {
      for (int i = 0; i < parameters.length; i++) {
        prepared.setObject(i + 1, parameters[i]);
      }
      int rows = prepared.executeUpdate();
      if (rows != 1) {
        throw new SQLException(rows + " rows changed by " + statement);
      }
    }
  }

  /** All rows of the generation that is served. */
  public static Map<String, Row> rows(SqlReadModel model) throws SQLException {
    return model.read("balances", Balances::rows);
  }

  static Map<String, Row> rows(Connection connection) throws SQLException {
    Map<String, Row> rows = new TreeMap<>();
    try (PreparedStatement query =
            connection.prepareStatement("SELECT account, cents, events FROM balances");
        ResultSet results = query.executeQuery()) {
      while (results.next()) {
        rows.put(results.getString(1), new Row(results.getLong(2), results.getLong(3)));
      }
    }
    return rows;
  }

  /** What the rows must be: a fold of the whole log. */
  public static Map<String, Row> folded(EventStore store) {
    Map<String, Row> rows = new TreeMap<>();
    try (EventReader reader = store.readLog(ReadLog.all())) {
      for (RecordedEvent event : reader) {
        AccountEvent.TYPES.decode(event).forEach(typed -> fold(rows, event, typed.event()));
      }
    }
    return rows;
  }

  private static void fold(Map<String, Row> rows, RecordedEvent recorded, AccountEvent event) {
    long change =
        switch (event) {
          case Opened _, Closed _ -> 0;
          case Deposited deposited -> deposited.cents();
          case Withdrawn withdrawn -> -withdrawn.cents();
        };
    rows.merge(
        recorded.stream(),
        new Row(change, 1),
        (row, more) -> new Row(row.cents() + more.cents(), row.events() + 1));
  }

  /** The one number that a query gives. */
  static long number(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement query = connection.prepareStatement(sql);
        ResultSet results = query.executeQuery()) {
      if (!results.next()) {
        throw new SQLException("no row: " + sql);
      }
      return results.getLong(1);
    }
  }
}
