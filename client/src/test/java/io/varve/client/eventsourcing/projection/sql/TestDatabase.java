package io.varve.client.eventsourcing.projection.sql;

import io.varve.client.postgresql.PostgreSql;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.postgresql.ds.PGSimpleDataSource;

/** The databases that projections are tested on. */
public enum TestDatabase {
  /** In memory. */
  H2,
  /** A server of its own. */
  POSTGRESQL;

  /** An empty database, which whoever opens it closes. */
  public record Open(DataSource dataSource, Runnable closing) implements AutoCloseable {
    @Override
    public void close() {
      closing.run();
    }
  }

  /** An empty database; the test is skipped if there can be none of this kind here. */
  public Open open() throws SQLException {
    return switch (this) {
      case H2 -> {
        JdbcConnectionPool pool = Balances.newDatabase();
        yield new Open(pool, pool::dispose);
      }
      case POSTGRESQL -> new Open(postgreSql(), () -> {});
    };
  }

  private static DataSource postgreSql() throws SQLException {
    PostgreSql.NewDatabase created = PostgreSql.newDatabase();
    PGSimpleDataSource database = new PGSimpleDataSource();
    database.setURL(created.url());
    database.setUser(created.user());
    database.setPassword(created.password());
    return database;
  }
}
