package io.varve.bank.readmodel;

import io.micrometer.core.instrument.MeterRegistry;
import io.varve.bank.readmodel.AccountQueries.AccountList;
import io.varve.bank.readmodel.AccountQueries.AccountSummary;
import io.varve.bank.readmodel.AnalyticsQueries.Analytics;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.projection.ErrorPolicy;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.ProjectionStatus;
import io.varve.client.streams.EventStore;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the bank answers from tables: keeps the projections running, and answers queries. It opens
 * whether its database is there or not, and goes on when it comes. Closing it ends the projections
 * first and the database last.
 */
public final class ReadModel implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ReadModel.class);

  private final DataFolder folder;
  private final Database database;
  private final ProjectionRunner runner;
  private final AccountQueries accounts;
  private final TransactionQueries transactions;
  private final TransferQueries transfers;
  private final QueryCaches caches;
  private final PastQueries past;
  private final HealthQueries health;

  private ReadModel(
      DataFolder folder,
      Database database,
      ProjectionRunner runner,
      EventStore store,
      MeterRegistry metrics,
      InstantSource clock) {
    this.folder = folder;
    this.database = database;
    this.runner = runner;
    this.accounts = new AccountQueries(database, clock);
    this.transactions = new TransactionQueries(database);
    this.transfers = new TransferQueries(database);
    this.past = new PastQueries(database, clock);
    this.health = new HealthQueries(database);
    this.caches = new QueryCaches(store, runner, accounts, new AnalyticsQueries(database), metrics);
  }

  /**
   * Opens the database and sets the projections going; returns whether the store is there or not.
   *
   * @param data the folder that is this bank's own, whichever database it has
   * @throws IOException the folder cannot be used
   */
  public static ReadModel start(
      Path data,
      DatabaseSettings settings,
      EventStore store,
      ToolkitObserver observer,
      MeterRegistry metrics,
      InstantSource clock)
      throws IOException {
    DataFolder folder = DataFolder.take(data);
    Database database = new Database(settings, metrics);
    @Nullable String failure = database.failure();
    if (failure != null) {
      LOG.warn(
          "the read model's database {} cannot be reached: {}. Commands go on, queries wait for it",
          settings,
          failure);
    }
    ProjectionRunner.Builder runner =
        ProjectionRunner.builder(store).owner(folder.name()).observer(observer);
    for (Projection<Connection> projection : Projections.all()) {
      runner.add(projection, database.rows(), ErrorPolicy.retry());
    }
    return new ReadModel(folder, database, runner.start(), store, metrics, clock);
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

  /** One account, with everything up to a position that has been waited for; 0: as it is. */
  public Optional<AccountSummary> account(String accountId, long notBefore) {
    return caches.account(accountId, notBefore);
  }

  /** Accounts in the order in which they were opened. */
  public AccountList accounts(int limit, int offset, long notBefore) {
    return caches.accounts(limit, offset, notBefore);
  }

  /** The figures from one day to another, both included. */
  public Analytics analytics(LocalDate from, LocalDate to, long notBefore) {
    return caches.analytics(from, to, notBefore);
  }

  public PastQueries past() {
    return past;
  }

  public HealthQueries health() {
    return health;
  }

  public List<ProjectionStatus> projectionStatuses() {
    return runner.statuses();
  }

  /** How a projection is doing; empty: there is none of this name. */
  public Optional<ProjectionStatus> projectionStatus(String projection) {
    return Projections.NAMES.contains(projection)
        ? Optional.of(runner.status(projection))
        : Optional.empty();
  }

  /**
   * Begins to build a projection anew from the first event, beside what is served; queries go on
   * with that, until the new one has caught up and takes its place.
   *
   * @return the number of the generation that is built
   * @throws ReadModelUnavailableException the database is away
   */
  public int rebuild(String projection) {
    try {
      return runner.rebuild(projection);
    } catch (Exception e) {
      throw new ReadModelUnavailableException(
          "the projection " + projection + " cannot be rebuilt at the moment", e);
    }
  }

  QueryCaches caches() {
    return caches;
  }

  /** Why the database cannot be reached; null: it can. */
  public @Nullable String databaseFailure() {
    return database.failure();
  }

  /** The position up to which a projection's rows hold everything. */
  public long position(String projection) {
    return runner.position(projection);
  }

  /** Waits for a projection to reach a position; false when it does not within the time. */
  public boolean awaitPosition(String projection, long position, Duration patience)
      throws InterruptedException {
    return runner.awaitPosition(projection, position, patience);
  }

  /** Waits for all projections to reach a position; false when they do not within the time. */
  public boolean awaitPosition(long position, Duration patience) throws InterruptedException {
    return runner.awaitPosition(position, patience);
  }

  @Override
  public void close() {
    caches.close();
    runner.close();
    database.close();
    try {
      folder.close();
    } catch (IOException e) {
      LOG.warn("the lock of the data folder is not given back", e);
    }
  }
}
