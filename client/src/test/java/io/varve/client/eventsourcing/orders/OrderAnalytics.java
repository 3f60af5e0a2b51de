package io.varve.client.eventsourcing.orders;

import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemAdded;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderConfirmed;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPaid;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPlaced;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Figures over a range of time, read from the log by event type: no read model is needed for a
 * question that is asked once.
 *
 * @param orders placed
 * @param confirmed of all orders
 * @param revenue paid
 * @param popular SKUs by how many pieces were put into orders, the most first
 * @param placedByDay in UTC
 */
record OrderAnalytics(
    int orders,
    int confirmed,
    BigDecimal revenue,
    List<String> popular,
    SortedMap<LocalDate, Integer> placedByDay) {

  static OrderAnalytics between(EventStore store, Instant from, Instant to) {
    var types = new TreeSet<String>();
    for (Class<?> type :
        List.of(OrderPlaced.class, OrderConfirmed.class, OrderPaid.class, ItemAdded.class)) {
      types.addAll(OrderEvent.TYPES.storedNames(type));
    }
    Query query = Query.of(QueryItem.categories("order").withTypes(types.toArray(String[]::new)));
    int orders = 0;
    int confirmed = 0;
    BigDecimal revenue = new BigDecimal("0.00");
    Map<String, Integer> pieces = new TreeMap<>();
    SortedMap<LocalDate, Integer> byDay = new TreeMap<>();
    try (EventReader events = store.readLog(ReadLog.all().query(query).fromTime(from).toTime(to))) {
      for (RecordedEvent recorded : events) {
        for (TypedEvent<OrderEvent> event : OrderEvent.TYPES.decode(recorded)) {
          switch (event.event()) {
            case OrderPlaced _ -> {
              orders++;
              byDay.merge(LocalDate.ofInstant(event.recordedAt(), ZoneOffset.UTC), 1, Integer::sum);
            }
            case OrderConfirmed _ -> confirmed++;
            case OrderPaid paid -> revenue = revenue.add(paid.amount());
            case ItemAdded item -> pieces.merge(item.sku(), item.quantity(), Integer::sum);
            default -> throw new AssertionError("not asked for: " + event);
          }
        }
      }
    }
    List<String> popular =
        pieces.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
            .map(Map.Entry::getKey)
            .toList();
    return new OrderAnalytics(orders, confirmed, revenue, popular, byDay);
  }

  /** Confirmed of placed, in percent; 0 if there is none. */
  BigDecimal confirmationRate() {
    return orders == 0
        ? BigDecimal.ZERO
        : BigDecimal.valueOf(confirmed * 100L)
            .divide(BigDecimal.valueOf(orders), 1, RoundingMode.HALF_UP);
  }

  /** Revenue for each order placed; 0 if there is none. */
  BigDecimal average() {
    return orders == 0
        ? BigDecimal.ZERO
        : revenue.divide(BigDecimal.valueOf(orders), 2, RoundingMode.HALF_UP);
  }
}
