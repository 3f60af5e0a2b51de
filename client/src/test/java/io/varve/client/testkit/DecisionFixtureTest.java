package io.varve.client.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.decision.DecisionModel;
import io.varve.client.eventsourcing.json.JsonEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Decisions over models are tested as a store would have them. */
class DecisionFixtureTest {

  sealed interface Event {}

  record Offered(String item, int price) implements Event {}

  record Sold(String item) implements Event {}

  private static final EventTypes<Event> TYPES =
      JsonEvents.builder(Event.class)
          .tags(Offered.class, event -> List.of("item:" + event.item()))
          .tags(Sold.class, event -> List.of("item:" + event.item()))
          .build();

  /** Forgets to tag what is sold. */
  private static final EventTypes<Event> UNTAGGED =
      JsonEvents.builder(Event.class)
          .tags(Offered.class, event -> List.of("item:" + event.item()))
          .build();

  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private static final DecisionFixture<Event> SHOP =
      DecisionFixture.of(TYPES, event -> "shop-" + event.getClass().getSimpleName())
          .at(NOON)
          .given(new Offered("hat", 10), new Offered("coat", 50));

  private static DecisionModel<Boolean> isForSale(EventTypes<Event> types, String item) {
    return DecisionModel.of(types, false)
        .tagged("item:" + item)
        .on(Offered.class, (_, _) -> true)
        .on(Sold.class, (_, _) -> false)
        .build();
  }

  private static Decision<Event> sell(boolean forSale, String item) {
    return forSale ? Decision.of(new Sold(item)) : Decision.refused("GONE", "it is gone");
  }

  @Test
  void a_model_takes_what_its_query_is_about_and_nothing_else() {
    SHOP.when(isForSale(TYPES, "hat"), is -> sell(is, "hat")).then(new Sold("hat")).andState(false);
    SHOP.given(new Sold("coat"))
        .when(isForSale(TYPES, "hat"), is -> sell(is, "hat"))
        .then(new Sold("hat"));
    SHOP.given(new Sold("hat"))
        .when(isForSale(TYPES, "hat"), is -> sell(is, "hat"))
        .thenRefused("GONE")
        .andState(false);
    SHOP.when(isForSale(TYPES, "shoe"), _ -> Decision.nothing()).thenNothing().andState(false);
  }

  @Test
  void a_tag_that_is_forgotten_shows() {
    assertThatThrownBy(
            () ->
                DecisionFixture.of(UNTAGGED)
                    .given(new Offered("hat", 10), new Sold("hat"))
                    .when(isForSale(UNTAGGED, "hat"), is -> sell(is, "hat"))
                    .thenRefused("GONE"))
        .isInstanceOf(AssertionError.class)
        .hasMessage(
            """
            expected a refusal, but it was accepted
            expected:
              GONE
            actual:
              Sold[item=hat]
            """);
  }

  @Test
  void events_have_their_times_and_streams() {
    DecisionModel<Duration> age =
        DecisionModel.of(TYPES, Duration.ZERO)
            .inCategories("shop")
            .onRecorded(
                Offered.class,
                (_, event) ->
                    Duration.between(
                        Objects.requireNonNull(event.recorded().occurredAt()),
                        NOON.plusSeconds(60)))
            .build();

    SHOP.when(age, _ -> Decision.nothing()).andState(Duration.ofSeconds(60));
    SHOP.at(NOON.plusSeconds(20))
        .given(new Offered("shoe", 5))
        .when(age, _ -> Decision.nothing())
        .andState(Duration.ofSeconds(40));
  }
}
