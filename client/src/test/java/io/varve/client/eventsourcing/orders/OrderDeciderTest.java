package io.varve.client.eventsourcing.orders;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.orders.Order.Status;
import io.varve.client.eventsourcing.orders.OrderCommand.AddItem;
import io.varve.client.eventsourcing.orders.OrderCommand.Cancel;
import io.varve.client.eventsourcing.orders.OrderCommand.Confirm;
import io.varve.client.eventsourcing.orders.OrderCommand.Deliver;
import io.varve.client.eventsourcing.orders.OrderCommand.Draft;
import io.varve.client.eventsourcing.orders.OrderCommand.Pay;
import io.varve.client.eventsourcing.orders.OrderCommand.Place;
import io.varve.client.eventsourcing.orders.OrderCommand.RemoveItem;
import io.varve.client.eventsourcing.orders.OrderCommand.Ship;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemAdded;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemRemoved;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderCancelled;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderConfirmed;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDelivered;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDrafted;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPaid;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPlaced;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderShipped;
import io.varve.client.testkit.AggregateFixture;
import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OrderDeciderTest {

  private static final BigDecimal PRICE = new BigDecimal("4.50");
  private static final BigDecimal TOTAL = new BigDecimal("9.00");
  private static final String ADDRESS = "1 Harbour Street";
  private static final String EMAIL = "ada@example.org";

  private static final OrderEvent DRAFTED = new OrderDrafted("ada");
  private static final OrderEvent TEA = new ItemAdded("tea", 2, PRICE);

  /** How an order comes to a status. */
  private static List<OrderEvent> history(Status status) {
    return switch (status) {
      case NONE -> List.of();
      case DRAFT -> until(2);
      case PLACED -> until(3);
      case CONFIRMED -> until(4);
      case PAID -> until(5);
      case SHIPPED -> until(6);
      case DELIVERED -> until(7);
      case CANCELLED -> List.of(DRAFTED, TEA, new OrderCancelled("too late", "ada"));
    };
  }

  private static List<OrderEvent> until(int events) {
    return List.of(
            DRAFTED,
            TEA,
            new OrderPlaced(TOTAL, ADDRESS, EMAIL),
            new OrderConfirmed(),
            new OrderPaid(TOTAL, "card"),
            new OrderShipped("T-1", "Pigeon Post"),
            new OrderDelivered())
        .subList(0, events);
  }

  /** Where a command is legal. */
  private static Set<Status> legal(OrderCommand command) {
    return switch (command) {
      case Draft _ -> Set.of(Status.NONE);
      case AddItem _, RemoveItem _, Place _ -> Set.of(Status.DRAFT);
      case Confirm _ -> Set.of(Status.PLACED);
      case Pay _ -> Set.of(Status.CONFIRMED);
      case Ship _ -> Set.of(Status.PAID);
      case Deliver _ -> Set.of(Status.SHIPPED);
      case Cancel _ ->
          Set.of(Status.DRAFT, Status.PLACED, Status.CONFIRMED, Status.PAID, Status.CANCELLED);
    };
  }

  static Stream<Arguments> every_command_in_every_status() {
    return Stream.of(
            new Draft("ada"),
            new AddItem("cup", 1, PRICE),
            new RemoveItem("tea"),
            new Place(ADDRESS, EMAIL),
            new Confirm(),
            new Pay(TOTAL, "card"),
            new Ship("T-1", "Pigeon Post"),
            new Deliver(),
            new Cancel("no", "ada"))
        .flatMap(
            command -> Stream.of(Status.values()).map(status -> Arguments.of(command, status)));
  }

  private final AggregateFixture<OrderCommand, Order, OrderEvent> order =
      AggregateFixture.of(AggregateType.of("order", OrderEvent.TYPES, new OrderDecider()));

  private AggregateFixture<OrderCommand, Order, OrderEvent> given(Status status) {
    return order.given(history(status));
  }

  @ParameterizedTest
  @MethodSource("every_command_in_every_status")
  void a_command_holds_where_it_is_legal_and_is_refused_everywhere_else(
      OrderCommand command, Status status) {
    OrderDecider decider = new OrderDecider();
    Order state = decider.initial();
    for (OrderEvent event : history(status)) {
      state = decider.evolve(state, event);
    }

    boolean refused = decider.decide(command, state) instanceof Decision.Refused<OrderEvent>;

    assertThat(state.status()).isEqualTo(status);
    assertThat(refused).isEqualTo(!legal(command).contains(status));
  }

  @Test
  void an_item_is_in_an_order_once() {
    given(Status.DRAFT).when(new AddItem("tea", 1, PRICE)).thenRefused("DUPLICATE_ITEM");
  }

  @Test
  void an_item_that_was_removed_may_come_back() {
    order
        .given(DRAFTED, TEA, new ItemRemoved("tea"))
        .when(new AddItem("tea", 1, PRICE))
        .then(new ItemAdded("tea", 1, PRICE));
  }

  @Test
  void an_item_that_is_not_there_cannot_be_removed() {
    given(Status.DRAFT).when(new RemoveItem("cup")).thenRefused("NO_SUCH_ITEM");
  }

  @Test
  void an_item_needs_a_quantity_and_a_price() {
    given(Status.DRAFT).when(new AddItem("cup", 0, PRICE)).thenRefused("BAD_ITEM");
    given(Status.DRAFT).when(new AddItem("cup", 1, PRICE.negate())).thenRefused("BAD_ITEM");
  }

  @Test
  void an_order_is_placed_with_its_total_and_its_address() {
    given(Status.DRAFT)
        .when(new Place(ADDRESS, EMAIL))
        .then(new OrderPlaced(TOTAL, ADDRESS, EMAIL))
        .andState(state -> state.status() == Status.PLACED);
  }

  @Test
  void an_empty_order_and_one_without_an_address_are_not_placed() {
    order.given(DRAFTED).when(new Place(ADDRESS, EMAIL)).thenRefused("EMPTY");
    given(Status.DRAFT).when(new Place(" ", EMAIL)).thenRefused("NO_ADDRESS");
  }

  @Test
  void an_order_is_paid_in_full() {
    given(Status.CONFIRMED).when(new Pay(PRICE, "card")).thenRefused("WRONG_AMOUNT");
    given(Status.CONFIRMED).when(new Pay(TOTAL, "card")).then(new OrderPaid(TOTAL, "card"));
  }

  @Test
  void an_order_is_shipped_with_a_tracking_number_and_a_carrier() {
    given(Status.PAID).when(new Ship("", "Pigeon Post")).thenRefused("NO_TRACKING");
    given(Status.PAID).when(new Ship("T-1", " ")).thenRefused("NO_TRACKING");
  }

  @Test
  void a_cancellation_says_why_and_by_whom_and_happens_once() {
    given(Status.PAID)
        .when(new Cancel("out of stock", "shop"))
        .then(new OrderCancelled("out of stock", "shop"));
    given(Status.CANCELLED).when(new Cancel("again", "shop")).thenNothing();
    given(Status.SHIPPED).when(new Cancel("no", "ada")).thenRefused("TOO_LATE");
  }
}
