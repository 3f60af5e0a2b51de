package io.varve.client.conformance;

import static io.varve.client.streams.AppendCondition.noMatch;
import static io.varve.client.streams.ExpectedVersion.any;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The worked examples of the Dynamic Consistency Boundary specification (<a
 * href="https://dcb.events/examples/">dcb.events/examples</a>), written against the client.
 *
 * <p>All decide in the same way: read the {@link Facts} that the decision needs, whichever streams
 * they are in; decide; write under the condition that no further such fact has come since. If one
 * has, decide again. There is no lock, and no stream or aggregate that everything must go through.
 */
abstract class WorkedExamplesConformance extends StoreTests {

  /**
   * What a decision is based on.
   *
   * @param query which events matter
   * @param events those that there are, oldest first
   * @param head everything that matters up to this position is known
   */
  private record Facts(Query query, List<RecordedEvent> events, long head) {

    boolean has(String type) {
      return events.stream().anyMatch(event -> event.type().equals(type));
    }

    boolean hasTagged(String... tags) {
      return events.stream().anyMatch(event -> event.tags().containsAll(List.of(tags)));
    }

    long count(String type, String tag) {
      return events.stream().filter(e -> e.type().equals(type) && e.tags().contains(tag)).count();
    }

    Optional<RecordedEvent> last(String... types) {
      return events.reversed().stream()
          .filter(event -> List.of(types).contains(event.type()))
          .findFirst();
    }
  }

