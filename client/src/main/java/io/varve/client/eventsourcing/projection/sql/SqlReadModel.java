package io.varve.client.eventsourcing.projection.sql;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.projection.ParkedEvent;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionTarget;
import io.varve.client.eventsourcing.projection.Tenure;
import io.varve.client.eventsourcing.projection.sql.Catalog.Generation;
import io.varve.client.eventsourcing.projection.sql.Catalog.GenerationState;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Projections in a SQL database: rows, checkpoints and leases. Any number of projections, of
 * programs, and of queries may use the same database.
 *
 * <ul>
 *   <li><em>Exactly once.</em> The checkpoint moves in the transaction that writes the rows, from
 *       where its owner believes it to be; so each event takes effect once, whatever crashes.
 *   <li><em>One owner.</em> Whoever feeds a projection holds a lease with a fencing number, which
 *       is checked in that same transaction. Who stalls and comes back after its lease has gone to
 *       somebody else writes nothing. Clocks that differ make a take-over early or late, never
 *       wrong.
 *   <li><em>Generations.</em> The tables of each generation of a projection are in a schema of
 *       their own, {@code <projection>_g<number>}. Another one is built beside the one that is
 *       served, and takes its place in one step.
 * </ul>
 *
 * <pre>{@code
 * SqlReadModel readModel = SqlReadModel.of(dataSource);
 * ProjectionRunner runner = ProjectionRunner.builder(store).add(balances, readModel).start();
 * long cents = readModel.read("balances", connection -> balanceOf(connection, "account-42"));
 * }</pre>
 *
 * <p>Its own tables are in the schema {@code varve}. The user of the database must be allowed to
 * create schemas. Any thread may call it.
 */
public final class SqlReadModel implements ProjectionTarget<Connection> {

  /**
   * A query, or several on the same generation.
   *
   * @param <R> what comes out
   */
  @FunctionalInterface
  public interface Reading<R extends @Nullable Object> {

    /** Asks the rows. */
    R from(Connection connection) throws SQLException;
  }

  /** A key, a schema, a table. */
  private static final Set<String> THERE_ALREADY = Set.of("23505", "42P06", "42P07");

  private static final Logger log = LoggerFactory.getLogger(SqlReadModel.class);

  private final DataSource dataSource;
  private final Transactions transactions;
  private final String schema;
  private final Duration lease;
  private final Duration grace;
  private final InstantSource clock;
  private final Map<String, Integer> readers = new ConcurrentHashMap<>();
  private final Set<String> making = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Catalog catalog;

  private SqlReadModel(Builder from) {
    this.dataSource = from.dataSource;
    this.transactions = new Transactions(from.dataSource, from.inTurn);
    this.schema = from.schema;
    this.lease = from.lease;
    this.grace = from.grace;
    this.clock = from.clock;
  }

