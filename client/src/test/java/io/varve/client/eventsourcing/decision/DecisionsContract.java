package io.varve.client.eventsourcing.decision;

import static io.varve.client.eventsourcing.CommandOptions.withId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.Upcaster;
import io.varve.client.eventsourcing.decision.DecisionResult.Executed;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What decisions over models promise, on every store alike. */
public abstract class DecisionsContract {

  /** What happens to seats. */
  public sealed interface Event {
    String place();
  }

  public record Reserved(String place, String by) implements Event {}

  public record Released(String place) implements Event {}

  private static final EventTypes<Event> TYPES =
      JsonEvents.builder(Event.class)
          .tags(Event.class, event -> List.of("place:" + event.place()))
          .build();

  private EventStore store;
  private Decisions<Event> decisions;

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** Called after each test, once its store is closed. */
  protected void afterStore() throws Exception {}

  @BeforeEach
  final void open() throws Exception {
    store = openStore();
    decisions = Decisions.of(store, TYPES, event -> "place-" + event.place());
  }

  @AfterEach
  final void close() throws Exception {
    try {
      store.close();
    } finally {
      afterStore();
    }
  }

  private static DecisionModel<String> holder(String place) {
    return DecisionModel.of(TYPES, "nobody")
        .tagged("place:" + place)
        .on(Reserved.class, (_, event) -> event.by())
        .on(Released.class, (_, _) -> "nobody")
        .build();
  }

  private static Decision<Event> reserve(String holder, String place, String by) {
    return holder.equals("nobody")
        ? Decision.of(new Reserved(place, by))
        : Decision.refused("TAKEN", "it is taken by " + holder);
  }

  private DecisionResult<String, Event> reserve(String place, String by, CommandOptions options) {
    return decisions.execute(holder(place), holder -> reserve(holder, place, by), options);
  }

  private List<RecordedEvent> log() {
    try (EventReader reader = store.readLog(ReadLog.all())) {
      return reader.toList();
    }
  }

  // ---- deciding

  @Test
  void a_decision_is_written_to_its_stream_and_the_answer_knows_what_it_came_to() {
    store.append("other-1", ExpectedVersion.any(), NewEvent.json("Unrelated", "{}"));

    DecisionResult<String, Event> result = reserve("1a", "ada", CommandOptions.none());

    assertThat(result)
        .isEqualTo(
            new Executed<String, Event>("ada", 2, List.of(new Reserved("1a", "ada")), false));
    RecordedEvent event = log().getLast();
    assertThat(event.stream()).isEqualTo("place-1a");
    assertThat(event.tags()).containsExactly("place:1a");
    assertThat(event.metadata()).containsKeys(EventContext.CORRELATION_ID);
    assertThat(decisions.load(holder("1a"))).isEqualTo(new Known<>("ada", 2));
  }

  @Test
  void a_refused_decision_writes_nothing_and_says_why() {
    reserve("1a", "ada", CommandOptions.none());

    DecisionResult<String, Event> result = reserve("1a", "bob", CommandOptions.none());

    assertThat(result)
        .isEqualTo(
            new DecisionResult.Refused<String, Event>(
                "ada", 1, new Refusal("TAKEN", "it is taken by ada")));
    assertThatThrownBy(result::orElseThrow).isInstanceOf(CommandRefusedException.class);
    assertThat(log()).hasSize(1);
  }

  @Test
  void a_decision_may_write_to_several_streams_all_or_nothing() {
    DecisionModel<String> both = holder("1a").and(holder("1b"), (a, b) -> a + " and " + b);

    Executed<String, Event> result =
        decisions
            .execute(
                both,
                _ ->
                    Decision.of(
                        new Reserved("1a", "ada"),
                        new Reserved("1b", "ada"),
                        new Released("1a"),
                        new Reserved("1a", "bob")))
            .orElseThrow();

    assertThat(result.state()).isEqualTo("bob and ada");
    assertThat(log())
        .extracting(RecordedEvent::stream)
        .containsExactly("place-1a", "place-1a", "place-1a", "place-1b");
    assertThat(result.events())
        .containsExactly(
            new Reserved("1a", "ada"),
            new Released("1a"),
            new Reserved("1a", "bob"),
            new Reserved("1b", "ada"));
    assertThat(decisions.load(both).state()).isEqualTo(result.state());
    assertThat(result.position()).isEqualTo(4);
  }

  @Test
  void all_events_may_go_to_one_stream() {
    decisions.to("hall").execute(holder("1a"), _ -> Decision.of(new Reserved("1a", "ada")));

    assertThat(log()).extracting(RecordedEvent::stream).containsExactly("hall");
  }

