package io.varve.client.eventsourcing.orders;

import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemAdded;
import io.varve.client.eventsourcing.orders.OrderEvent.ItemRemoved;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderCancelled;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderConfirmed;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDelivered;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderDrafted;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPaid;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderPlaced;
import io.varve.client.eventsourcing.orders.OrderEvent.OrderShipped;
import io.varve.client.eventsourcing.projection.Projection;
import io.varve.client.eventsourcing.projection.sql.SqlProjection;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The read model of orders: a row each, and how long the customer had to wait. */
final class OrderSummaries {

  /** The projection's name. */
  static final String NAME = "orders";

  /**
   * One order.
   *
   * @param total what it was placed for; null: it is a draft
   * @param untilConfirmed from placing to confirmation; null: not confirmed
   * @param untilPaid from confirmation to payment; null: not paid
   */
  record Summary(
      String order,
      String customer,
      String status,
      int items,
      @Nullable BigDecimal total,
      @Nullable Duration untilConfirmed,
      @Nullable Duration untilPaid) {}

  static final Projection<Connection> PROJECTION =
      SqlProjection.named(NAME, OrderEvent.TYPES)
          .tables(
              """
              CREATE TABLE orders (
                id VARCHAR(100) PRIMARY KEY, customer VARCHAR(100) NOT NULL,
                status VARCHAR(20) NOT NULL, items INT NOT NULL, total DECIMAL(12, 2),
                placed_at TIMESTAMP WITH TIME ZONE, confirmed_at TIMESTAMP WITH TIME ZONE,
                paid_at TIMESTAMP WITH TIME ZONE)\
              """,
              "CREATE INDEX orders_by_customer ON orders (customer)")
          .on(
              OrderDrafted.class,
              (sql, event) ->
                  update(
                      sql,
                      "INSERT INTO orders (id, customer, status, items) VALUES (?, ?, 'draft', 0)",
                      event.stream(),
                      event.event().customer()))
          .on(
              ItemAdded.class,
              (sql, event) ->
                  update(sql, "UPDATE orders SET items = items + 1 WHERE id = ?", event.stream()))
          .on(
              ItemRemoved.class,
              (sql, event) ->
                  update(sql, "UPDATE orders SET items = items - 1 WHERE id = ?", event.stream()))
          .on(
              OrderPlaced.class,
              (sql, event) ->
                  update(
                      sql,
                      "UPDATE orders SET status = 'placed', total = ?, placed_at = ? WHERE id = ?",
                      event.event().total(),
                      at(event),
                      event.stream()))
          .on(
              OrderConfirmed.class,
              (sql, event) ->
                  update(
                      sql,
                      "UPDATE orders SET status = 'confirmed', confirmed_at = ? WHERE id = ?",
                      at(event),
                      event.stream()))
          .on(
              OrderPaid.class,
              (sql, event) ->
                  update(
                      sql,
                      "UPDATE orders SET status = 'paid', paid_at = ? WHERE id = ?",
                      at(event),
                      event.stream()))
          .on(OrderShipped.class, (sql, event) -> status(sql, "shipped", event))
          .on(OrderDelivered.class, (sql, event) -> status(sql, "delivered", event))
          .on(OrderCancelled.class, (sql, event) -> status(sql, "cancelled", event))
          .build();

  private OrderSummaries() {}

  private static void status(Connection sql, String status, TypedEvent<?> event)
      throws SQLException {
    update(sql, "UPDATE orders SET status = ? WHERE id = ?", status, event.stream());
  }

  /** Databases keep microseconds, and round what is finer up or down as they like. */
  private static OffsetDateTime at(TypedEvent<?> event) {
    return event.recordedAt().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
  }

  private static void update(Connection sql, String statement, Object... parameters)
      throws SQLException {
    try (PreparedStatement prepared = sql.prepareStatement(statement)) {
      for (int i = 0; i < parameters.length; i++) {
        prepared.setObject(i + 1, parameters[i]);
      }
      if (prepared.executeUpdate() != 1) {
        throw new IllegalStateException("no order " + parameters[parameters.length - 1]);
      }
    }
  }

  /** The orders of a customer, by their ids. */
  static List<Summary> of(SqlReadModel readModel, String customer) throws Exception {
    return readModel.read(
        NAME,
        sql -> {
          try (PreparedStatement query =
              sql.prepareStatement("SELECT * FROM orders WHERE customer = ? ORDER BY id")) {
            query.setString(1, customer);
            List<Summary> summaries = new ArrayList<>();
            ResultSet rows = query.executeQuery();
            while (rows.next()) {
              @Nullable Instant confirmed = time(rows, "confirmed_at");
              summaries.add(
                  new Summary(
                      rows.getString("id"),
                      rows.getString("customer"),
                      rows.getString("status"),
                      rows.getInt("items"),
                      rows.getBigDecimal("total"),
                      between(time(rows, "placed_at"), confirmed),
                      between(confirmed, time(rows, "paid_at"))));
            }
            return summaries;
          }
        });
  }

  private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  private static @Nullable Duration between(@Nullable Instant from, @Nullable Instant to) {
    return from == null || to == null ? null : Duration.between(from, to);
  }
}
