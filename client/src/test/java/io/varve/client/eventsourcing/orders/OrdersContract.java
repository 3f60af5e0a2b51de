package io.varve.client.eventsourcing.orders;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.aggregate.SnapshotPolicy;
import io.varve.client.eventsourcing.aggregate.TimelineEntry;
import io.varve.client.eventsourcing.json.JsonEvents;
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
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.eventsourcing.projection.sql.SqlReadModel;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;

/**
 * Orders in a store. The ids are random, so that the tests may share one; where figures are asked
 * of the whole log they are asked between two moments that belong to the test.
 */
public abstract class OrdersContract {

  /** The store of the test at hand. */
  protected abstract EventStore store();

  private final String id = UUID.randomUUID().toString();

  private Repository<OrderCommand, Order, OrderEvent> orders() {
    return Repository.builder(
            store(),
            AggregateType.of("order", OrderEvent.TYPES, new OrderDecider())
                .snapshots(JsonEvents.codecs().of(Order.class), 1, SnapshotPolicy.every(4)))
        .snapshotExecutor(Runnable::run)
        .build();
  }

  private void execute(String order, OrderCommand... commands) {
    for (OrderCommand command : commands) {
      orders().execute(order, command).orElseThrow();
    }
  }

  private static AddItem item(String sku, int quantity, String price) {
    return new AddItem(sku, quantity, new BigDecimal(price));
  }

  private static Pay pay(String amount) {
    return new Pay(new BigDecimal(amount), "card");
  }

  private void deliver(String order) {
    execute(
        order,
        new Draft("ada"),
        item("tea", 2, "4.50"),
        item("cup", 1, "12.00"),
        item("spoon", 1, "3.00"),
        new RemoveItem("spoon"),
        new Place("1 Harbour Street", "ada@example.org"),
        new Confirm(),
        pay("21.00"),
        new Ship("T-1", "Pigeon Post"),
        new Deliver());
  }

  @Test
  void an_order_goes_from_draft_to_delivery() {
    deliver(id);

    Order order = orders().load(id).state();
    assertThat(order.status()).isEqualTo(Status.DELIVERED);
    assertThat(order.customer()).isEqualTo("ada");
    assertThat(order.items()).containsOnlyKeys("tea", "cup");
    assertThat(order.total()).isEqualByComparingTo("21.00");
    assertThat(orders().load(id).snapshotVersion()).isEqualTo(8);
  }

  @Test
  void a_refused_command_writes_nothing_and_says_why() {
    execute(id, new Draft("ada"), item("tea", 2, "4.50"));

    CommandResult<Order, OrderEvent> result = orders().execute(id, item("tea", 1, "4.50"));

    assertThat(result)
        .isInstanceOfSatisfying(
            CommandResult.Refused.class,
            refused -> assertThat(refused.refusal().code()).isEqualTo("DUPLICATE_ITEM"));
    assertThat(orders().load(id).version()).isEqualTo(2);
  }

  @Test
  void the_status_at_any_past_time_can_be_told() {
    deliver(id);
    List<TypedEvent<OrderEvent>> history;
    try (Stream<TypedEvent<OrderEvent>> events = orders().history(id)) {
      history = events.toList();
    }

    Order evolved = Order.NONE;
    for (int i = 0; i < history.size(); i++) {
      evolved = new OrderDecider().evolve(evolved, history.get(i).event());
      assertThat(orders().loadAt(id, i + 1L).state()).isEqualTo(evolved);
      Instant at = history.get(i).recordedAt();
      boolean lastOfItsMoment =
          i + 1 == history.size() || history.get(i + 1).recordedAt().isAfter(at);
      if (lastOfItsMoment) {
        assertThat(orders().loadAt(id, at).state()).isEqualTo(evolved);
      }
    }
    assertThat(orders().loadAt(id, history.getFirst().recordedAt().minusMillis(1)).exists())
        .isFalse();
  }

  @Test
  void the_timeline_says_what_happened_in_a_line_each() {
    execute(id, new Draft("ada"), new Cancel("changed her mind", "ada"));

    try (Stream<TimelineEntry> timeline = orders().timeline(id)) {
      assertThat(timeline.map(TimelineEntry::line))
          .containsExactly(
              "OrderDrafted[customer=ada]", "OrderCancelled[reason=changed her mind, by=ada]");
    }
  }

