package io.varve.client.eventsourcing.projection.sql;

import static io.varve.client.eventsourcing.projection.sql.Transactions.query;
import static io.varve.client.eventsourcing.projection.sql.Transactions.update;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The toolkit's own tables, and every statement on them. They are in a schema of their own, in the
 * database of the rows, so that one transaction holds both.
 *
 * <pre>
 * projections     one row a projection: which generation is served
 * generations     one row a generation: its shape, checkpoint, owner, lease and fencing number
 * parked_events   one row an event that a generation could not take
 * </pre>
 *
 * <p>A generation's number is never used again, so whoever comes back late finds nothing that bears
 * its number but what it left itself. Times are milliseconds since 1970.
 */
final class Catalog {

  /** What a generation is there for. */
  enum GenerationState {
    /** Its schema is being made; only its maker knows what is there. */
    NEW,
    /** It has its tables and may be fed. */
    READY,
    /** Nobody needs it any more; its schema may go. */
    RETIRED,
    /** Its schema is gone; the row is kept, so that its number is not given again. */
    DROPPED
  }

  /** A row of {@code generations}. */
  record Generation(
      int number,
      int shape,
      GenerationState state,
      long position,
      long fence,
      @Nullable String owner,
      long leaseUntil,
      long changedAt) {}

  private final String schema;
  private final String quote;

  /**
   * Names quoted as the database wants them.
   *
   * @param schema where the toolkit's tables are
   * @param quote what goes around an identifier
   */
  Catalog(String schema, String quote) {
    this.schema = schema;
    this.quote = quote.isBlank() ? "" : quote;
  }

  String quoted(String identifier) {
    return quote + identifier + quote;
  }

  private String table(String name) {
    return quoted(schema) + "." + name;
  }

  // ---- schemas

  /** Makes the toolkit's tables if they are not there. */
  void create(Connection connection) throws SQLException {
    execute(connection, "CREATE SCHEMA IF NOT EXISTS " + quoted(schema));
    execute(
        connection,
        "CREATE TABLE IF NOT EXISTS "
            + table("projections")
            + " (projection VARCHAR(64) PRIMARY KEY, live INTEGER NOT NULL)");
    execute(
        connection,
        "CREATE TABLE IF NOT EXISTS "
            + table("generations")
            + " (projection VARCHAR(64) NOT NULL, generation INTEGER NOT NULL,"
            + " shape INTEGER NOT NULL, state VARCHAR(16) NOT NULL,"
            + " position BIGINT NOT NULL, events BIGINT NOT NULL,"
            + " owner VARCHAR(200), lease_until BIGINT NOT NULL, fence BIGINT NOT NULL,"
            + " changed_at BIGINT NOT NULL, PRIMARY KEY (projection, generation))");
    execute(
        connection,
        "CREATE TABLE IF NOT EXISTS "
            + table("parked_events")
            + " (projection VARCHAR(64) NOT NULL, generation INTEGER NOT NULL,"
            + " position BIGINT NOT NULL, stream VARCHAR(600) NOT NULL, type VARCHAR(600) NOT NULL,"
            + " error VARCHAR(4000) NOT NULL, attempts INTEGER NOT NULL, parked_at BIGINT NOT NULL,"
            + " PRIMARY KEY (projection, generation, position))");
  }

  void createSchema(Connection connection, String name) throws SQLException {
    execute(connection, "CREATE SCHEMA " + quoted(name));
  }

