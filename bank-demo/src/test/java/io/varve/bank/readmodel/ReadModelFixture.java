package io.varve.bank.readmodel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.projection.ProjectionStatus;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.testkit.InMemoryEventStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A log to write to, and a read model of it, on each database. */
@ParameterizedClass
@EnumSource(TestDatabase.class)
abstract class ReadModelFixture {

  static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;
  @Parameter TestDatabase kind;

  final TestClock clock = new TestClock("2026-11-20T12:00:00Z");
  final InMemoryEventStore store = new InMemoryEventStore(clock);
  final BankLog bank = new BankLog(store);
  private final Map<String, DatabaseSettings> databases = new TreeMap<>();
  private @Nullable ReadModel readModel;

  /** The log as the read model sees it. */
  EventStore log() {
    return store;
  }

  /** Starts the read model, or starts it again over the same database. */
  ReadModel start() throws Exception {
    return start("bank");
  }

  /** The same for a database of another name. */
  ReadModel start(String name) throws Exception {
    Path data = folder.resolve(name);
    if (!databases.containsKey(name)) {
      databases.put(name, kind.fresh(data));
    }
    ReadModel started =
        ReadModel.start(
            data, settings(name), log(), ToolkitObserver.NONE, new SimpleMeterRegistry(), clock);
    readModel = started;
    return started;
  }

  DatabaseSettings settings(String name) {
    return requireNonNull(databases.get(name));
  }

  void stop() {
    if (readModel != null) {
      readModel.close();
      readModel = null;
    }
  }

  @AfterEach
  void close() {
    stop();
    store.close();
  }

  long head() {
    try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
      return reader.headPosition();
    }
  }

  /** Waits until everything is in the rows. */
  void settle() throws Exception {
    ReadModel running = requireNonNull(readModel);
    assertThat(running.awaitPosition(head(), PATIENCE))
        .as(() -> running.projectionStatuses().toString())
        .isTrue();
  }

  /** Waits until all projections have tables, though there may be nothing to write into them. */
  void awaitTables() {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                requireNonNull(readModel).projectionStatuses().stream()
                    .allMatch(status -> status.state() == State.LIVE));
  }

  ProjectionStatus status(String projection) {
    return requireNonNull(readModel).projectionStatuses().stream()
        .filter(status -> status.name().equals(projection))
        .findFirst()
        .orElseThrow();
  }

  /** A connection of its own, as an operator may have one. */
  Connection connect(String name) throws SQLException {
    DatabaseSettings settings = settings(name);
    return DriverManager.getConnection(settings.url(), settings.user(), settings.password());
  }

  /** The schema of the generation that is served. */
  static String served(Connection connection, String projection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT live FROM \"varve\".projections WHERE projection = '" + projection + "'")) {
      assertThat(row.next()).isTrue();
      return "\"" + projection + "_g" + row.getInt(1) + "\"";
    }
  }

  /** Every row of every table that is served, as text. */
  Map<String, List<String>> dump(String name) throws SQLException {
    Map<String, List<String>> tables = new TreeMap<>();
    try (Connection connection = connect(name)) {
      for (var projection : Projections.all()) {
        String schema = served(connection, projection.name());
        for (String table : tables(projection.tables())) {
          tables.put(projection.name() + "." + table, rows(connection, schema + "." + table));
        }
      }
    }
    return tables;
  }

  private static List<String> tables(List<String> statements) {
    return statements.stream()
        .filter(statement -> statement.startsWith("CREATE TABLE "))
        .map(statement -> statement.split("[ (]", 4)[2])
        .toList();
  }

  private static List<String> rows(Connection connection, String table) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet results = statement.executeQuery("SELECT * FROM " + table + " ORDER BY 1, 2")) {
      int columns = results.getMetaData().getColumnCount();
      while (results.next()) {
        StringBuilder row = new StringBuilder();
        for (int column = 1; column <= columns; column++) {
          row.append(results.getString(column)).append('|');
        }
        rows.add(row.toString());
      }
    }
    return rows;
  }
}
