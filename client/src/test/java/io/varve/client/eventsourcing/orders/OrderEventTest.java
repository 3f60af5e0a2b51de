package io.varve.client.eventsourcing.orders;

import io.varve.client.eventsourcing.orders.OrderEvent.ItemAdded;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemRemoved;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderCancelled;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderConfirmed;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDelivered;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDrafted;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPaid;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPlaced;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderShipped;
import io.varve.client.testkit.EventTypesFixture;
import java.math.BigDecimal;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OrderEventTest {

  private static final BigDecimal PRICE = new BigDecimal("4.50");

  private final EventTypesFixture<OrderEvent> fixture = EventTypesFixture.of(OrderEvent.TYPES);

  @Test
  void events_are_written_as_they_always_were() {
    fixture
        .samples(
            new OrderDrafted("ada"),
            new ItemAdded("tea", 2, PRICE),
            new ItemRemoved("tea"),
            new OrderPlaced(PRICE, "1 Harbour Street", "ada@example.org"),
            new OrderConfirmed(),
            new OrderPaid(PRICE, "card"),
            new OrderShipped("T-1", "Pigeon Post"),
            new OrderDelivered(),
            new OrderCancelled("changed her mind", "ada"))
        .matchGoldenFile(Path.of("src/test/resources/order-events.golden"));
  }

  @Test
  void an_order_placed_under_the_first_schema_has_no_email() {
    fixture
        .stored("OrderPlaced", 1, "{\"total\":4.50,\"address\":\"1 Harbour Street\"}")
        .isReadAs(new OrderPlaced(PRICE, "1 Harbour Street", OrderEvent.NO_EMAIL));
  }
}
