package io.varve.client.testkit;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionTarget.Plan;
import io.varve.client.eventsourcing.projection.Tenure;
import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Tests what a SQL projection makes of events: they are written and read as a store would, and the
 * handlers write into the tables of a database that the test hands over, such as H2 in memory.
 * Everything happens on the caller's thread.
 *
 * <pre>{@code
 * ProjectionFixture.of(balances, types, dataSource)
 *     .given("account-1", new Opened("Ada"), new Deposited(100))
 *     .given("account-2", new Opened("Ben"))
 *     .thenRows("SELECT account, cents FROM balances ORDER BY account",
 *         row("account-1", 100), row("account-2", 0))
 *     .thenReplayGivesTheSameRows();
 * }</pre>
 *
 * @param <E> the events
 */
public final class ProjectionFixture<E> {

  private static final String OWNER = "fixture";

  /** A row, column by column. */
  public record Row(List<@Nullable Object> columns) {}

  private final Projection<Connection> projection;
  private final EventTypes<E> types;
  private final SqlReadModel model;
  private final SettableClock clock = new SettableClock();
  private final InMemoryEventStore store = new InMemoryEventStore(clock);

  private ProjectionFixture(
      Projection<Connection> projection, EventTypes<E> types, DataSource database) {
    this.projection = projection;
    this.types = types;
    this.model = SqlReadModel.of(database);
  }

  /**
   * Tests a projection.
   *
   * @param types what the given events are written with
   * @param database without anything of this projection in it
   */
  public static <E> ProjectionFixture<E> of(
      Projection<Connection> projection, EventTypes<E> types, DataSource database) {
    return new ProjectionFixture<>(projection, types, database);
  }

  /**
   * A row that is expected, with as many columns as the query has. Absence, numbers, truth values
   * and texts are never equal to each other; numbers are compared by value, whatever their types
   * and scales (5, 5L and 5.00 are equal), moments as such, and what is none of these, such as a
   * UUID or a date, by its text.
   */
  public static Row row(@Nullable Object... columns) {
    List<@Nullable Object> values = new ArrayList<>();
    for (@Nullable Object column : columns) {
      values.add(column);
    }
    return new Row(values);
  }

  /** The time at which events are recorded from here on. */
  public ProjectionFixture<E> at(Instant time) {
    clock.now = time;
    return this;
  }

  /**
   * Events of a stream, as they are written today.
   *
   * @throws AssertionError the projection cannot take one of them
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // read only
  public final ProjectionFixture<E> given(String stream, E... events) {
    return givenStored(
        stream,
        Arrays.stream(events)
            .map(event -> types.encode(event, EventContext.of("fixture", "fixture")))
            .toArray(NewEvent[]::new));
  }

  /**
   * Events of a stream, as they may lie in a store: under an old name, say.
   *
   * @throws AssertionError the projection cannot take one of them
   */
  public ProjectionFixture<E> givenStored(String stream, NewEvent... events) {
    var unused = store.append(stream, ExpectedVersion.any(), events);
    feed(theOnlyGeneration());
    return this;
  }

  private int theOnlyGeneration() {
    try {
      Plan plan = model.plan(projection, OWNER);
      return plan.live();
    } catch (Exception e) {
      throw new AssertionError("the tables of " + projection + " cannot be made: " + e, e);
    }
  }

  /** Has a generation take everything behind its checkpoint. */
  private void feed(int generation) {
    try (Tenure<Connection> tenure =
            model
                .claim(projection, generation, OWNER)
                .orElseThrow(() -> new AssertionError("somebody else feeds " + projection));
        EventReader events =
            store.readLog(
                ReadLog.all().query(projection.query()).fromPosition(tenure.position() + 1))) {
      for (RecordedEvent event : events) {
        take(tenure, event);
      }
      if (!tenure.promote()) {
        throw new AssertionError("generation " + generation + " cannot take the other's place");
      }
    } catch (Exception e) {
      throw new AssertionError("the database failed: " + e, e);
    }
  }