  /** A read model in this database, with what is usual. */
  public static SqlReadModel of(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /** Starts a read model in this database. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  // ---- for queries

  /**
   * A connection on which plain names mean the tables of the generation that is served now. It
   * stays with that generation. The caller must close it soon: a generation that has been replaced
   * is kept for a while only.
   *
   * @throws IllegalStateException the projection has no tables yet; it has never been started
   */
  public Connection connection(String projection) throws SQLException {
    Catalog tables = catalogForReaders();
    Connection connection = dataSource.getConnection();
    try {
      boolean autoCommit = connection.getAutoCommit();
      @Nullable String schemaBefore = connection.getSchema();
      String now = servedSchema(tables, connection, projection);
      Transactions.enter(connection, now);
      if (!autoCommit) {
        connection.commit(); // or a roll-back would make it forget the schema
      }
      readers.merge(now, 1, Integer::sum);
      return GuardedConnection.lent(
          connection, lent -> giveBack(lent, now, schemaBefore, autoCommit));
    } catch (SQLException | RuntimeException e) {
      Transactions.abandon(connection);
      connection.close();
      throw e;
    }
  }

  private void giveBack(
      Connection connection, String read, @Nullable String schemaBefore, boolean autoCommitBefore)
      throws SQLException {
    readers.merge(read, -1, SqlReadModel::addOrForget);
    try (connection) {
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
      Transactions.restore(connection, schemaBefore, autoCommitBefore);
    }
  }

  private static @Nullable Integer addOrForget(Integer count, Integer change) {
    return count + change == 0 ? null : count + change;
  }

  /**
   * Asks the generation that is served. If it is replaced and dropped while it is being asked, the
   * next one is asked instead.
   *
   * @throws IllegalStateException the projection has no tables yet; it has never been started
   */
  public <R extends @Nullable Object> R read(String projection, Reading<R> reading)
      throws SQLException {
    String before = servedSchema(projection);
    try (Connection connection = connection(projection)) {
      return reading.from(connection);
    } catch (SQLException e) {
      if (servedSchema(projection).equals(before)) {
        throw e;
      }
    }
    try (Connection connection = connection(projection)) {
      return reading.from(connection);
    }
  }

  /**
   * The schema of the generation that is served now, for queries over several projections: put it,
   * quoted, before a table's name.
   *
   * @throws IllegalStateException the projection has no tables yet; it has never been started
   */
  public String servedSchema(String projection) throws SQLException {
    Catalog tables = catalogForReaders();
    try (Connection connection = dataSource.getConnection()) {
      String served = servedSchema(tables, connection, projection);
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
      return served;
    }
  }

  private static String servedSchema(Catalog tables, Connection connection, String projection)
      throws SQLException {
    int live = tables.live(connection, projection);
    if (live == 0) {
      throw new IllegalStateException(
          "the projection " + projection + " has no tables yet: no runner has ever fed it");
    }
    return schemaOf(projection, live);
  }

  static String schemaOf(String projection, int generation) {
    return projection + "_g" + generation;
  }

  // ---- generations

  @Override
  public boolean isAtomic() {
    return true;
  }

  /** Makes the toolkit's tables before their first use. */
  private Catalog catalog() throws Exception {
    Catalog known = catalog;
    if (known != null) {
      return known;
    }
    Catalog made;
    try {
      made = transactions.run(null, this::create);
    } catch (SQLException e) {
      if (!isThereAlready(e)) {
        throw e;
      }
      made = transactions.run(null, this::create);
    }
    catalog = made;
    return made;
  }

  /**
   * In PostgreSQL {@code IF NOT EXISTS} fails for who is second while the first, in this program or
   * another, has not committed; the second time it finds what is there.
   */
  private static boolean isThereAlready(SQLException failure) {
    return failure.getSQLState() != null && THERE_ALREADY.contains(failure.getSQLState());
  }

  private Catalog create(Connection connection) throws SQLException {
    Catalog made = new Catalog(schema, connection.getMetaData().getIdentifierQuoteString());
    made.create(connection);
    return made;
  }

  private Catalog catalogForReaders() throws SQLException {
    try {
      return catalog();
    } catch (SQLException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new SQLException(e);
    }
  }

  @Override
  public Plan plan(Projection<Connection> projection, String owner) throws Exception {
    Seen seen = look(projection);
    boolean needsAnother =
        seen.live == null
            || (seen.live.shape() < projection.version() && seen.next(projection).isEmpty());
    if (needsAnother && !isBeingMade(projection, owner, seen)) {
      make(projection, owner, seen);
      seen = look(projection);
    }
    return seen.plan(projection);
  }

  /** By somebody else who is alive, or by another thread here; not by ourselves before a crash. */
  private boolean isBeingMade(Projection<Connection> projection, String owner, Seen seen) {
    return seen.all.stream()
        .filter(generation -> generation.state() == GenerationState.NEW)
        .filter(generation -> generation.shape() == projection.version())
        .anyMatch(
            generation ->
                making.contains(schemaOf(projection.name(), generation.number()))
                    || (!owner.equals(generation.owner()) && generation.leaseUntil() >= now()));
  }

  private Seen look(Projection<Connection> projection) throws Exception {
    Catalog tables = catalog();
    return transactions.run(
        null,
        connection -> {
          int live = tables.live(connection, projection.name());
          return new Seen(live, tables.generations(connection, projection.name()));
        });
  }

  /** What there is of a projection. */
  private static final class Seen {

    private final List<Generation> all;
    private final @Nullable Generation live;

    Seen(int live, List<Generation> all) {
      this.all = all;
      this.live =
          all.stream().filter(generation -> generation.number() == live).findFirst().orElse(null);
    }

    int lastNumber() {
      return all.isEmpty() ? 0 : all.getLast().number();
    }

    /** The newest one that is on its way, of this projection's shape. */
    Optional<Generation> next(Projection<?> projection) {
      int served = live == null ? 0 : live.number();
      return all.reversed().stream()
          .filter(generation -> generation.number() > served)
          .filter(generation -> generation.shape() == projection.version())
          .filter(generation -> generation.state() == GenerationState.READY)
          .findFirst();
    }

    Plan plan(Projection<?> projection) {
      List<Integer> feed = new ArrayList<>();
      String why = "";
      if (live == null) {
        why = "somebody else is making its tables";
      } else if (live.shape() == projection.version()) {
        feed.add(live.number());
      } else {
        why =
            "generation "
                + live.number()
                + " of version "
                + live.shape()
                + " is served; this program has version "
                + projection.version();
      }
      next(projection).ifPresent(next -> feed.add(next.number()));
      return new Plan(live == null ? 0 : live.number(), feed, why);
    }
  }

  /**
   * Makes a generation: first its row, so that its number is taken, then its schema and tables,
   * then the word that they are there. Not one transaction, because many databases commit when a
   * table is made; whoever dies on the way leaves a row and a schema that nobody uses, and that are
   * cleaned up.
   */
  private int make(Projection<Connection> projection, String owner, Seen seen) throws Exception {
    Catalog tables = catalog();
    String name = projection.name();
    int number = seen.lastNumber() + 1;
    transactions.run(
        null,
        connection -> {
          tables.insertNew(
              connection, name, number, projection.version(), owner, leaseEnd(), now());
          return null;
        });
    String own = schemaOf(name, number);
    making.add(own);
    try {
      transactions.run(
          null,
          connection -> {
            tables.createSchema(connection, own);
            return null;
          });
      transactions.run(
          own,
          connection -> {
            for (String statement : projection.tables()) {
              Catalog.execute(connection, statement);
            }
            return null;
          });
      transactions.run(
          null,
          connection -> {
            if (!tables.change(
                connection, name, number, GenerationState.NEW, GenerationState.READY, now())) {
              throw new IllegalStateException(
                  "making the tables of " + own + " took too long, and it was given up");
            }
            if (tables.lockLive(connection, name) == 0) {
              tables.insertLive(connection, name, number);
            }
            return null;
          });
    } catch (Exception e) {
      giveUp(projection, number, e);
      throw e;
    } finally {
      making.remove(own);
    }
    log.info("projection {} has a generation {} of version {}", name, number, projection.version());
    return number;
  }

  private void giveUp(Projection<Connection> projection, int number, Exception cause) {
    try {
      Catalog tables = catalog();
      transactions.run(
          null,
          connection ->
              tables.change(
                  connection,
                  projection.name(),
                  number,
                  GenerationState.NEW,
                  GenerationState.RETIRED,
                  0));
    } catch (Exception e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public int beginRebuild(Projection<Connection> projection, String owner) throws Exception {
    Seen seen = look(projection);
    Optional<Generation> next = seen.next(projection);
    return next.isPresent() ? next.get().number() : make(projection, owner, seen);
  }

  @Override
  public void cleanUp(Projection<Connection> projection, Set<Integer> fedHere) throws Exception {
    Seen seen = look(projection);
    Generation live = seen.live;
    for (Generation generation : seen.all) {
      boolean isLeft =
          switch (generation.state()) {
            case NEW -> generation.leaseUntil() < now();
            case READY ->
                live != null
                    && generation.number() != live.number()
                    && !fedHere.contains(generation.number())
                    && generation.leaseUntil() < now()
                    && (generation.number() < live.number()
                        || generation.shape() < projection.version());
            case RETIRED, DROPPED -> false;
          };
      if (isLeft) {
        retire(projection.name(), generation);
      } else if (generation.state() == GenerationState.RETIRED
          && generation.changedAt() + grace.toMillis() <= now()
          && !readers.containsKey(schemaOf(projection.name(), generation.number()))) {
        drop(projection.name(), generation);
      }
    }
  }

  private void retire(String projection, Generation generation) throws Exception {
    Catalog tables = catalog();
    boolean unused =
        transactions.run(
            null,
            connection ->
                tables.change(
                    connection,
                    projection,
                    generation.number(),
                    generation.state(),
                    GenerationState.RETIRED,
                    0));
  }

  private void drop(String projection, Generation generation) throws Exception {
    Catalog tables = catalog();
    String own = schemaOf(projection, generation.number());
    transactions.run(
        null,
        connection -> {
          tables.dropSchema(connection, own);
          tables.forgetParked(connection, projection, generation.number());
          if (tables.change(
              connection,
              projection,
              generation.number(),
              GenerationState.RETIRED,
              GenerationState.DROPPED,
              now())) {
            log.info("{} is dropped", own);
          }
          return null;
        });
  }

  // ---- feeding

  @Override
  public Optional<Tenure<Connection>> claim(
      Projection<Connection> projection, int generation, String owner) throws Exception {
    Catalog tables = catalog();
    String name = projection.name();
    return transactions.run(
        null,
        connection -> {
          if (!tables.claim(connection, name, generation, owner, leaseEnd(), now())) {
            return Optional.empty();
          }
          // Read behind our own change, so the row is locked and nobody moves it any more.
          Generation claimed = tables.generation(connection, name, generation).orElseThrow();
          boolean isLive = tables.live(connection, name) == generation;
          return Optional.of(new SqlTenure(this, tables, name, claimed, isLive));
        });
  }

  Transactions transactions() {
    return transactions;
  }

  long now() {
    return clock.millis();
  }

  long leaseEnd() {
    return clock.instant().plus(lease).toEpochMilli();
  }

  Duration lease() {
    return lease;
  }

  @Override
  public Duration standbyPause() {
    Duration third = lease.dividedBy(3);
    return third.compareTo(Duration.ofSeconds(1)) < 0 ? third : Duration.ofSeconds(1);
  }

  @Override
  public long servedPosition(Projection<Connection> projection) throws Exception {
    Generation live = look(projection).live;
    return live == null ? 0 : live.position();
  }

  @Override
  public List<ParkedEvent> parked(Projection<Connection> projection) throws Exception {
    Catalog tables = catalog();
    String name = projection.name();
    List<Catalog.Parked> rows =
        transactions.run(
            null, connection -> tables.parked(connection, name, tables.live(connection, name)));
    return rows.stream()
        .map(
            row ->
                new ParkedEvent(
                    name,
                    row.position(),
                    row.stream(),
                    row.type(),
                    row.error(),
                    row.attempts(),
                    Instant.ofEpochMilli(row.parkedAt())))
        .toList();
  }

  @Override
  public boolean discardParked(Projection<Connection> projection, long position) throws Exception {
    Catalog tables = catalog();
    String name = projection.name();
    return transactions.run(
        null,
        connection -> tables.unpark(connection, name, tables.live(connection, name), position));
  }

  /** Builds a {@link SqlReadModel}. Not safe for use by several threads. */
  public static final class Builder {

    private final DataSource dataSource;
    private String schema = "varve";
    private Duration lease = Duration.ofSeconds(10);
    private Duration grace = Duration.ofSeconds(30);
    private InstantSource clock = InstantSource.system();
    private boolean inTurn;

    private Builder(DataSource dataSource) {
      this.dataSource = requireNonNull(dataSource);
    }

    /** Where the toolkit's own tables are; {@code varve} unless it is said. */
    public Builder schema(String schema) {
      if (!schema.matches("[a-z][a-z0-9_]{0,62}")) {
        throw new IllegalArgumentException(
            "a schema's name is 1 to 63 lower-case letters, digits and _, and begins with a letter;"
                + " \""
                + schema
                + "\" is not");
      }
      this.schema = schema;
      return this;
    }

    /**
     * How long an owner may be silent before others take over; 10 seconds unless it is said.
     * Somebody who ends cleanly is followed at once.
     */
    public Builder lease(Duration lease) {
      if (lease.toMillis() < 100) {
        throw new IllegalArgumentException("a lease of " + lease + " is too short");
      }
      this.lease = lease;
      return this;
    }

    /**
     * How long a generation that has been replaced is kept for queries that are still at it; 30
     * seconds unless it is said.
     */
    public Builder keepReplaced(Duration grace) {
      if (grace.isNegative()) {
        throw new IllegalArgumentException("must not be negative, was " + grace);
      }
      this.grace = grace;
      return this;
    }

    /**
     * Has the transactions of all projections here take turns. Needed for a database whose files
     * hold whole transactions after a killed process only if one thread writes at a time: H2 in a
     * file is one, and wants {@code WRITE_DELAY=0} in its URL besides.
     */
    public Builder oneWriterAtATime() {
      this.inTurn = true;
      return this;
    }

    /** The clock for leases, instead of the system's. */
    public Builder clock(InstantSource clock) {
      this.clock = requireNonNull(clock);
      return this;
    }

    /** Makes the read model; the database is not touched yet. */
    public SqlReadModel build() {
      return new SqlReadModel(this);
    }
  }
}