  /** A rule says no. */
  private static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedException(String rule) {
      super(rule);
    }
  }

  /** Whoever is not first decides again, at most once for each of the others who was. */
  private static final int MOST_ATTEMPTS = 200;

  /** The time in the examples' world; an event says when it became true there. */
  private Instant now = Instant.parse("2026-03-01T12:00:00Z");

  private Facts facts(Query query) {
    try (EventReader reader = store.readLog(ReadLog.all().query(query))) {
      return new Facts(query, reader.toList(), reader.headPosition());
    }
  }

  /**
   * Decides on the facts about something, and writes the decision unless a new fact has come
   * meanwhile; then decides again.
   */
  private NewEvent decide(Query about, String stream, Function<Facts, NewEvent> decision) {
    for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      Facts facts = facts(about);
      NewEvent event = decision.apply(facts);
      try {
        store.transact(
            Transaction.builder()
                .append(stream, any(), event)
                .condition(noMatch(facts.query()).after(facts.head()))
                .build());
        return event;
      } catch (ConditionFailedException somebodyWasFaster) {
        assertThat(somebodyWasFaster.position()).isGreaterThan(facts.head());
      }
    }
    throw new AssertionError("somebody else was faster " + MOST_ATTEMPTS + " times");
  }

  private NewEvent fact(String type, String data, String... tags) {
    return NewEvent.builder(type).json(data).tags(List.of(tags)).occurredAt(now).build();
  }

  private static void refuse(boolean violated, String rule) {
    if (violated) {
      throw new RefusedException(rule);
    }
  }

  private static void assertRefused(String rule, Runnable command) {
    assertThatThrownBy(command::run).isInstanceOf(RefusedException.class).hasMessage(rule);
  }

  private void assertRecorded(String... types) {
    assertThat(types(read(ReadLog.all()))).containsExactly(types);
  }

  /** Whether the command is carried out. */
  private static boolean isDone(Runnable command) {
    try {
      command.run();
      return true;
    } catch (RefusedException rule) {
      return false;
    }
  }

  // ---- course subscriptions: rules about a course, a student, and both at once

  private void defineCourse(String course, int capacity) {
    decide(
        Query.tags("course:" + course),
        "course-" + course,
        facts -> {
          refuse(facts.has("CourseDefined"), "the course exists already");
          return fact("CourseDefined", "" + capacity, "course:" + course);
        });
  }

  private void changeCapacity(String course, int capacity) {
    decide(
        Query.of(QueryItem.types("CourseDefined", "CapacityChanged").withTags("course:" + course)),
        "course-" + course,
        facts -> {
          refuse(!facts.has("CourseDefined"), "there is no such course");
          refuse(capacity(facts) == capacity, "the course has that capacity already");
          return fact("CapacityChanged", "" + capacity, "course:" + course);
        });
  }

  private static int capacity(Facts facts) {
    return facts
        .last("CourseDefined", "CapacityChanged")
        .map(event -> Integer.parseInt(event.dataAsString()))
        .orElse(0);
  }

  private void subscribe(String student, String course) {
    String courseTag = "course:" + course;
    String studentTag = "student:" + student;
    decide(
        Query.of(
            QueryItem.tags(courseTag), QueryItem.types("StudentSubscribed").withTags(studentTag)),
        "course-" + course,
        facts -> {
          refuse(!facts.has("CourseDefined"), "there is no such course");
          refuse(facts.hasTagged(courseTag, studentTag), "the student is subscribed already");
          refuse(
              facts.count("StudentSubscribed", courseTag) >= capacity(facts), "the course is full");
          refuse(
              facts.count("StudentSubscribed", studentTag) >= 5,
              "the student is subscribed to 5 courses");
          return fact("StudentSubscribed", "{}", courseTag, studentTag);
        });
  }

  @Test
  void a_course_is_defined_once() {
    defineCourse("c1", 10);
    assertRefused("the course exists already", () -> defineCourse("c1", 15));
    defineCourse("c2", 15);

    assertRecorded("CourseDefined", "CourseDefined");
  }

  @Test
  void the_capacity_of_a_course_that_exists_is_changed_to_another_one() {
    assertRefused("there is no such course", () -> changeCapacity("c0", 15));
    defineCourse("c1", 12);
    assertRefused("the course has that capacity already", () -> changeCapacity("c1", 12));
    changeCapacity("c1", 15);
    assertRefused("the course has that capacity already", () -> changeCapacity("c1", 15));

    assertRecorded("CourseDefined", "CapacityChanged");
  }

  @Test
  void a_student_subscribes_to_a_course_that_has_a_free_seat() {
    defineCourse("c1", 3);
    assertRefused("there is no such course", () -> subscribe("s1", "c0"));
    subscribe("s1", "c1");
    subscribe("s2", "c1");
    assertRefused("the student is subscribed already", () -> subscribe("s2", "c1"));
    subscribe("s3", "c1");
    assertRefused("the course is full", () -> subscribe("s4", "c1"));
    changeCapacity("c1", 4);
    subscribe("s4", "c1");

    assertThat(read(ReadLog.all().query(Query.tags("course:c1", "student:s4")))).hasSize(1);
  }

  @Test
  void a_student_subscribes_to_5_courses_at_most() {
    for (int c = 1; c <= 6; c++) {
      defineCourse("c" + c, 10);
    }
    for (int c = 1; c <= 5; c++) {
      subscribe("s1", "c" + c);
    }
    assertRefused("the student is subscribed to 5 courses", () -> subscribe("s1", "c6"));
    subscribe("s2", "c6");

    assertThat(read(ReadLog.all().query(Query.tags("student:s1")))).hasSize(5);
  }

  @Test
  void the_last_free_seat_is_taken_once_by_however_many_students() throws Exception {
    defineCourse("c1", 3);
    List<Callable<Boolean>> students = new ArrayList<>();
    for (int s = 0; s < 40; s++) {
      String student = "s" + s;
      students.add(() -> isDone(() -> subscribe(student, "c1")));
    }

    assertThat(together(students).stream().filter(taken -> taken)).hasSize(3);
    assertThat(read(ReadLog.all().query(Query.types("StudentSubscribed")))).hasSize(3);
  }

  @Test
  void a_student_who_subscribes_to_many_courses_at_once_gets_5_of_them() throws Exception {
    List<Callable<Boolean>> attempts = new ArrayList<>();
    for (int c = 0; c < 20; c++) {
      String course = "c" + c;
      defineCourse(course, 10);
      attempts.add(() -> isDone(() -> subscribe("s1", course)));
    }

    assertThat(together(attempts).stream().filter(taken -> taken)).hasSize(5);
    assertThat(read(ReadLog.all().query(Query.tags("student:s1")))).hasSize(5);
  }

  // ---- unique user name: a rule about something that has no stream of its own

  private static final Duration RETENTION = Duration.ofDays(3);

  /** A name is free if it was never claimed, or was given up long enough ago. */
  private boolean isClaimed(Facts facts, String name) {
    boolean claimed = false;
    for (RecordedEvent event : facts.events()) {
      switch (event.type()) {
        case "AccountRegistered" -> claimed = true;
        case "AccountClosed" -> claimed = isRecent(event);
        case "UsernameChanged" ->
            claimed =
                event.dataAsString().equals(name) || isRecent(event); // to it, or away from it
        default -> {}
      }
    }
    return claimed;
  }

  private boolean isRecent(RecordedEvent event) {
    Instant since = event.occurredAt();
    return since != null && !now.isAfter(since.plus(RETENTION));
  }

  private void register(String name) {
    decide(
        Query.tags("username:" + name),
        "account-" + name,
        facts -> {
          refuse(isClaimed(facts, name), "the name is claimed");
          return fact("AccountRegistered", name, "username:" + name);
        });
  }

  private void closeAccount(String name) {
    decide(
        Query.tags("username:" + name),
        "account-" + name,
        facts -> fact("AccountClosed", name, "username:" + name));
  }

  private void changeName(String from, String to) {
    decide(
        Query.tags("username:" + to),
        "account-" + from,
        facts -> {
          refuse(isClaimed(facts, to), "the name is claimed");
          return fact("UsernameChanged", to, "username:" + from, "username:" + to);
        });
  }

  private void days(int days) {
    now = now.plus(Duration.ofDays(days));
  }

  @Test
  void a_user_name_is_claimed_once() {
    register("u1");
    assertRefused("the name is claimed", () -> register("u1"));
    register("u2");

    assertRecorded("AccountRegistered", "AccountRegistered");
  }

  @Test
  void a_user_name_is_free_again_some_days_after_its_account_was_closed() {
    register("u1");
    closeAccount("u1");
    days(3);
    assertRefused("the name is claimed", () -> register("u1"));
    days(1);
    register("u1");

    assertRecorded("AccountRegistered", "AccountClosed", "AccountRegistered");
  }

  @Test
  void a_user_name_that_was_changed_frees_the_old_one_in_time_and_claims_the_new_one_at_once() {
    register("u1");
    changeName("u1", "u2");
    assertRefused("the name is claimed", () -> register("u2"));
    assertRefused("the name is claimed", () -> register("u1"));
    days(4);
    register("u1");
    assertRefused("the name is claimed", () -> register("u2"));

    assertRecorded("AccountRegistered", "UsernameChanged", "AccountRegistered");
  }

  @Test
  void a_user_name_is_claimed_once_by_however_many_who_want_it() throws Exception {
    List<Callable<Boolean>> users = new ArrayList<>();
    for (int u = 0; u < 40; u++) {
      String other = "other-" + u;
      register(other);
      boolean changes = u % 2 == 0;
      users.add(() -> isDone(changes ? () -> changeName(other, "ada") : () -> register("ada")));
    }

    assertThat(together(users)).containsOnlyOnce(true);
    assertThat(read(ReadLog.all().query(Query.tags("username:ada")))).hasSize(1);
  }

  // ---- invoice number: a gapless sequence

  /** Reads only the last invoice, and still sees to it that there is no later one. */
  private int createInvoice() {
    Query invoices = Query.types("InvoiceCreated");
    for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      try (EventReader reader = store.readLog(ReadLog.all().query(invoices).backwards().limit(1))) {
        int number =
            reader.stream().map(e -> Integer.parseInt(e.dataAsString())).findFirst().orElse(0) + 1;
        store.transact(
            Transaction.builder()
                .append(
                    "invoice-" + number,
                    any(),
                    fact("InvoiceCreated", "" + number, "invoice:" + number))
                .condition(noMatch(invoices).after(reader.headPosition()))
                .build());
        return number;
      } catch (ConditionFailedException somebodyWasFaster) {
        assertThat(somebodyWasFaster.position()).isPositive();
      }
    }
    throw new AssertionError("somebody else was faster " + MOST_ATTEMPTS + " times");
  }

  @Test
  void invoices_are_numbered_from_1() {
    assertThat(createInvoice()).isEqualTo(1);
    assertThat(createInvoice()).isEqualTo(2);

    assertRecorded("InvoiceCreated", "InvoiceCreated");
  }

  @Test
  void invoice_numbers_are_gapless_and_unique_among_many_who_create_them_at_once()
      throws Exception {
    List<Callable<List<Integer>>> clerks = new ArrayList<>();
    for (int c = 0; c < 12; c++) {
      clerks.add(() -> IntStream.range(0, 5).mapToObj(i -> createInvoice()).toList());
    }

    List<Integer> numbers = together(clerks).stream().flatMap(List::stream).sorted().toList();

    assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, 60).boxed().toList());
    assertThat(read(ReadLog.all()).stream().map(e -> Integer.parseInt(e.dataAsString())))
        .isEqualTo(numbers);
  }

  // ---- opt-in token: used once, in time, by the address that it was sent to

  private void requestSignUp(String email, String name, String token) {
    store.append(
        "sign-up-" + token, any(), fact("SignUpRequested", name, "email:" + email, "otp:" + token));
  }

  private String confirmSignUp(String email, String token) {
    return decide(
            Query.tags("email:" + email, "otp:" + token),
            "sign-up-" + token,
            facts -> {
              RecordedEvent request =
                  facts
                      .last("SignUpRequested")
                      .orElseThrow(() -> new RefusedException("there is no such token"));
              refuse(facts.has("SignUpConfirmed"), "the token is used");
              Instant requestedAt = Optional.ofNullable(request.occurredAt()).orElseThrow();
              refuse(now.isAfter(requestedAt.plusSeconds(3_600)), "the token has expired");
              return fact(
                  "SignUpConfirmed", request.dataAsString(), "email:" + email, "otp:" + token);
            })
        .dataAsString();
  }

  @Test
  void a_token_confirms_a_sign_up_with_the_name_that_was_given() {
    requestSignUp("ada@example.org", "Ada", "444444");

    assertThat(confirmSignUp("ada@example.org", "444444")).isEqualTo("Ada");
    assertRecorded("SignUpRequested", "SignUpConfirmed");
  }

  @Test
  void a_token_that_is_unknown_another_ones_used_or_too_old_confirms_nothing() {
    requestSignUp("ada@example.org", "Ada", "111111");
    requestSignUp("bob@example.org", "Bob", "222222");
    assertRefused("there is no such token", () -> confirmSignUp("ada@example.org", "000000"));
    assertRefused("there is no such token", () -> confirmSignUp("ada@example.org", "222222"));

    now = now.plus(Duration.ofMinutes(60));
    assertThat(confirmSignUp("ada@example.org", "111111")).isEqualTo("Ada");
    assertRefused("the token is used", () -> confirmSignUp("ada@example.org", "111111"));
    now = now.plus(Duration.ofMinutes(1));
    assertRefused("the token has expired", () -> confirmSignUp("bob@example.org", "222222"));

    assertRecorded("SignUpRequested", "SignUpRequested", "SignUpConfirmed");
  }

  @Test
  void a_token_is_used_once_by_however_many_try() throws Exception {
    requestSignUp("ada@example.org", "Ada", "444444");
    List<Callable<Boolean>> attempts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      attempts.add(() -> isDone(() -> confirmSignUp("ada@example.org", "444444")));
    }

    assertThat(together(attempts)).containsOnlyOnce(true);
    assertThat(read(ReadLog.all().query(Query.types("SignUpConfirmed")))).hasSize(1);
  }

  // ---- dynamic product price: an old price holds for a while after it was changed

  private static final Duration GRACE = Duration.ofMinutes(10);

  private void price(String type, String product, int price) {
    store.append("product-" + product, any(), fact(type, "" + price, "product:" + product));
  }

  /** Whether a product is sold at this price: the newest one, or one replaced a moment ago. */
  private boolean isValid(List<RecordedEvent> prices, int price) {
    Instant validFrom = now.minus(GRACE);
    for (int i = prices.size() - 1; i >= 0; i--) {
      if (prices.get(i).dataAsString().equals("" + price)) {
        return true;
      }
      Instant replacedAt = prices.get(i).occurredAt();
      if (replacedAt == null || replacedAt.isBefore(validFrom)) {
        return false; // this one has held for so long that what was before it is over
      }
    }
    return false;
  }

  /** Orders products at the prices that the customer has seen: one query, an item a product. */
  private void order(Map<String, Integer> cart) {
    Query prices =
        new Query(
            cart.keySet().stream()
                .sorted()
                .map(
                    product ->
                        QueryItem.types("ProductDefined", "PriceChanged")
                            .withTags("product:" + product))
                .toList());
    decide(
        prices,
        "orders",
        facts -> {
          cart.forEach(
              (product, price) -> {
                List<RecordedEvent> history =
                    facts.events().stream()
                        .filter(event -> event.tags().contains("product:" + product))
                        .toList();
                refuse(!isValid(history, price), "the price of " + product + " is not valid");
              });
          return fact(
              "ProductsOrdered",
              cart.toString(),
              cart.keySet().stream().sorted().map(p -> "product:" + p).toArray(String[]::new));
        });
  }

  private void minutes(int minutes) {
    now = now.plus(Duration.ofMinutes(minutes));
  }

  @Test
  void a_product_is_ordered_at_its_price_only() {
    price("ProductDefined", "p1", 123);
    minutes(30);

    assertRefused("the price of p1 is not valid", () -> order(Map.of("p1", 100)));
    assertRefused("the price of p0 is not valid", () -> order(Map.of("p0", 123)));
    order(Map.of("p1", 123));

    assertRecorded("ProductDefined", "ProductsOrdered");
  }

  @Test
  void an_old_price_holds_for_some_minutes_and_a_new_one_at_once() {
    price("ProductDefined", "p1", 123);
    minutes(60);
    price("PriceChanged", "p1", 134);
    order(Map.of("p1", 134));
    minutes(9);
    order(Map.of("p1", 123));
    order(Map.of("p1", 134));
    minutes(11);
    assertRefused("the price of p1 is not valid", () -> order(Map.of("p1", 123)));
    order(Map.of("p1", 134));

    assertThat(read(ReadLog.all().query(Query.types("ProductsOrdered")))).hasSize(4);
  }

  @Test
  void a_cart_of_several_products_is_ordered_if_all_prices_hold() {
    price("ProductDefined", "p1", 123);
    price("ProductDefined", "p2", 200);
    price("ProductDefined", "p3", 300);
    minutes(60);
    price("PriceChanged", "p1", 134);
    minutes(9);

    assertRefused(
        "the price of p2 is not valid", () -> order(Map.of("p1", 123, "p2", 201, "p3", 300)));
    order(Map.of("p1", 123, "p2", 200, "p3", 300));
    minutes(11);
    assertRefused("the price of p1 is not valid", () -> order(Map.of("p1", 123, "p2", 200)));

    assertThat(read(ReadLog.all().query(Query.tags("product:p1", "product:p2", "product:p3"))))
        .hasSize(1);
  }

  @Test
  void orders_of_other_products_do_not_disturb_one_another() throws Exception {
    List<Callable<Boolean>> customers = new ArrayList<>();
    for (int p = 0; p < 20; p++) {
      String product = "p" + p;
      price("ProductDefined", product, 100 + p);
      int price = 100 + p;
      customers.add(() -> isDone(() -> order(Map.of(product, price))));
    }

    assertThat(together(customers)).containsOnly(true);
    assertThat(
            read(ReadLog.all().query(Query.types("ProductsOrdered"))).stream()
                .collect(toMap(e -> e.tags().getFirst(), RecordedEvent::dataAsString)))
        .hasSize(20)
        .containsEntry("product:p7", "{p7=107}");
  }

  // ---- prevent record duplication: a request that is made twice is carried out once

  private void placeOrder(String order, String token) {
    decide(
        Query.tags("idempotency:" + token),
        "order-" + order,
        facts -> {
          refuse(!facts.events().isEmpty(), "the request was carried out already");
          return fact("OrderPlaced", order, "order:" + order, "idempotency:" + token);
        });
  }

  @Test
  void a_request_with_the_same_token_is_carried_out_once() {
    placeOrder("o1", "11111");
    assertRefused("the request was carried out already", () -> placeOrder("o2", "11111"));
    placeOrder("o2", "22222");

    assertRecorded("OrderPlaced", "OrderPlaced");
  }

  @Test
  void a_request_is_carried_out_once_however_often_it_comes_at_once() throws Exception {
    List<Callable<Boolean>> requests = new ArrayList<>();
    for (int r = 0; r < 40; r++) {
      String order = "o" + r;
      requests.add(() -> isDone(() -> placeOrder(order, "11111")));
    }

    assertThat(together(requests)).containsOnlyOnce(true);
    assertRecorded("OrderPlaced");
  }

  // ---- the event-sourced aggregate, as a boundary of one tag

  @Test
  void an_aggregate_is_loaded_by_its_tag_and_saved_if_nothing_was_added_to_it_since() {
    defineCourse("c1", 10);
    Facts loaded = facts(Query.tags("course:c1"));
    defineCourse("c2", 10); // no business of this aggregate's

    save(loaded, fact("CourseRenamed", "Logic", "course:c1"));

    ConditionFailedException stale =
        refusal(
            ConditionFailedException.class,
            () -> save(loaded, fact("CourseRenamed", "Rhetoric", "course:c1")));
    assertThat(stale.position()).isEqualTo(3);
    assertThat(facts(Query.tags("course:c1")).last("CourseRenamed").orElseThrow().dataAsString())
        .isEqualTo("Logic");
  }

  private void save(Facts loaded, NewEvent event) {
    store.transact(
        Transaction.builder()
            .append("course-c1", any(), event)
            .condition(noMatch(loaded.query()).after(loaded.head()))
            .build());
  }
}
