package io.varve.bank.readmodel;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to the database of the rows, and questions to what projections serve. It is there
 * whether the database is or not; whoever asks meanwhile is told so. Any thread may call it.
 */
final class Database implements AutoCloseable {

  /**
   * Questions to one generation of one projection.
   *
   * @param <R> what comes out
   */
  interface Question<R> {
    R ask(Sql sql) throws SQLException;
  }

  /** One for each projection, and enough for as many queries at a time as a small page sends. */
  private static final int MOST_CONNECTIONS = 20;

  /** Short enough that a caller hears of a database that is away before losing patience. */
  private static final Duration CONNECTION_PATIENCE = Duration.ofSeconds(2);

  /** Longer than any statement of ours; a server that is gone without a word is given up then. */
  private static final Duration STATEMENT_PATIENCE = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  private final DatabaseSettings settings;
  private final HikariDataSource pool;
  private final SqlReadModel rows;

  Database(DatabaseSettings settings, MeterRegistry metrics) {
    this.settings = settings;
    this.pool = new HikariDataSource(config(settings, metrics));
    SqlReadModel.Builder builder = SqlReadModel.builder(pool);
    this.rows = settings.isEmbedded() ? builder.oneWriterAtATime().build() : builder.build();
  }

  private static HikariConfig config(DatabaseSettings settings, MeterRegistry metrics) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("read-model");
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.user());
    if (settings.password() != null) {
      config.setPassword(settings.password());
    }
    config.setMaximumPoolSize(MOST_CONNECTIONS);
    config.setMinimumIdle(2);
    config.setConnectionTimeout(CONNECTION_PATIENCE.toMillis());
    config.setInitializationFailTimeout(-1); // it may come later
    config.setMetricRegistry(metrics);
    if (!settings.isEmbedded()) {
      config.addDataSourceProperty("ApplicationName", "bank-demo");
      config.addDataSourceProperty("connectTimeout", CONNECTION_PATIENCE.toSeconds());
      config.addDataSourceProperty("socketTimeout", STATEMENT_PATIENCE.toSeconds());
      config.addDataSourceProperty("tcpKeepAlive", true);
    }
    return config;
  }

  /** What the projections write to. */
  SqlReadModel rows() {
    return rows;
  }

  /**
   * Asks what a projection serves; all questions at once go to the same generation of it.
   *
   * @throws ReadModelUnavailableException there is no answer at the moment
   */
  <R> R read(String projection, Question<R> question) {
    try {
      return rows.read(projection, connection -> question.ask(new Sql(connection)));
    } catch (SQLException e) {
      LOG.warn("the rows of {} cannot be asked: {}", projection, e.getMessage());
      LOG.debug("the rows of {} cannot be asked", projection, e);
      throw new ReadModelUnavailableException("the read model cannot be asked at the moment", e);
    } catch (IllegalStateException e) {
      throw new ReadModelUnavailableException("the read model is not there yet", e);
    }
  }

  /** Why the database cannot be reached; null: it can. */
  @Nullable String failure() {
    try (Connection connection = pool.getConnection()) {
      return connection.isValid((int) CONNECTION_PATIENCE.toSeconds())
          ? null
          : "it does not answer";
    } catch (SQLException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return String.valueOf(cause.getMessage());
    }
  }

  /**
   * Gives the connections back; one that is embedded writes everything out and closes its files.
   */
  @Override
  public void close() {
    pool.close();
    if (settings.isEmbedded()) {
      try (Connection last =
              DriverManager.getConnection(settings.url(), settings.user(), settings.password());
          Statement statement = last.createStatement()) {
        boolean _ = statement.execute("SHUTDOWN");
      } catch (SQLException e) {
        LOG.error("the read model's database did not close as it should", e);
      }
    }
  }
}
