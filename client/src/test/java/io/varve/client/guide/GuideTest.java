package io.varve.client.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.aggregate.SnapshotPolicy;
import io.varve.client.eventsourcing.aggregate.TimelineEntry;
import io.varve.client.eventsourcing.consumer.ConsumerRunner;
import io.varve.client.eventsourcing.consumer.EventHandler;
import io.varve.client.eventsourcing.consumer.FailurePolicy;
import io.varve.client.eventsourcing.consumer.Outcome;
import io.varve.client.eventsourcing.decision.DecisionModel;
import io.varve.client.eventsourcing.decision.Decisions;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.CommandHandler;
import io.varve.client.eventsourcing.process.CommandTarget;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.ProcessEvent;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandAccepted;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandIssued;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandRefused;
import io.varve.client.eventsourcing.process.ProcessRunner;
import io.varve.client.eventsourcing.process.Saga;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.guide.AccountCommand.Deposit;
import io.varve.client.guide.AccountCommand.Open;
import io.varve.client.guide.AccountCommand.Withdraw;
import io.varve.client.guide.AccountEvent.AccountOpened;
import io.varve.client.guide.AccountEvent.MoneyDeposited;
import io.varve.client.guide.AccountEvent.MoneyWithdrawn;
import io.varve.client.guide.CourseEvent.CourseDefined;
import io.varve.client.guide.CourseEvent.StudentSubscribed;
import io.varve.client.guide.TransferEvent.TransferRequested;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.testkit.AggregateFixture;
import io.varve.client.testkit.EventTypesFixture;
import io.varve.client.testkit.InMemoryEventStore;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The steps of docs/event-sourcing.md, one test each, in its order. */
class GuideTest {

  private final EventStore store = new InMemoryEventStore();

  private static BigDecimal money(String amount) {
    return new BigDecimal(amount);
  }

  @Test
  void write_a_first_aggregate() {
    var result = FirstAggregate.run(store);

    assertThat(result)
        .isInstanceOfSatisfying(
            CommandResult.Refused.class,
            refused -> assertThat(refused.refusal().code()).isEqualTo("INSUFFICIENT_FUNDS"));
    assertThat(result.state()).isEqualTo("25.00");
  }

