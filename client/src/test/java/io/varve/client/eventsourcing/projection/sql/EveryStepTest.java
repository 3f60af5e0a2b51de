package io.varve.client.eventsourcing.projection.sql;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.AccountEvent.Withdrawn;
import io.varve.client.eventsourcing.projection.ErrorPolicy;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.sql.FaultyDataSource.Fault;
import io.varve.client.testkit.InMemoryEventStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * The database fails, or the program ends, at any one call of JDBC: the first, the second, and so
 * on until a whole run has no such call any more. Whichever it is, every event has taken effect
 * once in the end.
 */
@Timeout(300)
class EveryStepTest {

  private static final AtomicInteger DATABASES = new AtomicInteger();
  private static final ErrorPolicy QUICK =
      ErrorPolicy.park(2).pausing(Duration.ofMillis(1), Duration.ofMillis(2));

  private InMemoryEventStore store;

  private static final Logger NOISE =
      (Logger) LoggerFactory.getLogger("io.varve.client.eventsourcing.projection");

  /** Hundreds of failures on purpose. */
  @BeforeAll
  static void silence() {
    NOISE.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    NOISE.setLevel(null);
  }

  @BeforeEach
  void openStore() {
    store = new InMemoryEventStore();
    append(store, "1", new Opened("Ada"), new Deposited(100));
    append(store, "2", new Opened("Ben"), new Withdrawn(30), new Deposited(7));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private static ConditionFactory await(Object what) {
    return Awaitility.await()
        .alias(String.valueOf(what))
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1));
  }

  private static DataSource database() {
    JdbcDataSource database = new JdbcDataSource();
    database.setURL("jdbc:h2:mem:every-step-" + DATABASES.incrementAndGet() + ";DB_CLOSE_DELAY=-1");
    database.setUser("test");
    return database;
  }

  private ProjectionRunner run(DataSource database) {
    SqlReadModel model =
        SqlReadModel.builder(database)
            .lease(Duration.ofMillis(600))
            .keepReplaced(Duration.ZERO)
            .build();
    return ProjectionRunner.builder(store)
        .add(Balances.projection(), model, QUICK)
        .owner("the only one")
        .batch(2)
        .start();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void every_event_takes_effect_once_whichever_call_fails(Fault fault) throws Exception {
    int at = 0;
    boolean failed;
    do {
      at++;
      failed = failsAt(at, fault);
    } while (failed);
    assertThat(at).as("calls in a run").isGreaterThan(60);
  }

  /** Whether there was such a call. */
  private boolean failsAt(int at, Fault fault) throws Exception {
    DataSource actual = database();
    FaultyDataSource faulty = new FaultyDataSource(actual, fault, at);
    long last = 5;
    try (ProjectionRunner runner = run(faulty)) {
      await(faulty)
          .until(
              () ->
                  runner.status("balances").position() == last
                      || (fault.isForEver() && faulty.failedAt() != null));
    }
    if (fault.isForEver()) {
      faulty.endConnections();
      try (ProjectionRunner again = run(actual)) {
        await("goes on").until(() -> again.status("balances").position() == last);
      }
    }
    String what = fault + " at call " + at + ", " + faulty.failedAt();
    SqlReadModel model = SqlReadModel.of(actual);
    assertThat(Balances.rows(model)).as(what).isEqualTo(Balances.folded(store));
    assertThat(
            Balances.number(
                actual,
                "SELECT position FROM \"varve\".generations g JOIN \"varve\".projections p"
                    + " ON p.projection = g.projection AND p.live = g.generation"))
        .as(what)
        .isEqualTo(last);
    assertThat(Balances.number(actual, "SELECT COUNT(*) FROM \"varve\".parked_events"))
        .as("nothing was held against an event: " + what)
        .isZero();
    try (var connection = actual.getConnection();
        var statement = connection.createStatement()) {
      var _ = statement.execute("SHUTDOWN");
    }
    return faulty.failedAt() != null;
  }
}