  void dropSchema(Connection connection, String name) throws SQLException {
    execute(connection, "DROP SCHEMA IF EXISTS " + quoted(name) + " CASCADE");
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean unused = statement.execute(sql);
    }
  }

  // ---- which generation is served

  /** The generation that is served; 0: none yet. */
  int live(Connection connection, String projection) throws SQLException {
    return query(
            connection,
            "SELECT live FROM " + table("projections") + " WHERE projection = ?",
            row -> row.getInt(1),
            projection)
        .stream()
        .findFirst()
        .orElse(0);
  }

  /** The generation that is served, locked against a swap until the transaction ends; 0: none. */
  int lockLive(Connection connection, String projection) throws SQLException {
    return query(
            connection,
            "SELECT live FROM " + table("projections") + " WHERE projection = ? FOR UPDATE",
            row -> row.getInt(1),
            projection)
        .stream()
        .findFirst()
        .orElse(0);
  }

  void insertLive(Connection connection, String projection, int generation) throws SQLException {
    int unused =
        update(
            connection,
            "INSERT INTO " + table("projections") + " (projection, live) VALUES (?, ?)",
            projection,
            generation);
  }

  boolean swapLive(Connection connection, String projection, int from, int to) throws SQLException {
    return update(
            connection,
            "UPDATE " + table("projections") + " SET live = ? WHERE projection = ? AND live = ?",
            to,
            projection,
            from)
        == 1;
  }

  // ---- generations

  /** All that there ever were, in the order of their numbers. */
  List<Generation> generations(Connection connection, String projection) throws SQLException {
    return query(
        connection,
        SELECT_FROM + table("generations") + " WHERE projection = ? ORDER BY generation",
        Catalog::generation,
        projection);
  }

  Optional<Generation> generation(Connection connection, String projection, int number)
      throws SQLException {
    return query(
            connection,
            SELECT_FROM + table("generations") + " WHERE projection = ? AND generation = ?",
            Catalog::generation,
            projection,
            number)
        .stream()
        .findFirst();
  }

  /** The same, locked until the transaction ends. */
  Optional<Generation> lockGeneration(Connection connection, String projection, int number)
      throws SQLException {
    return query(
            connection,
            SELECT_FROM
                + table("generations")
                + " WHERE projection = ? AND generation = ? FOR UPDATE",
            Catalog::generation,
            projection,
            number)
        .stream()
        .findFirst();
  }

  private static final String SELECT_FROM =
      "SELECT generation, shape, state, position, fence, owner, lease_until, changed_at FROM ";

  private static Generation generation(ResultSet row) throws SQLException {
    return new Generation(
        row.getInt(1),
        row.getInt(2),
        GenerationState.valueOf(row.getString(3)),
        row.getLong(4),
        row.getLong(5),
        row.getString(6),
        row.getLong(7),
        row.getLong(8));
  }

  /** Fails if somebody else has inserted this number. */
  void insertNew(
      Connection connection,
      String projection,
      int number,
      int shape,
      String owner,
      long until,
      long now)
      throws SQLException {
    int unused =
        update(
            connection,
            "INSERT INTO "
                + table("generations")
                + " (projection, generation, shape, state, position, events, owner, lease_until,"
                + " fence, changed_at) VALUES (?, ?, ?, 'NEW', 0, 0, ?, ?, 1, ?)",
            projection,
            number,
            shape,
            owner,
            until,
            now);
  }

  /** From one state to another; false: it was not in that one. */
  boolean change(
      Connection connection,
      String projection,
      int number,
      GenerationState from,
      GenerationState to,
      long now)
      throws SQLException {
    // Whoever fed it up to now must not go on, so the fencing number rises.
    return update(
            connection,
            "UPDATE "
                + table("generations")
                + " SET state = ?, owner = NULL, lease_until = 0, fence = fence + 1, changed_at = ?"
                + " WHERE projection = ? AND generation = ? AND state = ?",
            to.name(),
            now,
            projection,
            number,
            from.name())
        == 1;
  }

  /** Makes somebody the owner, if nobody is; raises the fencing number. */
  boolean claim(
      Connection connection, String projection, int number, String owner, long until, long now)
      throws SQLException {
    return update(
            connection,
            "UPDATE "
                + table("generations")
                + " SET owner = ?, lease_until = ?, fence = fence + 1"
                + " WHERE projection = ? AND generation = ? AND state = 'READY'"
                + " AND (owner IS NULL OR owner = ? OR lease_until < ?)",
            owner,
            until,
            projection,
            number,
            owner,
            now)
        == 1;
  }

  /** Moves the checkpoint and the lease of whoever has this fencing number. */
  boolean advance(
      Connection connection,
      String projection,
      int number,
      long fence,
      long from,
      long to,
      int events,
      long until,
      long now)
      throws SQLException {
    return update(
            connection,
            "UPDATE "
                + table("generations")
                + " SET position = ?, events = events + ?, lease_until = ?, changed_at = ?"
                + " WHERE projection = ? AND generation = ? AND state = 'READY'"
                + " AND fence = ? AND position = ?",
            to,
            events,
            until,
            now,
            projection,
            number,
            fence,
            from)
        == 1;
  }

  boolean renew(Connection connection, String projection, int number, long fence, long until)
      throws SQLException {
    return update(
            connection,
            "UPDATE "
                + table("generations")
                + " SET lease_until = ?"
                + " WHERE projection = ? AND generation = ? AND state = 'READY' AND fence = ?",
            until,
            projection,
            number,
            fence)
        == 1;
  }

  void release(Connection connection, String projection, int number, long fence)
      throws SQLException {
    int unused =
        update(
            connection,
            "UPDATE "
                + table("generations")
                + " SET owner = NULL, lease_until = 0"
                + " WHERE projection = ? AND generation = ? AND fence = ?",
            projection,
            number,
            fence);
  }

  // ---- parked events

  /** A row of {@code parked_events}. */
  record Parked(
      long position, String stream, String type, String error, int attempts, long parkedAt) {}

  void park(Connection connection, String projection, int generation, Parked event)
      throws SQLException {
    int unused =
        update(
            connection,
            "INSERT INTO "
                + table("parked_events")
                + " (projection, generation, position, stream, type, error, attempts, parked_at)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            projection,
            generation,
            event.position(),
            event.stream(),
            event.type(),
            event.error(),
            event.attempts(),
            event.parkedAt());
  }

  List<Parked> parked(Connection connection, String projection, int generation)
      throws SQLException {
    return query(
        connection,
        "SELECT position, stream, type, error, attempts, parked_at FROM "
            + table("parked_events")
            + " WHERE projection = ? AND generation = ? ORDER BY position",
        row ->
            new Parked(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getInt(5),
                row.getLong(6)),
        projection,
        generation);
  }

  int parkedCount(Connection connection, String projection, int generation) throws SQLException {
    return query(
            connection,
            "SELECT COUNT(*) FROM "
                + table("parked_events")
                + " WHERE projection = ? AND generation = ?",
            row -> row.getInt(1),
            projection,
            generation)
        .getFirst();
  }

  boolean unpark(Connection connection, String projection, int generation, long position)
      throws SQLException {
    return update(
            connection,
            "DELETE FROM "
                + table("parked_events")
                + " WHERE projection = ? AND generation = ? AND position = ?",
            projection,
            generation,
            position)
        == 1;
  }

  void noteAttempt(
      Connection connection, String projection, int generation, long position, String error)
      throws SQLException {
    int unused =
        update(
            connection,
            "UPDATE "
                + table("parked_events")
                + " SET attempts = attempts + 1, error = ?"
                + " WHERE projection = ? AND generation = ? AND position = ?",
            error,
            projection,
            generation,
            position);
  }

  void forgetParked(Connection connection, String projection, int generation) throws SQLException {
    int unused =
        update(
            connection,
            "DELETE FROM " + table("parked_events") + " WHERE projection = ? AND generation = ?",
            projection,
            generation);
  }
}