  @Test
  void carry_out_a_command() {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));

    accounts.execute("42", new Open("Ada"));
    CommandResult<Account, AccountEvent> result =
        accounts.execute("42", new Deposit(money("25.00")));

    switch (result) {
      case CommandResult.Executed<Account, AccountEvent> done ->
          System.out.println("balance " + done.state().balance() + " at version " + done.version());
      case CommandResult.Refused<Account, AccountEvent> refused ->
          System.out.println(refused.refusal());
    }

    assertThat(result.orElseThrow().state().balance()).isEqualTo("25.00");
    assertThat(store.getEvent("account-42", 2).orElseThrow().type()).isEqualTo("MoneyDeposited");
  }

  @Test
  void repeat_a_command_safely() {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));
    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(money("25.00")));

    var once =
        accounts.execute("42", new Withdraw(money("20.00")), CommandOptions.withId("http-7f3a"));
    var again =
        accounts.execute("42", new Withdraw(money("20.00")), CommandOptions.withId("http-7f3a"));

    assertThat(again.orElseThrow().repeated()).isTrue();
    assertThat(again.orElseThrow().events()).isEqualTo(once.orElseThrow().events());
    assertThat(accounts.load("42").state().balance()).isEqualTo("5.00");
  }

  @Test
  void look_back() {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var type =
        AggregateType.of("account", types, Account.DECIDER)
            .snapshots(JsonEvents.codecs().of(Account.class), 1, SnapshotPolicy.every(200));
    var accounts = Repository.of(store, type);
    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(money("25.00")));
    Instant then = store.getEvent("account-42", 2).orElseThrow().recordedAt();

    Account atVersion1 = accounts.loadAt("42", 1).state();
    Account asOfThen = accounts.loadAt("42", then).state();
    try (Stream<TimelineEntry> timeline = accounts.timeline("42")) {
      timeline.forEach(System.out::println);
    }

    assertThat(atVersion1.balance()).isEqualByComparingTo("0");
    assertThat(asOfThen.balance()).isEqualTo("25.00");
  }

  @Test
  void change_what_events_look_like() {
    store.append(
        "account-42", ExpectedVersion.noStream(), NewEvent.json("Credited", "{\"cents\": 2500}"));

    EventTypes<AccountEvent> types =
        JsonEvents.builder(AccountEvent.class)
            .upcast(
                JsonEvents.split(
                    "Credited",
                    1,
                    List.of("MoneyDeposited"),
                    old ->
                        List.of(
                            new JsonEvents.Part(
                                "MoneyDeposited",
                                1,
                                old.objectNode()
                                    .put(
                                        "amount",
                                        BigDecimal.valueOf(old.get("cents").asLong(), 2))))))
            .build();

    EventTypesFixture.of(types)
        .stored("Credited", 1, "{\"cents\": 2500}")
        .isReadAs(new MoneyDeposited(money("25.00")));

    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));
    try (Stream<TypedEvent<AccountEvent>> history = accounts.history("42")) {
      assertThat(history.map(TypedEvent::event))
          .containsExactly(new MoneyDeposited(money("25.00")));
    }
    assertThat(types.storedNames(MoneyWithdrawn.class)).containsExactly("MoneyWithdrawn");
  }

  @Test
  void decide_across_streams() {
    EventTypes<CourseEvent> types =
        JsonEvents.builder(CourseEvent.class)
            .tags(CourseEvent.class, event -> List.of("course:" + event.course()))
            .tags(StudentSubscribed.class, event -> List.of("student:" + event.student()))
            .build();
    DecisionModel<Integer> capacity =
        DecisionModel.of(types, 0)
            .tagged("course:c1")
            .on(CourseDefined.class, (_, event) -> event.capacity())
            .build();
    DecisionModel<Integer> taken =
        DecisionModel.of(types, 0)
            .tagged("course:c1")
            .on(StudentSubscribed.class, (seats, _) -> seats + 1)
            .build();
    DecisionModel<Integer> coursesOfStudent =
        DecisionModel.of(types, 0)
            .tagged("student:s1")
            .on(StudentSubscribed.class, (courses, _) -> courses + 1)
            .build();

    var decisions = Decisions.of(store, types, event -> "course-" + event.course());
    decisions.execute(taken, _ -> Decision.of(new CourseDefined("c1", 20)));

    var mayJoin =
        capacity
            .and(taken, (seats, used) -> used < seats)
            .and(coursesOfStudent, (free, courses) -> free && courses < 10);
    var result =
        decisions.execute(
            mayJoin,
            free ->
                free
                    ? Decision.of(new StudentSubscribed("c1", "s1"))
                    : Decision.refused("NO_SEAT", "the course or the student is full"));

    assertThat(result.orElseThrow().events()).containsExactly(new StudentSubscribed("c1", "s1"));
  }

  @Test
  void let_one_thing_lead_to_another() throws Exception {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));
    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(money("25.00")));

    CommandTarget<AccountCommand> account =
        CommandTarget.of("account", JsonEvents.of(AccountCommand.class));
    Saga<TransferRequested, TransferEvent> transfer =
        Saga.<TransferEvent>named("transfer")
            .startedBy(TransferRequested.class, TransferRequested::id)
            .step("withdraw", t -> Effect.send(account, t.from(), new Withdraw(t.amount())))
            .undoneBy(t -> Effect.send(account, t.from(), new Deposit(t.amount())))
            .step("deposit", t -> Effect.send(account, t.to(), new Deposit(t.amount())))
            .build();

    EventTypes<TransferEvent> events = JsonEvents.of(TransferEvent.class);
    var request = new TransferRequested("t1", "42", "43", money("20.00")); // there is no 43
    store.append(
        "request-t1", ExpectedVersion.noStream(), events.encode(request, EventContext.begin()));

    try (var runner =
        ProcessRunner.builder(store, transfer, events)
            .handler(account, CommandHandler.of(accounts))
            .start()) {
      var ended = runner.await("t1", Duration.ofSeconds(30)); // or asks for help
      assertThat(ended.orElseThrow().outcome()).isEqualTo("compensated");
      assertThat(accounts.load("42").state().balance()).isEqualTo("25.00");
    }
    tellOfTransfers();
  }

  private void tellOfTransfers() throws Exception {
    DataSource dataSource =
        JdbcConnectionPool.create("jdbc:h2:mem:transfers;DB_CLOSE_DELAY=-1", "", "");

    Projection<Connection> transfers =
        SqlProjection.named("transfers", ProcessEvent.types())
            .within(Query.categories("transfer")) // the saga's name
            .tables(
                "CREATE TABLE steps (command UUID PRIMARY KEY, transfer VARCHAR(64),"
                    + " step VARCHAR(64), state VARCHAR(200))")
            .on(
                CommandIssued.class,
                (sql, event) ->
                    execute(
                        sql,
                        "INSERT INTO steps VALUES (?, ?, ?, 'under way')",
                        event.event().commandId(),
                        event.stream(),
                        event.event().key()))
            .on(
                CommandAccepted.class,
                (sql, event) ->
                    execute(
                        sql,
                        "UPDATE steps SET state = 'done' WHERE command = ?",
                        event.event().commandId()))
            .on(
                CommandRefused.class,
                (sql, event) ->
                    execute(
                        sql,
                        "UPDATE steps SET state = ? WHERE command = ?",
                        event.event().refusal().message(),
                        event.event().commandId()))
            .build();

    SqlReadModel readModel = SqlReadModel.of(dataSource);
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store).add(transfers, readModel).start()) {
      assertThat(runner.awaitPosition(head(), Duration.ofSeconds(30))).isTrue();
      List<String> steps = readModel.read("transfers", GuideTest::steps);
      assertThat(steps)
          .containsExactly(
              "deposit: there is no open account", "withdraw: done", "withdraw/undo: done");
    }
  }

  private long head() {
    try (EventReader newest = store.readLog(ReadLog.all().backwards().limit(1))) {
      return newest.headPosition();
    }
  }

  private static List<String> steps(Connection sql) throws SQLException {
    try (Statement statement = sql.createStatement();
        ResultSet rows = statement.executeQuery("SELECT step, state FROM steps ORDER BY step")) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getString(1) + ": " + rows.getString(2));
      }
      return found;
    }
  }

  @Test
  void share_work_out() {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));
    accounts.execute("42", new Open("Ada"));
    accounts.execute("42", new Deposit(money("25.00")));
    List<String> mailbox = new CopyOnWriteArrayList<>();

    EventHandler<AccountEvent> mails =
        event ->
            switch (event.event()) {
              case AccountOpened(var owner) when mailbox.size() < 100 -> {
                mailbox.add("welcome, " + owner);
                yield Outcome.done();
              }
              case AccountOpened _ -> Outcome.retry("the mailbox is full");
              case AccountEvent _ -> Outcome.skip("nobody wants to hear of it");
            };

    ConsumerGroup group = ConsumerGroup.ofLog("mails", Query.categories("account")).fromStart();
    try (var runner =
        ConsumerRunner.builder(store, group, types, mails) // created unless it is there
            .concurrency(16) // streams at a time; the events of one stream one after the other
            .failures(FailurePolicy.retry().park(IllegalArgumentException.class))
            .start()) {
      awaitLevel("mails");
      System.out.println(runner.status());
    }

    assertThat(mailbox).containsExactly("welcome, Ada");

    ConsumerGroups groups = store.consumerGroups();
    groups.listParked("mails").forEach(e -> System.out.println(e.event() + ": " + e.reason()));
    groups.replayParked("mails");

    assertThat(groups.listParked("mails")).isEmpty();
  }

  private void awaitLevel(String group) {
    await()
        .until(
            () ->
                store
                    .consumerGroups()
                    .get(group)
                    .filter(info -> info.checkpoint() > 0 && info.lag() == 0)
                    .isPresent());
  }

  @Test
  void test_decisions_without_a_store() {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var account = AggregateFixture.of(AggregateType.of("account", types, Account.DECIDER));

    account
        .given(new AccountOpened("Ada"), new MoneyDeposited(money("25.00")))
        .when(new Withdraw(money("20.00")))
        .then(new MoneyWithdrawn(money("20.00")))
        .andState(new Account(true, money("5.00")));

    account.given(new AccountOpened("Ada")).when(new Open("Ada")).thenRefused("OPEN");
  }

  @Test
  void ask_many_streams_at_once() throws Exception {
    EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
    var accounts = Repository.of(store, AggregateType.of("account", types, Account.DECIDER));
    accounts.execute("42", new Open("Ada"));
    long position = accounts.execute("42", new Deposit(money("25.00"))).position();
    DataSource dataSource =
        JdbcConnectionPool.create("jdbc:h2:mem:guide;DB_CLOSE_DELAY=-1", "", "");

    Projection<Connection> balances =
        SqlProjection.named("balances", types)
            .tables(
                "CREATE TABLE balances (account VARCHAR(64) PRIMARY KEY, amount DECIMAL(12, 2))")
            .on(
                AccountOpened.class,
                (sql, event) -> execute(sql, "INSERT INTO balances VALUES (?, 0)", event.stream()))
            .on(
                MoneyDeposited.class,
                (sql, event) ->
                    execute(
                        sql,
                        "UPDATE balances SET amount = amount + ? WHERE account = ?",
                        event.event().amount(),
                        event.stream()))
            .build();

    SqlReadModel readModel = SqlReadModel.of(dataSource);
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store).add(balances, readModel).start()) {
      runner.awaitPosition(position, Duration.ofSeconds(5)); // of the command's result
      readModel.read("balances", sql -> print(sql, "SELECT account, amount FROM balances"));

      runner.rebuild("balances"); // anew from the first event, beside the old one
      System.out.println(runner.status("balances"));
    }
  }

  private static void execute(Connection sql, String statement, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement prepared = sql.prepareStatement(statement)) {
      for (int i = 0; i < parameters.length; i++) {
        prepared.setObject(i + 1, parameters[i]);
      }
      prepared.executeUpdate();
    }
  }

  private static int print(Connection sql, String query) throws SQLException {
    try (Statement statement = sql.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      int found = 0;
      while (rows.next()) {
        System.out.println(rows.getString(1) + " " + rows.getBigDecimal(2));
        found++;
      }
      assertThat(found).isEqualTo(1);
      return found;
    }
  }
}
