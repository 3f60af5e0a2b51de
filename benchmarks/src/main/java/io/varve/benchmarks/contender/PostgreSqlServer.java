package io.varve.benchmarks.contender;

import io.varve.benchmarks.contender.Contender.Running;
import io.varve.benchmarks.contender.Contender.Session;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * PostgreSQL in processes of its own, from binaries of a public package. Every commit is synced, as
 * PostgreSQL does by default; all other settings are its defaults too, but for how many may connect
 * and 256 MiB of shared buffers.
 *
 * <p>It refuses to run as root, so root starts it in a user namespace ({@code unshare -U}); where
 * that is not allowed, run the campaign as somebody else.
 */
final class PostgreSqlServer implements Running {
  private final EmbeddedPostgres server;
  private final Connecting connecting;

  /** Makes a session of a connection, which the session closes. */
  interface Connecting {
    Session connect(Connection connection) throws SQLException;
  }

  private PostgreSqlServer(EmbeddedPostgres server, Connecting connecting) {
    this.server = server;
    this.connecting = connecting;
  }

  static PostgreSqlServer start(Path folder, String schema, Connecting connecting)
      throws IOException {
    EmbeddedPostgres server =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(folder.resolve("programs").toFile())
            .setDataDirectory(folder.resolve("data"))
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on") // the library's own default is off
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("shared_buffers", "256MB")
            .setServerConfig("max_connections", "400")
            .setServerConfig("unix_socket_directories", "") // which would be in everybody's /tmp
            .setPGStartupWait(Duration.ofMinutes(2))
            .start();
    PostgreSqlServer running = new PostgreSqlServer(server, connecting);
    try (Connection connection = running.open();
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(schema);
      return running;
    } catch (SQLException e) {
      server.close();
      throw new IOException(e);
    }
  }

  private Connection open() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres?user=postgres");
  }

  @Override
  public Session connect() throws IOException {
    try {
      return connecting.connect(open());
    } catch (SQLException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** How many rows a statement with one parameter finds; looks at the data of all of them. */
  static int rows(PreparedStatement read, String parameter) {
    try {
      read.setString(1, parameter);
      int count = 0;
      try (ResultSet rows = read.executeQuery()) {
        while (rows.next()) {
          if (rows.getString("data").isEmpty()) {
            throw new IllegalStateException("an event without data");
          }
          count++;
        }
      }
      return count;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
