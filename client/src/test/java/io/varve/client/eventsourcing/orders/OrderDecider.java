package io.varve.client.eventsourcing.orders;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
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
import java.math.BigDecimal;
import java.util.List;

/**
 * The rules of an order: drafted, filled, placed, confirmed, paid, shipped, delivered; cancelled
 * until it is shipped.
 */
public final class OrderDecider implements Decider<OrderCommand, Order, OrderEvent> {

  @Override
  public Order initial() {
    return Order.NONE;
  }

  @Override
  public Decision<OrderEvent> decide(OrderCommand command, Order order) {
    return switch (command) {
      case Draft(var customer) when order.status() == Status.NONE ->
          Decision.of(new OrderDrafted(customer));
      case Draft _ -> Decision.refused("EXISTS", "there is such an order already");
      case OrderCommand _ when order.status() == Status.NONE ->
          Decision.refused("NO_SUCH_ORDER", "draft it first");
      case AddItem add -> in(Status.DRAFT, order, add, () -> added(add, order));
      case RemoveItem(var sku) -> in(Status.DRAFT, order, command, () -> removed(sku, order));
      case Place place -> in(Status.DRAFT, order, place, () -> placed(place, order));
      case Confirm confirm ->
          in(Status.PLACED, order, confirm, () -> Decision.of(new OrderConfirmed()));
      case Pay pay -> in(Status.CONFIRMED, order, pay, () -> paid(pay, order));
      case Ship(var tracking, var carrier) ->
          in(
              Status.PAID,
              order,
              command,
              () ->
                  tracking.isBlank() || carrier.isBlank()
                      ? Decision.refused("NO_TRACKING", "name the carrier and its tracking number")
                      : Decision.of(new OrderShipped(tracking, carrier)));
      case Deliver deliver ->
          in(Status.SHIPPED, order, deliver, () -> Decision.of(new OrderDelivered()));
      case Cancel(var reason, var by) -> cancelled(reason, by, order);
    };
  }

  private interface Rule {
    Decision<OrderEvent> decide();
  }

  private static Decision<OrderEvent> in(
      Status needed, Order order, OrderCommand command, Rule rule) {
    return order.status() == needed
        ? rule.decide()
        : Decision.refused(
            "WRONG_STATUS",
            command.getClass().getSimpleName()
                + " needs an order that is "
                + needed
                + ", and it is "
                + order.status());
  }

  private static Decision<OrderEvent> added(AddItem add, Order order) {
    if (order.items().containsKey(add.sku())) {
      return Decision.refused("DUPLICATE_ITEM", add.sku() + " is in the order already");
    }
    if (add.quantity() < 1 || add.unitPrice().signum() < 0) {
      return Decision.refused("BAD_ITEM", "a quantity from 1 and a price from 0 are needed");
    }
    return Decision.of(new ItemAdded(add.sku(), add.quantity(), add.unitPrice()));
  }

  private static Decision<OrderEvent> removed(String sku, Order order) {
    return order.items().containsKey(sku)
        ? Decision.of(new ItemRemoved(sku))
        : Decision.refused("NO_SUCH_ITEM", sku + " is not in the order");
  }

  private static Decision<OrderEvent> placed(Place place, Order order) {
    if (order.items().isEmpty()) {
      return Decision.refused("EMPTY", "an order needs an item");
    }
    if (place.address().isBlank()) {
      return Decision.refused("NO_ADDRESS", "an order needs an address");
    }
    return Decision.of(new OrderPlaced(order.total(), place.address(), place.email()));
  }

  private static Decision<OrderEvent> paid(Pay pay, Order order) {
    BigDecimal total = order.total();
    return pay.amount().compareTo(total) == 0
        ? Decision.of(new OrderPaid(pay.amount(), pay.method()))
        : Decision.refused("WRONG_AMOUNT", "the order comes to " + total);
  }

  private static final List<Status> CANCELLABLE =
      List.of(Status.DRAFT, Status.PLACED, Status.CONFIRMED, Status.PAID);

  private static Decision<OrderEvent> cancelled(String reason, String by, Order order) {
    if (order.status() == Status.CANCELLED) {
      return Decision.nothing();
    }
    return CANCELLABLE.contains(order.status())
        ? Decision.of(new OrderCancelled(reason, by))
        : Decision.refused("TOO_LATE", "the order is " + order.status());
  }

  @Override
  public Order evolve(Order order, OrderEvent event) {
    return switch (event) {
      case OrderDrafted(var customer) -> new Order(Status.DRAFT, customer, order.items());
      case ItemAdded(var sku, var quantity, var price) ->
          order.with(sku, new Order.Item(quantity, price));
      case ItemRemoved(var sku) -> order.without(sku);
      case OrderPlaced _ -> order.now(Status.PLACED);
      case OrderConfirmed _ -> order.now(Status.CONFIRMED);
      case OrderPaid _ -> order.now(Status.PAID);
      case OrderShipped _ -> order.now(Status.SHIPPED);
      case OrderDelivered _ -> order.now(Status.DELIVERED);
      case OrderCancelled _ -> order.now(Status.CANCELLED);
    };
  }
}
