package io.varve.client.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.aggregate.SnapshotPolicy;
import io.varve.client.eventsourcing.aggregate.TimelineEntry;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.guide.AccountCommand.Deposit;
import io.varve.client.guide.AccountCommand.Open;
import io.varve.client.guide.AccountCommand.Withdraw;
import io.varve.client.guide.AccountEvent.MoneyDeposited;
import io.varve.client.guide.AccountEvent.MoneyWithdrawn;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.testkit.EventTypesFixture;
import io.varve.client.testkit.InMemoryEventStore;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The steps of docs/event-sourcing.md, one test each, in its order. */
class GuideTest {

  private final EventStore store = new InMemoryEventStore();

  private static BigDecimal money(String amount) {
    return new BigDecimal(amount);
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
}
