package io.varve.bank.readmodel;

import io.varve.bank.store.EventCodec;
import io.varve.client.streams.EventStore;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;

/**
 * The bank's tables: opens the database, keeps the projections running, answers queries. Closing it
 * ends the projections first and the database last. The database belongs to one process at a time.
 */
public final class ReadModel implements AutoCloseable {

  /**
   * How a projection is doing.
   *
   * @param position the log position up to which its rows hold everything
   * @param error what stopped it last; null while all is well
   */
  public record ProjectionStatus(
      String name, long position, String state, @Nullable String error) {}

  /** One for each projection, and enough for as many queries at a time as a small page sends. */
  private static final int MOST_CONNECTIONS = 24;

  private final JdbcConnectionPool pool;
  private final Database database;
  private final List<ProjectionRunner> runners;
  private final AccountQueries accounts;
  private final TransactionQueries transactions;
  private final TransferQueries transfers;
  private final AnalyticsQueries analytics;

  private ReadModel(
      JdbcConnectionPool pool,
      Database database,
      List<ProjectionRunner> runners,
      InstantSource clock) {
    this.pool = pool;
    this.database = database;
    this.runners = runners;
    this.accounts = new AccountQueries(database, clock);
    this.transactions = new TransactionQueries(database);
    this.transfers = new TransferQueries(database);
    this.analytics = new AnalyticsQueries(database);
  }

  /** Opens the database in a folder, or makes it; nothing is projected before {@link #start}. */
  public static ReadModel open(
      Path folder,
      EventStore store,
      EventCodec codec,
      ScheduledExecutorService timer,
      InstantSource clock)
      throws Exception {
    JdbcConnectionPool pool = pool(folder);
    Database database = new Database(pool);
    Schema.migrate(database);
    List<ProjectionRunner> runners =
        projections().stream()
            .map(
                projection ->
                    new ProjectionRunner(projection, database, store, codec, timer, clock))
            .toList();
    return new ReadModel(pool, database, runners, clock);
  }

  /**
   * Connections to the database in a folder. With no write delay, a commit saves what it changed
   * itself and no thread does so behind its back: a process killed at any moment leaves whole
   * transactions, as long as they are taken one at a time ({@link Database#inTransaction}). The
   * price is a file that holds what the commits of the last 45 seconds wrote, some 20 KB each,
   * before it takes up the space anew.
   */
  static JdbcConnectionPool pool(Path folder) {
    String url =
        "jdbc:h2:file:"
            + folder.resolve("bank").toAbsolutePath()
            + ";DB_CLOSE_ON_EXIT=FALSE" // we close it ourselves, after the projections
            + ";DB_CLOSE_DELAY=-1"
            + ";WRITE_DELAY=0";
    JdbcConnectionPool pool = JdbcConnectionPool.create(url, "bank", "");
    pool.setMaxConnections(MOST_CONNECTIONS);
    return pool;
  }

  static List<Projection> projections() {
    return List.of(
        new AccountsProjection(),
        new TransactionsProjection(),
        new TransfersProjection(),
        new DailyFiguresProjection());
  }

  /** Sets the projections going; returns at once, whether the store is there or not. */
  public void start() {
    runners.forEach(ProjectionRunner::start);
  }

  public AccountQueries accounts() {
    return accounts;
  }

  public TransactionQueries transactions() {
    return transactions;
  }

  public TransferQueries transfers() {
    return transfers;
  }

  public AnalyticsQueries analytics() {
    return analytics;
  }

  public List<ProjectionStatus> projectionStatuses() {
    return runners.stream()
        .map(
            runner ->
                new ProjectionStatus(
                    runner.name(),
                    runner.position(),
                    runner.status().state().name().toLowerCase(Locale.ROOT),
                    runner.status().error()))
        .toList();
  }

  /** How many of the bank's events are in the rows. */
  public long totalEvents() throws SQLException {
    return database.count("SELECT COALESCE(MAX(events), 0) FROM checkpoints");
  }

  /** The position up to which every projection's rows hold everything. */
  public long position() {
    return runners.stream().mapToLong(ProjectionRunner::position).min().orElse(0);
  }

  /** Waits for all projections to reach a position; false when they do not within the time. */
  public boolean awaitPosition(long position, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean reached = true;
    for (ProjectionRunner runner : runners) {
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      reached &= runner.awaitPosition(position, left);
    }
    return reached;
  }

  @Override
  public void close() {
    runners.forEach(ProjectionRunner::close);
    try {
      database.shutDown();
    } catch (SQLException e) {
      throw new IllegalStateException("the read model's database did not close", e);
    } finally {
      pool.dispose();
    }
  }
}