  // ---- conflicts

  @Test
  void what_a_model_does_not_ask_for_does_not_make_it_decide_again() {
    AtomicInteger decided = new AtomicInteger();
    DecisionResult<String, Event> result =
        decisions.execute(
            holder("1a"),
            holder -> {
              decided.incrementAndGet();
              reserve("1b", "bob", CommandOptions.none()).orElseThrow();
              return reserve(holder, "1a", "ada");
            },
            CommandOptions.none().retries(0));

    assertThat(result.orElseThrow().state()).isEqualTo("ada");
    assertThat(decided).hasValue(1);
  }

  @Test
  void a_decision_is_made_again_on_what_the_faster_one_has_done() {
    AtomicInteger decided = new AtomicInteger();

    DecisionResult<String, Event> result =
        decisions.execute(
            holder("1a"),
            holder -> {
              if (decided.getAndIncrement() == 0) {
                reserve("1a", "bob", CommandOptions.none()).orElseThrow();
              }
              return reserve(holder, "1a", "ada");
            });

    assertThat(result).isInstanceOf(DecisionResult.Refused.class);
    assertThat(result.state()).isEqualTo("bob");
    assertThat(decided).hasValue(2);
  }

  @Test
  void a_decision_is_made_again_so_many_times_and_then_the_conflict_is_the_callers() {
    AtomicInteger decided = new AtomicInteger();
    Decisions<Event> impatient =
        decisions.retry(ConflictRetry.standard().times(2).backOff(Duration.ZERO, Duration.ZERO));

    assertThatThrownBy(
            () ->
                impatient.execute(
                    holder("1a"),
                    _ -> {
                      decided.incrementAndGet();
                      decisions.execute(holder("1a"), _ -> Decision.of(new Released("1a")));
                      return Decision.of(new Reserved("1a", "ada"));
                    }))
        .isInstanceOf(ConditionFailedException.class);
    assertThat(decided).hasValue(3);
    assertThat(log()).extracting(RecordedEvent::type).containsOnly("Released");
  }

  // ---- repeats

  @Test
  void a_repeat_is_answered_with_the_events_of_the_first_time_though_it_would_now_be_refused() {
    Executed<String, Event> first = reserve("1a", "ada", withId("r1")).orElseThrow();
    decisions.execute(holder("1a"), _ -> Decision.of(new Released("1a")));
    reserve("1a", "bob", CommandOptions.none()).orElseThrow();

    Executed<String, Event> again = reserve("1a", "ada", withId("r1")).orElseThrow();

    assertThat(again.repeated()).isTrue();
    assertThat(again.events()).isEqualTo(first.events());
    assertThat(again.position()).isEqualTo(first.position());
    assertThat(again.state()).isEqualTo("bob");
    assertThat(log()).hasSize(3);
  }

  @Test
  void a_repeat_that_would_now_decide_otherwise_is_answered_with_the_events_of_the_first_time() {
    AtomicInteger times = new AtomicInteger();
    for (int i = 0; i < 4; i++) {
      Executed<String, Event> result =
          decisions
              .execute(
                  holder("1a"),
                  _ -> {
                    List<Event> events = new ArrayList<>();
                    for (int e = times.incrementAndGet() % 3; e >= 0; e--) {
                      events.add(new Reserved("1" + e, "number " + times));
                    }
                    return Decision.of(events);
                  },
                  withId("r1"))
              .orElseThrow();

      assertThat(result.repeated()).isEqualTo(i > 0);
      assertThat(result.events())
          .containsExactly(new Reserved("11", "number 1"), new Reserved("10", "number 1"));
      assertThat(result.position()).isEqualTo(2);
    }
    assertThat(log()).hasSize(2);
  }