  @Test
  void an_order_that_was_placed_under_the_first_schema_goes_on() {
    execute(id, new Draft("ada"), item("tea", 2, "4.50"));
    store()
        .append(
            "order-" + id,
            ExpectedVersion.exactly(2),
            NewEvent.json("OrderPlaced", "{\"total\":9.00,\"address\":\"1 Harbour Street\"}"));

    execute(id, new Confirm(), pay("9.00"));

    assertThat(orders().load(id).state().status()).isEqualTo(Status.PAID);
    try (Stream<TypedEvent<OrderEvent>> events = orders().history(id)) {
      assertThat(events.map(TypedEvent::event))
          .contains(
              new OrderEvent.OrderPlaced(
                  new BigDecimal("9.00"), "1 Harbour Street", OrderEvent.NO_EMAIL));
    }
  }

  @Test
  void figures_over_a_range_of_time_are_read_from_the_log() {
    Instant from = lastRecordedAt().plusNanos(1);
    deliver(id + "-1");
    execute(
        id + "-2",
        new Draft("eve"),
        item("tea", 5, "4.50"),
        new Place("2 Harbour Street", "eve@example.org"));
    Instant to = lastRecordedAt();

    OrderAnalytics figures = OrderAnalytics.between(store(), from, to);

    assertThat(figures.orders()).isEqualTo(2);
    assertThat(figures.confirmed()).isEqualTo(1);
    assertThat(figures.confirmationRate()).isEqualByComparingTo("50.0");
    assertThat(figures.revenue()).isEqualByComparingTo("21.00");
    assertThat(figures.average()).isEqualByComparingTo("10.50");
    assertThat(figures.popular()).startsWith("tea");
    assertThat(figures.placedByDay().values().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(2);
    assertThat(figures.placedByDay().lastKey()).isEqualTo(LocalDate.ofInstant(to, ZoneOffset.UTC));
    assertThat(OrderAnalytics.between(store(), to.plusNanos(1), to.plusSeconds(1)).orders())
        .isZero();
  }

  @Test
  void the_summary_of_an_order_follows_it_and_tells_how_long_its_customer_waited()
      throws Exception {
    String customer = "customer-" + id;
    execute(
        id + "-1",
        new Draft(customer),
        item("tea", 2, "4.50"),
        item("cup", 1, "12.00"),
        item("spoon", 1, "3.00"),
        new RemoveItem("spoon"),
        new Place("1 Harbour Street", "ada@example.org"),
        new Confirm(),
        pay("21.00"));
    execute(id + "-2", new Draft(customer), new Cancel("changed her mind", "ada"));
    long position = orders().load(id + "-2").position();

    JdbcConnectionPool database =
        JdbcConnectionPool.create("jdbc:h2:mem:" + id + ";DB_CLOSE_DELAY=-1", "", "");
    SqlReadModel readModel = SqlReadModel.of(database);
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store()).add(OrderSummaries.PROJECTION, readModel).start()) {
      assertThat(runner.awaitPosition(position, Duration.ofSeconds(60))).isTrue();

      List<OrderSummaries.Summary> summaries = OrderSummaries.of(readModel, customer);
      assertThat(summaries).hasSize(2);
      OrderSummaries.Summary paid = summaries.getFirst();
      assertThat(paid.status()).isEqualTo("paid");
      assertThat(paid.items()).isEqualTo(2);
      assertThat(paid.total()).isEqualByComparingTo("21.00");
      assertThat(paid.untilConfirmed()).isEqualTo(between("OrderPlaced", "OrderConfirmed"));
      assertThat(paid.untilPaid()).isEqualTo(between("OrderConfirmed", "OrderPaid"));
      assertThat(summaries.getLast())
          .isEqualTo(
              new OrderSummaries.Summary(
                  "order-" + id + "-2", customer, "cancelled", 0, null, null, null));
    } finally {
      database.dispose();
    }
  }

  /** The time between two events of this test's first order, as the database keeps times. */
  private Duration between(String from, String to) {
    return Duration.between(recordedAt(from), recordedAt(to));
  }

  private Instant recordedAt(String type) {
    return store().readStream(ReadStream.of("order-" + id + "-1")).toList().stream()
        .filter(event -> event.type().equals(type))
        .findFirst()
        .orElseThrow()
        .recordedAt()
        .truncatedTo(ChronoUnit.MICROS);
  }

  /** Appends something of no order, and says when. */
  private Instant lastRecordedAt() {
    String stream = "moment-" + UUID.randomUUID();
    store().append(stream, ExpectedVersion.noStream(), NewEvent.json("MomentPassed", "{}"));
    return store().getEvent(stream, 1).orElseThrow().recordedAt();
  }
}