  private void take(Tenure<Connection> tenure, RecordedEvent event) {
    try {
      Step unused =
          tenure.commit(
              sql -> {
                projection.apply(sql, event);
                return new Step(event.position(), 1);
              });
    } catch (Exception e) {
      throw new AssertionError(
          projection
              + " cannot take "
              + event.type()
              + " in "
              + event.stream()
              + " at version "
              + event.version()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /**
   * The rows of a query are these, in this order.
   *
   * @throws AssertionError they are not; the message has both, a row a line
   */
  public ProjectionFixture<E> thenRows(String query, Row... expected) {
    int unused = theOnlyGeneration();
    List<String> wanted = Arrays.stream(expected).map(row -> text(row.columns())).toList();
    List<String> actual;
    try {
      actual = model.read(projection.name(), connection -> texts(connection, query));
    } catch (SQLException e) {
      throw new AssertionError("cannot ask \"" + query + "\": " + e.getMessage(), e);
    }
    if (!wanted.equals(actual)) {
      throw new AssertionError(
          "the rows of \""
              + query
              + "\"\nexpected:\n"
              + lines(wanted)
              + "actual:\n"
              + lines(actual));
    }
    return this;
  }

  /**
   * The same events make the same rows in every table: taken up again behind the checkpoint, as
   * after a restart, and taken from the first one into new tables, as in a rebuild. Shows handlers
   * that depend on the time, on chance, or on what is not in the events.
   *
   * @throws AssertionError a table differs; the message has both, a row a line
   */
  public ProjectionFixture<E> thenReplayGivesTheSameRows() {
    int first = theOnlyGeneration();
    Map<String, List<String>> before = tables();
    feed(first);
    compare("taken up again", before, tables());
    int second;
    try {
      second = model.beginRebuild(projection, OWNER);
    } catch (Exception e) {
      throw new AssertionError("the tables of " + projection + " cannot be made anew: " + e, e);
    }
    feed(second);
    compare("built anew", before, tables());
    return this;
  }

  private static void compare(
      String how, Map<String, List<String>> before, Map<String, List<String>> after) {
    before.forEach(
        (table, rows) -> {
          List<String> now = after.getOrDefault(table, List.of());
          if (!rows.equals(now)) {
            throw new AssertionError(
                "the table "
                    + table
                    + ", "
                    + how
                    + ", has other rows\nbefore:\n"
                    + lines(rows)
                    + "after:\n"
                    + lines(now));
          }
        });
  }

  /** All rows of all tables, each table's in alphabetical order. */
  private Map<String, List<String>> tables() {
    try {
      String schema = model.servedSchema(projection.name());
      return model.read(
          projection.name(),
          connection -> {
            String quote = connection.getMetaData().getIdentifierQuoteString();
            Map<String, List<String>> tables = new TreeMap<>();
            try (ResultSet names =
                connection
                    .getMetaData()
                    .getTables(
                        connection.getCatalog(),
                        schema,
                        "%",
                        new String[] {"TABLE", "BASE TABLE"})) {
              while (names.next()) {
                String name = names.getString("TABLE_NAME");
                List<String> rows =
                    new ArrayList<>(texts(connection, "SELECT * FROM " + quote + name + quote));
                Collections.sort(rows);
                tables.put(name, rows);
              }
            }
            return tables;
          });
    } catch (SQLException e) {
      throw new AssertionError("cannot read the tables: " + e.getMessage(), e);
    }
  }

  private static List<String> texts(Connection connection, String query) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query);
        ResultSet results = statement.executeQuery()) {
      int columns = results.getMetaData().getColumnCount();
      List<String> rows = new ArrayList<>();
      while (results.next()) {
        List<@Nullable Object> row = new ArrayList<>();
        for (int column = 1; column <= columns; column++) {
          row.add(results.getObject(column));
        }
        rows.add(text(row));
      }
      return rows;
    }
  }

  private static String text(List<@Nullable Object> columns) {
    StringJoiner text = new StringJoiner(", ", "[", "]");
    for (@Nullable Object column : columns) {
      text.add(text(column));
    }
    return text.toString();
  }

  /**
   * A value so that equal ones look the same, whatever class the driver has for them, and no others
   * do: texts are quoted as in SQL.
   */
  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Boolean truth -> truth.toString();
      case Double number when !Double.isFinite(number) -> number.toString();
      case Float number when !Float.isFinite(number) -> number.toString();
      case BigDecimal number -> number.stripTrailingZeros().toPlainString();
      case Number number -> new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
      case OffsetDateTime time -> quoted(time.toInstant().toString());
      case java.sql.Timestamp time -> quoted(time.toInstant().toString());
      case byte[] bytes -> Arrays.toString(bytes);
      default -> quoted(value.toString());
    };
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static String lines(List<String> rows) {
    StringBuilder text = new StringBuilder();
    for (String row : rows) {
      text.append("  ").append(row).append('\n');
    }
    return rows.isEmpty() ? "  (none)\n" : text.toString();
  }

  private static final class SettableClock extends Clock {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }
}
