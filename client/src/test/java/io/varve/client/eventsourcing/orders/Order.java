package io.varve.client.eventsourcing.orders;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * An order as its decider needs it.
 *
 * @param items by their SKU
 */
public record Order(Status status, String customer, Map<String, Item> items) {

  /** Where an order stands. */
  public enum Status {
    NONE,
    DRAFT,
    PLACED,
    CONFIRMED,
    PAID,
    SHIPPED,
    DELIVERED,
    CANCELLED
  }

  /** One line of an order. */
  public record Item(int quantity, BigDecimal unitPrice) {}

  static final Order NONE = new Order(Status.NONE, "", Map.of());

  public Order {
    items = Map.copyOf(items);
  }

  BigDecimal total() {
    return items.values().stream()
        .map(item -> item.unitPrice().multiply(BigDecimal.valueOf(item.quantity())))
        .reduce(new BigDecimal("0.00"), BigDecimal::add);
  }

  Order now(Status status) {
    return new Order(status, customer, items);
  }

  Order with(String sku, Item item) {
    Map<String, Item> more = new TreeMap<>(items);
    more.put(sku, item);
    return new Order(status, customer, more);
  }

  Order without(String sku) {
    Map<String, Item> fewer = new TreeMap<>(items);
    fewer.remove(sku);
    return new Order(status, customer, fewer);
  }
}
