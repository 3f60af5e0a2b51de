package io.varve.benchmarks.contender;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * The event table that most people write: one row an event, unique by stream and version, and an
 * insert that looks whether the version is the expected one. One statement an append.
 *
 * <p>Its appends to a hot stream find the version themselves, and try again when somebody was
 * faster.
 */
public final class PostgreSqlTable implements Contender {
  private static final String SCHEMA =
      """
      CREATE TABLE events (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        stream text NOT NULL,
        version bigint NOT NULL,
        id uuid NOT NULL UNIQUE,
        type text NOT NULL,
        data jsonb NOT NULL,
        metadata jsonb,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (stream, version)
      )
      """;

  private static final String APPEND =
      """
      INSERT INTO events (stream, version, id, type, data)
      SELECT ?, head.version + added.ordinality, added.id, ?, ?::jsonb
      FROM (SELECT coalesce(max(version), 0) AS version FROM events WHERE stream = ?) AS head,
        unnest(?::uuid[]) WITH ORDINALITY AS added (id, ordinality)
      WHERE ? < 0 OR head.version = ?
      """;

  private static final String READ =
      "SELECT version, type, data FROM events WHERE stream = ? ORDER BY version";

  /** SQLSTATE unique_violation. */
  private static final String TAKEN = "23505";

  @Override
  public String name() {
    return "postgresql-table";
  }

  @Override
  public String description() {
    return "PostgreSQL, a table of events with unique (stream, version); synced, version checked";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.allOf(Ability.class);
  }

  @Override
  public Running start(Path folder) throws IOException {
    return PostgreSqlServer.start(folder, SCHEMA, TableSession::new);
  }

  private static final class TableSession implements Session {
    private final Connection connection;
    private final PreparedStatement append;
    private final PreparedStatement read;

    TableSession(Connection connection) throws SQLException {
      this.connection = connection;
      this.append = connection.prepareStatement(APPEND);
      this.read = connection.prepareStatement(READ);
    }

    @Override
    public long append(String stream, long expected, int events) {
      UUID[] ids = new UUID[events];
      for (int i = 0; i < events; i++) {
        ids[i] = UUID.randomUUID();
      }
      try {
        append.setString(1, stream);
        append.setString(2, Payload.TYPE);
        append.setString(3, Payload.JSON);
        append.setString(4, stream);
        append.setArray(5, connection.createArrayOf("uuid", ids));
        append.setLong(6, expected);
        append.setLong(7, expected);
        while (true) {
          try {
            if (append.executeUpdate() != events) {
              throw new IllegalStateException(stream + " is not at version " + expected);
            }
            return expected == ANY ? ANY : expected + events;
          } catch (SQLException e) {
            if (expected != ANY || !TAKEN.equals(e.getSQLState())) {
              throw e;
            }
          }
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public int read(String stream) {
      return PostgreSqlServer.rows(read, stream);
    }

    @Override
    public void close() {
      PostgreSqlServer.close(connection);
    }
  }
}
