package io.varve.client.eventsourcing.orders;

import io.varve.client.eventsourcing.EventType;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.json.JsonEvents;
import java.math.BigDecimal;

/** What happens to an order. */
public sealed interface OrderEvent {

  record OrderDrafted(String customer) implements OrderEvent {}

  record ItemAdded(String sku, int quantity, BigDecimal unitPrice) implements OrderEvent {}

  record ItemRemoved(String sku) implements OrderEvent {}

  /** Schema version 2 added the customer's e-mail address. */
  @EventType(schemaVersion = 2)
  record OrderPlaced(BigDecimal total, String address, String email) implements OrderEvent {}

  record OrderConfirmed() implements OrderEvent {}

  record OrderPaid(BigDecimal amount, String method) implements OrderEvent {}

  record OrderShipped(String tracking, String carrier) implements OrderEvent {}

  record OrderDelivered() implements OrderEvent {}

  record OrderCancelled(String reason, String by) implements OrderEvent {}

  /** What stands for the address that the first schema did not ask for. */
  String NO_EMAIL = "unknown@example.org";

  /** How orders are written. */
  EventTypes<OrderEvent> TYPES =
      JsonEvents.builder(OrderEvent.class)
          .upcast(JsonEvents.upcast("OrderPlaced", 1, 2, order -> order.put("email", NO_EMAIL)))
          .build();
}
