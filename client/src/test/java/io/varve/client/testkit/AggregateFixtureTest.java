package io.varve.client.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.aggregate.AggregateRoot;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.json.JsonEvents;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Each kind of mismatch fails, and says what it is about. */
class AggregateFixtureTest {

  sealed interface Event {}

  record Filled(int litres) implements Event {}

  /** Loses what it holds when it is written. */
  record Labelled(@JsonIgnore String label) implements Event {}

  sealed interface Command {}

  record Fill(int litres) implements Command {}

  record Label(String text) implements Command {}

  /** A tank of 10 litres; a negative filling leaks two times as much. */
  enum Tank implements Decider<Command, Integer, Event> {
    INSTANCE;

    @Override
    public Integer initial() {
      return 0;
    }

    @Override
    public Decision<Event> decide(Command command, Integer litres) {
      return switch (command) {
        case Fill(int more) when litres + more > 10 ->
            Decision.refused("FULL", "there is room for " + (10 - litres));
        case Fill(int more) when more == 0 -> Decision.nothing();
        case Fill(int more) -> Decision.of(new Filled(more));
        case Label(String text) -> Decision.of(new Labelled(text));
      };
    }

    @Override
    public Integer evolve(Integer litres, Event event) {
      return event instanceof Filled(int more) ? litres + more : litres;
    }
  }

  /** The same as an object. */
  static final class TankRoot extends AggregateRoot<Event> {
    private int litres;

    void fill(int more) {
      if (litres + more > 10) {
        raise(new Filled(10 - litres));
        throw refuse("FULL", "there is no room");
      }
      raise(new Filled(more));
    }

    @Override
    protected void on(Event event) {
      litres = Tank.INSTANCE.evolve(litres, event);
    }
  }

  private static final AggregateType<Command, Integer, Event> TYPE =
      AggregateType.of("tank", JsonEvents.of(Event.class), Tank.INSTANCE);

  private static final AggregateFixture<Command, Integer, Event> TANK =
      AggregateFixture.of(TYPE).given(new Filled(4)).given(List.of(new Filled(3)));

  private static void assertFails(Runnable test, String... lines) {
    assertThatThrownBy(test::run)
        .isInstanceOf(AssertionError.class)
        .hasMessage(String.join("\n", lines) + "\n");
  }

  @Test
  void what_is_as_expected_passes() {
    TANK.when(new Fill(2)).then(new Filled(2)).andState(9).andState(litres -> litres == 9);
    TANK.when(new Fill(4))
        .thenRefused("FULL")
        .thenRefused("FULL", "there is room for 3")
        .andState(7);
    TANK.when(new Fill(0)).thenNothing().andState(7);
    AggregateFixture.of(TYPE).when(new Fill(10)).then(new Filled(10));
    assertThat(TANK.when(new Fill(1)).decision()).isEqualTo(Decision.of(new Filled(1)));
    assertThat(TANK.when(new Fill(1)).state()).isEqualTo(8);
  }

  @Test
  void other_events_fail_and_the_lines_that_differ_are_marked() {
    assertFails(
        () -> TANK.when(new Fill(2)).then(new Filled(2), new Filled(3)),
        "expected other events",
        "expected:",
        "  Filled[litres=2]",
        "! Filled[litres=3]",
        "actual:",
        "  Filled[litres=2]");
    assertFails(
        () -> TANK.when(new Fill(0)).then(new Filled(0)),
        "expected other events",
        "expected:",
        "! Filled[litres=0]",
        "actual:",
        "  (no event)");
  }

  @Test
  void a_refusal_where_events_were_expected_fails() {
    assertFails(
        () -> TANK.when(new Fill(9)).then(new Filled(9)),
        "expected events, but it was refused",
        "expected:",
        "  Filled[litres=9]",
        "refused:",
        "  FULL: there is room for 3");
  }

  @Test
  void events_where_nothing_or_a_refusal_was_expected_fail() {
    assertFails(
        () -> TANK.when(new Fill(1)).thenNothing(),
        "expected that nothing is left to do, but there are events",
        "actual:",
        "  Filled[litres=1]");
    assertFails(
        () -> TANK.when(new Fill(1)).thenRefused("FULL"),
        "expected a refusal, but it was accepted",
        "expected:",
        "  FULL",
        "actual:",
        "  Filled[litres=1]");
    assertFails(
        () -> TANK.when(new Fill(0)).thenRefused("FULL"),
        "expected a refusal, but it was accepted",
        "expected:",
        "  FULL",
        "actual:",
        "  (no event)");
  }

  @Test
  void a_refusal_where_nothing_or_another_one_was_expected_fails() {
    assertFails(
        () -> TANK.when(new Fill(9)).thenNothing(),
        "expected that nothing is left to do, but it was refused",
        "refused:",
        "  FULL: there is room for 3");
    assertFails(
        () -> TANK.when(new Fill(9)).thenRefused("EMPTY"),
        "expected another refusal",
        "expected:",
        "  EMPTY",
        "actual:",
        "  FULL: there is room for 3");
    assertFails(
        () -> TANK.when(new Fill(9)).thenRefused("FULL", "go away"),
        "expected another refusal",
        "expected:",
        "  FULL: go away",
        "actual:",
        "  FULL: there is room for 3");
  }

  @Test
  void another_state_fails() {
    assertFails(
        () -> TANK.when(new Fill(1)).andState(9),
        "expected another state",
        "expected:",
        "  9",
        "actual:",
        "  8");
    assertFails(
        () -> TANK.when(new Fill(1)).andState(litres -> litres > 8),
        "the state is not as expected",
        "actual:",
        "  8");
  }

  @Test
  void an_event_that_is_not_read_as_it_was_written_fails_given_or_decided() {
    String[] lines = {
      "an event is not read as it was written",
      "written:",
      "  Labelled[label=water]",
      "read:",
      "  Labelled[label=null]"
    };
    assertFails(() -> TANK.given(new Labelled("water")).when(new Fill(1)), lines);
    assertFails(() -> TANK.when(new Label("water")), lines);

    AggregateFixture.of(Tank.INSTANCE)
        .given(new Labelled("water"))
        .when(new Label("fire"))
        .then(new Labelled("fire"));
  }

  @Test
  void a_root_is_tested_alike_and_its_state_after_a_refusal_is_that_of_before() {
    AggregateFixture<Consumer<TankRoot>, TankRoot, Event> root =
        AggregateFixture.of(AggregateType.ofRoot("tank", JsonEvents.of(Event.class), TankRoot::new))
            .given(new Filled(4));

    root.when(tank -> tank.fill(3)).then(new Filled(3)).andState(tank -> tank.litres == 7);
    root.when(tank -> tank.fill(7)).thenRefused("FULL").andState(tank -> tank.litres == 4);
    root.when(_ -> {}).thenNothing();
  }
}
