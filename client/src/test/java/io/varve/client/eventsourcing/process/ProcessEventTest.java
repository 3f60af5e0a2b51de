package io.varve.client.eventsourcing.process;

import static io.varve.client.eventsourcing.bank.TransferProcess.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventType;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferEvent;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferNoted;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.eventsourcing.cache.ReadCache;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandAccepted;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandIssued;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandRefused;
import io.varve.client.eventsourcing.process.ProcessEvent.Completed;
import io.varve.client.eventsourcing.process.ProcessEvent.EventTaken;
import io.varve.client.eventsourcing.process.ProcessEvent.Started;
import io.varve.client.eventsourcing.projection.LiveView;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.testkit.InMemoryEventStore;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a process's stream says, for whoever reads it. */
class ProcessEventTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final Bank bank = new Bank(store).open("a", "100.00").open("b", "0.10");

  @AfterEach
  void close() {
    store.close();
  }

  private static void until(BooleanSupplier condition) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(condition::getAsBoolean);
  }

  private <S> ProcessRunner<S, TransferEvent> start(ProcessManager<S, TransferEvent> process) {
    return ProcessRunner.builder(store, process, Bank.TRANSFER_EVENTS)
        .handler(ACCOUNTS, bank.handler())
        .pauses(Duration.ofMillis(2), Duration.ofMillis(20))
        .start();
  }

  private static void untilCompleted(ProcessRunner<?, ?> runner, String... ids) {
    for (String id : ids) {
      until(() -> runner.find(id).filter(ProcessInstance::completed).isPresent());
    }
  }

  private static List<ProcessEvent> read(List<RecordedEvent> events) {
    return events.stream()
        .flatMap(event -> ProcessEvent.types().decode(event).stream())
        .map(TypedEvent::event)
        .toList();
  }

  // ---- names

  /** Does everything that a process can do, and cannot take a note while it is mistaken. */
  private static final class Everything implements ProcessManager<Integer, TransferEvent> {

    static final String NAME = "everything";
    final AtomicBoolean mistaken = new AtomicBoolean(true);

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Integer initial() {
      return 0;
    }

    @Override
    public Optional<String> correlate(TransferEvent event, Origin origin) {
      return Optional.of(event.transferId());
    }

    @Override
    public boolean starts(TransferEvent event) {
      return event instanceof TransferRequested;
    }

    @Override
    public Integer evolve(Integer inputs, Input<TransferEvent> input) {
      boolean isNote =
          input instanceof Input.Happened<TransferEvent>(TransferEvent event, Origin _)
              && event instanceof TransferNoted;
      if (isNote && mistaken.get()) {
        throw new IllegalStateException("cannot take this note");
      }
      return inputs + 1;
    }

    @Override
    public List<Effect> react(Integer inputs, Input<TransferEvent> input) {
      return switch (input) {
        case Input.Happened<TransferEvent>(TransferRequested _, Origin _) ->
            List.of(
                Effect.schedule("never", Duration.ofHours(1)),
                Effect.cancel("never"),
                Effect.schedule("soon", Duration.ZERO));
        case Input.TimerFired<TransferEvent> _ ->
            List.of(
                Effect.send(ACCOUNTS, "a", new Withdraw(new BigDecimal("1.00"), "w")).as("take"));
        case Input.CommandAccepted<TransferEvent> accepted
            when accepted.command() instanceof Withdraw ->
            List.of(Effect.send(ACCOUNTS, "c", new Deposit(new BigDecimal("1.00"), "d")));
        case Input.CommandRefused<TransferEvent> refused ->
            List.of(Effect.help(refused.refusal().message()));
        case Input.RetryRequested<TransferEvent> _ ->
            List.of(
                Effect.send(ACCOUNTS, "b", new Deposit(new BigDecimal("1.00"), "e")),
                Effect.complete("settled", "by hand"));
        default -> List.of();
      };
    }
  }

  private List<RecordedEvent> everything() {
    Everything process = new Everything();
    try (var runner = start(process)) {
      bank.request("t1", "a", "c", "1.00");
      until(() -> !runner.status().needHelp().isEmpty());
      bank.append(new TransferNoted("t1", "a note"), EventContext.begin());
      String stream = Everything.NAME + "-t1";
      until(() -> Streams.types(store, stream).contains("ProcessEventParked"));
      process.mistaken.set(false);
      until(() -> Streams.types(store, stream).getLast().equals("ProcessEventTaken"));
      return Streams.events(store, stream);
    }
  }

  @Test
  void whatever_a_runner_writes_is_read_under_its_name_and_nothing_else_is_expected() {
    List<RecordedEvent> events = new ArrayList<>(everything());
    try (var runner = start(new Everything())) {
      bank.request("t2", "a", "c", "1.00");
      until(() -> runner.status().needHelp().stream().anyMatch(needs -> needs.id().equals("t2")));
      assertThat(runner.retry("t2")).isTrue();
      untilCompleted(runner, "t2");
    }
    events.addAll(Streams.events(store, Everything.NAME + "-t2"));

    Set<String> written = new TreeSet<>();
    for (RecordedEvent event : events) {
      ProcessEvent read = ProcessEvent.types().decode(event).getFirst().event();
      assertThat(ProcessEvent.types().nameOf(read.getClass())).isEqualTo(event.type());
      written.add(event.type());
    }
    assertThat(written).isEqualTo(ProcessEvent.types().names());
  }

  @Test
  void the_facts_are_what_the_process_was_told_and_has_said() {
    try (var runner = start(new Everything())) {
      bank.request("t1", "a", "c", "1.00");
      until(() -> !runner.status().needHelp().isEmpty());
      assertThat(runner.retry("t1")).isTrue();
      untilCompleted(runner, "t1");
    }
    List<RecordedEvent> events = Streams.events(store, Everything.NAME + "-t1");
    List<ProcessEvent> read = read(events);
    RecordedEvent request = Streams.events(store, "request-t1").getFirst();
    RecordedEvent first = byType(events, "ProcessCommandIssued", 0);
    RecordedEvent second = byType(events, "ProcessCommandIssued", 1);

    assertThat(read).startsWith(new Started());
    assertThat(read)
        .contains(
            new EventTaken("TransferRequested", 0, Origin.of(request)),
            new ProcessEvent.TimerCancelled("never"),
            new CommandIssued(first.id(), "account", "a", "Withdraw", "take"),
            new CommandAccepted(first.id()),
            new CommandIssued(second.id(), "account", "c", "Deposit", null),
            new ProcessEvent.HelpNeeded("there is no such account, or it is closed"),
            new ProcessEvent.RetryRequested(),
            new ProcessEvent.Completing("settled", "by hand"))
        .endsWith(new Completed("settled", "by hand"));
    assertThat(read)
        .anySatisfy(
            event ->
                assertThat(event)
                    .isInstanceOfSatisfying(
                        CommandRefused.class,
                        refused -> {
                          assertThat(refused.commandId()).isEqualTo(second.id());
                          assertThat(refused.refusal().code()).isEqualTo("NO_ACCOUNT");
                        }));
  }

  private static RecordedEvent byType(List<RecordedEvent> events, String type, int place) {
    return events.stream().filter(event -> event.type().equals(type)).toList().get(place);
  }

  @Test
  void payloads_are_read_with_the_applications_own_types() {
    try (var runner = start(TransferSaga.saga())) {
      bank.request("t1", "a", "b", "1.00");
      untilCompleted(runner, "t1");
    }
    List<Object> payloads = new ArrayList<>();
    for (RecordedEvent event : Streams.events(store, TransferSaga.NAME + "-t1")) {
      switch (ProcessEvent.types().decode(event).getFirst().event()) {
        case EventTaken taken -> {
          TypedEvent<TransferEvent> original =
              Bank.TRANSFER_EVENTS.decode(taken.original(event)).getFirst();
          assertThat(original.stream()).isEqualTo("request-t1");
          payloads.add(original.event());
        }
        case CommandIssued issued ->
            payloads.add(ACCOUNTS.types().decode(issued.command(event)).getFirst().event());
        default -> {}
      }
    }
    assertThat(payloads)
        .containsExactly(
            new TransferRequested("t1", "a", "b", new BigDecimal("1.00")),
            new Withdraw(new BigDecimal("1.00"), "t1"),
            new Deposit(new BigDecimal("1.00"), "t1"));
  }

  /** A command whose payload is of its second shape. */
  sealed interface Ping {
    @EventType(value = "Ping", schemaVersion = 2)
    record Again(String text) implements Ping {}
  }

  @Test
  void a_payload_of_a_later_schema_version_hides_no_event() {
    EventTypes<Ping> pings = JsonEvents.of(Ping.class);
    CommandTarget<Ping> target = CommandTarget.of("ping", pings);
    Saga<TransferRequested, TransferEvent> pinging =
        Saga.<TransferEvent>named("pinging")
            .startedBy(TransferRequested.class, TransferRequested::transferId)
            .step("ping", t -> Effect.send(target, "1", new Ping.Again("hello")))
            .build();
    try (var runner =
        ProcessRunner.builder(store, pinging, Bank.TRANSFER_EVENTS)
            .handler(target, (id, command, commandId, context) -> CommandOutcome.accepted())
            .start()) {
      bank.request("t1", "a", "b", "1.00");
      untilCompleted(runner, "t1");
    }
    RecordedEvent issued = byType(Streams.events(store, "pinging-t1"), "ProcessCommandIssued", 0);
    assertThat(issued.metadata()).containsEntry(EventTypes.SCHEMA_VERSION, "2");

    CommandIssued read = (CommandIssued) ProcessEvent.types().decode(issued).getFirst().event();
    assertThat(read.key()).isEqualTo("ping");
    assertThat(pings.decode(read.command(issued)).getFirst().event())
        .isEqualTo(new Ping.Again("hello"));
  }

  @Test
  void they_are_written_by_runners_alone_and_what_else_is_in_the_category_is_passed_over() {
    assertThatThrownBy(
            () -> ProcessEvent.types().encode(new Completed("completed", ""), EventContext.begin()))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("ProcessEvent$Completed is only read");
    store.append(
        TransferSaga.NAME,
        ExpectedVersion.noStream(),
        NewEvent.builder(OpenInstances.LISTED).metadata(OpenInstances.AS_OF, "1").build());
    RecordedEvent list = Streams.events(store, TransferSaga.NAME).getFirst();
    assertThat(ProcessEvent.types().decode(list)).isEmpty();
  }

  // ---- read models

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private static void update(Connection sql, String statement, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement prepared = sql.prepareStatement(statement)) {
      for (int i = 0; i < parameters.length; i++) {
        prepared.setObject(i + 1, parameters[i]);
      }
      prepared.executeUpdate();
    }
  }

  private static List<String> rows(Connection sql, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (PreparedStatement prepared = sql.prepareStatement(query);
        ResultSet found = prepared.executeQuery()) {
      while (found.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) {
          row.add(found.getString(i));
        }
        rows.add(String.join(" ", row));
      }
    }
    return rows;
  }

  /** Sagas with who asked for them, and their steps. */
  private static Projection<Connection> sagas() {
    return SqlProjection.named("sagas", Bank.TRANSFER_EVENTS)
        .tables(
            "CREATE TABLE sagas (id VARCHAR(64) PRIMARY KEY, amount VARCHAR(20) NOT NULL,"
                + " outcome VARCHAR(20) NOT NULL)",
            "CREATE TABLE steps (command UUID PRIMARY KEY, saga VARCHAR(64) NOT NULL, step"
                + " VARCHAR(64) NOT NULL, position BIGINT NOT NULL, state VARCHAR(20) NOT NULL)")
        .on(
            TransferRequested.class,
            (sql, asked) ->
                update(
                    sql,
                    "INSERT INTO sagas VALUES (?, ?, 'asked')",
                    TransferSaga.NAME + "-" + asked.event().transferId(),
                    asked.event().amount().toPlainString()))
        .alsoOf(ProcessEvent.types())
        .within(Query.categories("request", TransferSaga.NAME))
        .on(
            Started.class,
            (sql, started) ->
                update(sql, "UPDATE sagas SET outcome = 'started' WHERE id = ?", started.stream()))
        .on(
            CommandIssued.class,
            (sql, issued) ->
                update(
                    sql,
                    "INSERT INTO steps VALUES (?, ?, ?, ?, 'in progress')",
                    issued.event().commandId(),
                    issued.stream(),
                    issued.event().key(),
                    issued.position()))
        .on(
            CommandAccepted.class,
            (sql, accepted) ->
                update(
                    sql,
                    "UPDATE steps SET state = 'done' WHERE command = ?",
                    accepted.event().commandId()))
        .on(
            CommandRefused.class,
            (sql, refused) ->
                update(
                    sql,
                    "UPDATE steps SET state = ? WHERE command = ?",
                    refused.event().refusal().code(),
                    refused.event().commandId()))
        .on(
            Completed.class,
            (sql, completed) ->
                update(
                    sql,
                    "UPDATE sagas SET outcome = ? WHERE id = ?",
                    completed.event().outcome(),
                    completed.stream()))
        .build();
  }

  @Test
  void a_projection_tells_of_sagas_together_with_other_events() throws Exception {
    JdbcConnectionPool database =
        JdbcConnectionPool.create(
            "jdbc:h2:mem:sagas-" + DATABASES.incrementAndGet() + ";DB_CLOSE_DELAY=-1", "test", "");
    SqlReadModel model = SqlReadModel.of(database);
    try (var sagas = start(TransferSaga.saga());
        var another = start(new Everything());
        ProjectionRunner projections =
            ProjectionRunner.builder(store).add(sagas(), model).start()) {
      bank.request("t1", "a", "b", "1.00");
      bank.request("t2", "a", "nobody", "2.00");
      bank.request("t3", "a", "b", "3000.00");
      untilCompleted(sagas, "t1", "t2", "t3");
      assertThat(another.find("t1")).isPresent();
      assertThat(projections.awaitPosition(head(), PATIENCE)).isTrue();

      List<String> outcomes =
          model.read("sagas", sql -> rows(sql, "SELECT * FROM sagas ORDER BY id"));
      assertThat(outcomes)
          .containsExactly(
              "transferSaga-t1 1.00 completed",
              "transferSaga-t2 2.00 compensated",
              "transferSaga-t3 3000.00 failed");
      List<String> steps =
          model.read(
              "sagas",
              sql -> rows(sql, "SELECT saga, step, state FROM steps ORDER BY saga, position"));
      assertThat(steps)
          .containsExactly(
              "transferSaga-t1 withdraw done",
              "transferSaga-t1 deposit done",
              "transferSaga-t2 withdraw done",
              "transferSaga-t2 deposit NO_ACCOUNT",
              "transferSaga-t2 withdraw/undo done",
              "transferSaga-t3 withdraw INSUFFICIENT_FUNDS");
    } finally {
      database.dispose();
    }
  }

  private long head() {
    try (EventReader newest = store.readLog(ReadLog.all().backwards().limit(1))) {
      return newest.headPosition();
    }
  }

  @Test
  void live_views_listeners_and_caches_read_them() throws Exception {
    LiveView<Integer> open =
        LiveView.named("open-sagas", ProcessEvent.types(), 0)
            .within(Query.categories(TransferSaga.NAME))
            .on(Started.class, (count, _) -> count + 1)
            .on(Completed.class, (count, _) -> count - 1)
            .build();
    List<ProcessEvent> heard = new CopyOnWriteArrayList<>();
    try (var sagas = start(TransferSaga.saga());
        ProjectionRunner projections = ProjectionRunner.builder(store).add(open).start();
        var subscription =
            store.subscribeToLog(
                SubscribeToLog.all().query(Query.categories(TransferSaga.NAME)),
                ProcessEvent.types().listener(event -> heard.add(event.event())));
        ReadCache<String, Boolean> over =
            ReadCache.<String, Boolean>loading(
                    id -> sagas.find(id).filter(ProcessInstance::completed).isPresent())
                .invalidateOn(
                    ProcessEvent.types(),
                    Completed.class,
                    event -> event.stream().substring(event.stream().indexOf('-') + 1))
                .start(store, this::head)) {
      assertThat(over.get("t1")).isFalse();
      bank.request("t1", "a", "b", "1.00");
      untilCompleted(sagas, "t1");

      assertThat(projections.awaitPosition(head(), PATIENCE)).isTrue();
      assertThat(open.current()).isZero();
      until(() -> heard.size() == Streams.types(store, TransferSaga.NAME + "-t1").size());
      assertThat(heard).startsWith(new Started()).endsWith(new Completed("completed", ""));
      until(() -> over.get("t1"));
      assertThat(subscription).isNotNull();
    }
  }
}