  @Test
  void a_decision_that_is_sent_many_times_at_once_takes_effect_once() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Executed<String, Event>>> running = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        running.add(
            threads.submit(() -> reserve("1a", "ada", withId("r1").retries(1_000)).orElseThrow()));
      }
      List<Executed<String, Event>> results = new ArrayList<>();
      for (Future<Executed<String, Event>> future : running) {
        results.add(future.get(60, TimeUnit.SECONDS));
      }
      assertThat(results).filteredOn(result -> !result.repeated()).hasSize(1);
      assertThat(results).allSatisfy(result -> assertThat(result.state()).isEqualTo("ada"));
    }
    assertThat(log()).hasSize(1);
  }

  // ---- models

  @Test
  void each_part_of_a_model_takes_only_the_events_of_its_own_query() {
    reserve("1a", "ada", CommandOptions.none()).orElseThrow();
    reserve("1b", "bob", CommandOptions.none()).orElseThrow();
    store.append("other-1", ExpectedVersion.any(), NewEvent.builder("X").tag("place:1a").build());
    DecisionModel<Integer> allReserved =
        DecisionModel.of(TYPES, 0).on(Reserved.class, (count, _) -> count + 1).build();

    String state =
        decisions
            .load(
                holder("1a")
                    .and(holder("1b"), (a, b) -> a + "," + b)
                    .and(allReserved.map(count -> count * 10), (so, count) -> so + "," + count))
            .state();

    assertThat(state).isEqualTo("ada,bob,20");
  }

  @Test
  void a_model_asks_for_the_types_that_it_takes_under_old_names_too() {
    EventTypes<Event> types =
        JsonEvents.builder(Event.class)
            .upcast(Upcaster.rename("SeatTaken", "Reserved"))
            .tags(Event.class, event -> List.of("place:" + event.place()))
            .build();
    DecisionModel<String> holder =
        DecisionModel.of(types, "nobody")
            .tagged("place:1a")
            .inCategories("place")
            .on(Reserved.class, (_, event) -> event.by())
            .build();
    store.append(
        "place-1a",
        ExpectedVersion.any(),
        NewEvent.builder("SeatTaken")
            .json("{\"place\":\"1a\",\"by\":\"eve\"}")
            .tag("place:1a")
            .build());

    assertThat(holder.query().items())
        .singleElement()
        .satisfies(
            item -> {
              assertThat(item.types()).containsExactly("Reserved", "SeatTaken");
              assertThat(item.tags()).containsExactly("place:1a");
              assertThat(item.categories()).containsExactly("place");
            });
    assertThat(Decisions.of(store, types, _ -> "x").load(holder).state()).isEqualTo("eve");
  }

  @Test
  void a_model_of_the_newest_event_says_the_same_alone_and_with_others() {
    DecisionModel<Integer> newest =
        DecisionModel.of(TYPES, 0).on(Reserved.class, (count, _) -> count + 1).newestOnly().build();
    for (int i = 0; i < 3; i++) {
      reserve("1" + i, "ada", CommandOptions.none()).orElseThrow();
    }

    assertThat(decisions.load(newest).state()).isEqualTo(1);
    assertThat(decisions.load(newest.and(holder("12"), (n, holder) -> n + holder)).state())
        .isEqualTo("1ada");
  }

  @Test
  void the_newest_event_is_the_newest_that_upcasters_leave() {
    EventTypes<Event> dropping =
        JsonEvents.builder(Event.class)
            .schemaVersion(Reserved.class, 2)
            .upcast(
                JsonEvents.split(
                    "Reserved",
                    1,
                    List.of("Reserved"),
                    old ->
                        old.get("by").asString().equals("nobody")
                            ? List.of()
                            : List.of(new JsonEvents.Part("Reserved", 2, old))))
            .build();
    DecisionModel<String> newest =
        DecisionModel.of(dropping, "")
            .on(Reserved.class, (_, event) -> event.by())
            .newestOnly()
            .build();
    store.append("place-1", ExpectedVersion.any(), reserved("ada"), reserved("nobody"));

    assertThat(decisions.load(newest).state()).isEqualTo("ada");
    assertThat(decisions.load(newest.map(by -> by + "!")).state()).isEqualTo("ada!");
    assertThat(newest.fold(log())).isEqualTo("ada");
  }

  private static NewEvent reserved(String by) {
    return NewEvent.json("Reserved", "{\"place\":\"1\",\"by\":\"" + by + "\"}");
  }

  @Test
  void a_model_may_be_of_any_query() {
    reserve("1a", "ada", CommandOptions.none()).orElseThrow();
    reserve("2a", "bob", CommandOptions.none()).orElseThrow();

    DecisionModel<String> model =
        DecisionModel.of(
            TYPES,
            Query.streamPrefixes("place-2"),
            "",
            (all, event) -> all + event.stream() + "@" + event.position());

    assertThat(decisions.load(model).state()).isEqualTo("place-2a@2");
    assertThat(model.fold(log())).isEqualTo("place-2a@2");
  }

  @Test
  void the_async_twin_gives_the_same_result_and_the_same_failures() {
    assertThat(
            decisions
                .executeAsync(holder("1a"), h -> reserve(h, "1a", "ada"), CommandOptions.none())
                .join()
                .state())
        .isEqualTo("ada");
    assertThatThrownBy(
            () ->
                decisions
                    .executeAsync(
                        holder("1a"),
                        _ -> {
                          throw new UnsupportedOperationException("a bug");
                        },
                        CommandOptions.none())
                    .join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(UnsupportedOperationException.class);
  }
}
