package io.varve.client.postgresql;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A PostgreSQL server for the tests of this JVM, from binaries that come with the build: started
 * when the first test asks for a database, and ended with the JVM.
 *
 * <p>It refuses to run as root, so root starts it in a user namespace of its own ({@code unshare
 * -U}). Where that is not allowed the tests are skipped, unless the environment says {@code
 * VARVE_CI=1}: then they fail.
 */
public final class PostgreSql {

  /** An empty database, and who may do everything in it. */
  public record NewDatabase(String url, String user, String password) {}

  private static final String USER = "tester";
  private static final String PASSWORD = "a secret of the tests";
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private PostgreSql() {}

  /** What came of starting it, once. */
  private static final class Server {

    private static @Nullable EmbeddedPostgres running;
    private static @Nullable Exception failure;

    static {
      try {
        running = start();
      } catch (IOException | SQLException | RuntimeException e) {
        failure = e;
      }
    }

    private static EmbeddedPostgres start() throws IOException, SQLException {
      Path folder = Path.of(System.getProperty("java.io.tmpdir"), "postgresql");
      EmbeddedPostgres server =
          EmbeddedPostgres.builder()
              .setOverrideWorkingDirectory(folder.toFile())
              .setServerConfig("max_connections", "200")
              .start();
      execute(
          server,
          "CREATE ROLE " + USER + " LOGIN CREATEDB PASSWORD '" + PASSWORD + "'",
          "postgres");
      return server;
    }
  }

  /** An empty database; the test is skipped if there can be none here. */
  public static NewDatabase newDatabase() throws SQLException {
    EmbeddedPostgres server = Server.running;
    if (server == null) {
      String why =
          "no PostgreSQL can be started here; run the build as another user than root, or let root"
              + " make user namespaces: "
              + Server.failure;
      if ("1".equals(System.getenv("VARVE_CI"))) {
        throw new AssertionError(why, Server.failure);
      }
      Assumptions.abort(why);
      throw new IllegalStateException(why);
    }
    String name = "test_" + DATABASES.incrementAndGet();
    execute(server, "CREATE DATABASE " + name + " OWNER " + USER, "postgres");
    return new NewDatabase(
        "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + name, USER, PASSWORD);
  }

  private static void execute(EmbeddedPostgres server, String sql, String database)
      throws SQLException {
    try (Connection connection = server.getDatabase("postgres", database).getConnection();
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }
}
