package io.varve.benchmarks.contender;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * A function call for each event, the way of Message DB: the function takes a lock on the stream's
 * category for the transaction, so that positions in a category never appear out of order, looks at
 * the stream's version, and inserts. Several events are so many calls in one transaction.
 *
 * <p>The function is ours; what it shares with Message DB is the shape: one lock for a category,
 * one look-up by index, one insert, under a transaction's sync.
 */
public final class PostgreSqlFunction implements Contender {
  private static final String SCHEMA =
      """
      CREATE TABLE messages (
        global_position bigserial PRIMARY KEY,
        stream_name text NOT NULL,
        position bigint NOT NULL,
        id uuid NOT NULL UNIQUE,
        type text NOT NULL,
        data jsonb,
        metadata jsonb,
        time timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc')
      );
      CREATE UNIQUE INDEX messages_stream ON messages (stream_name, position);
      CREATE INDEX messages_category
        ON messages (split_part(stream_name, '-', 1), global_position);

      CREATE FUNCTION append_event(
        event_id uuid, stream text, event_type text, event_data jsonb, expected bigint)
      RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE
        actual bigint;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended(split_part(stream, '-', 1), 0));
        SELECT max(position) INTO actual FROM messages WHERE stream_name = stream;
        actual := coalesce(actual, -1);
        IF expected IS NOT NULL AND expected <> actual THEN
          RAISE EXCEPTION 'stream % is at % and not at %', stream, actual, expected;
        END IF;
        INSERT INTO messages (stream_name, position, id, type, data)
          VALUES (stream, actual + 1, event_id, event_type, event_data);
        RETURN actual + 1;
      END
      $$
      """;

  private static final String APPEND = "SELECT append_event(?, ?, ?, ?::jsonb, ?)";

  private static final String READ =
      "SELECT position, type, data FROM messages WHERE stream_name = ? ORDER BY position";

  @Override
  public String name() {
    return "postgresql-function";
  }

  @Override
  public String description() {
    return "PostgreSQL, a function call an event as in Message DB, with its lock on the category;"
        + " synced, version checked";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.allOf(Ability.class);
  }

  @Override
  public Running start(Path folder) throws IOException {
    return PostgreSqlServer.start(folder, SCHEMA, FunctionSession::new);
  }

  private static final class FunctionSession implements Session {
    private final Connection connection;
    private final PreparedStatement append;
    private final PreparedStatement read;

    FunctionSession(Connection connection) throws SQLException {
      this.connection = connection;
      this.append = connection.prepareStatement(APPEND);
      this.read = connection.prepareStatement(READ);
    }

    @Override
    public long append(String stream, long expected, int events) {
      try {
        if (events == 1) {
          return call(stream, expected);
        }
        connection.setAutoCommit(false);
        long next = expected;
        for (int i = 0; i < events; i++) {
          next = call(stream, next);
        }
        connection.commit();
        connection.setAutoCommit(true);
        return next;
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    /** One event; positions in a stream begin at 0 here, what is expected counts events. */
    private long call(String stream, long expected) throws SQLException {
      append.setObject(1, UUID.randomUUID());
      append.setString(2, stream);
      append.setString(3, Payload.TYPE);
      append.setString(4, Payload.JSON);
      if (expected == ANY) {
        append.setNull(5, Types.BIGINT);
      } else {
        append.setLong(5, expected - 1);
      }
      try (ResultSet result = append.executeQuery()) {
        if (!result.next()) {
          throw new IllegalStateException("no answer");
        }
        return expected == ANY ? ANY : result.getLong(1) + 1;
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
