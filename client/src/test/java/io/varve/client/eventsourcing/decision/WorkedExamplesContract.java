package io.varve.client.eventsourcing.decision;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The worked examples of the Dynamic Consistency Boundary specification (<a
 * href="https://dcb.events/examples/">dcb.events/examples</a>), written with decision models.
 */
public abstract class WorkedExamplesContract {

  private static final String DONE = "done";

  private EventStore store;

  /** The time in the examples' world; an event says when it became true there. */
  private Instant now = Instant.parse("2026-03-01T12:00:00Z");

  /** An empty store for one test, which closes it. */
  protected abstract EventStore openStore() throws Exception;

  /** Called after each test, once its store is closed. */
  protected void afterStore() throws Exception {}

  @BeforeEach
  final void open() throws Exception {
    store = openStore();
  }

  @AfterEach
  final void close() throws Exception {
    try {
      store.close();
    } finally {
      afterStore();
    }
  }

  /** Whoever is not first decides again, at most once for each of the others who was. */
  private CommandOptions options() {
    return CommandOptions.in(EventContext.begin().occurredAt(now)).retries(1_000);
  }

  /** The code of the refusal, or that there was none. */
  private static String outcome(DecisionResult<?, ?> result) {
    return switch (result) {
      case DecisionResult.Executed<?, ?> _ -> DONE;
      case DecisionResult.Refused<?, ?> refused -> refused.refusal().code();
    };
  }

  private List<RecordedEvent> log(Query query) {
    try (EventReader reader = store.readLog(ReadLog.all().query(query))) {
      return reader.toList();
    }
  }

  private void assertRecorded(String... types) {
    assertThat(log(Query.all())).extracting(RecordedEvent::type).containsExactly(types);
  }

  private static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> running = new ArrayList<>();
      tasks.forEach(task -> running.add(threads.submit(task)));
      List<T> results = new ArrayList<>();
      for (Future<T> future : running) {
        results.add(future.get(120, TimeUnit.SECONDS));
      }
      return results;
    }
  }

  private static boolean isWithin(Duration time, TypedEvent<?> event, Instant now) {
    return !now.isAfter(occurredAt(event).plus(time));
  }

  private static Instant occurredAt(TypedEvent<?> event) {
    return Optional.ofNullable(event.recorded().occurredAt()).orElseThrow();
  }

  // ---- course subscriptions: rules about a course, a student, and both at once

  /** What happens to courses. */
  public sealed interface CourseEvent {
    String course();
  }

  public record CourseDefined(String course, int capacity) implements CourseEvent {}

  public record CapacityChanged(String course, int capacity) implements CourseEvent {}

  public record StudentSubscribed(String student, String course) implements CourseEvent {}

  private static final EventTypes<CourseEvent> COURSES =
      JsonEvents.builder(CourseEvent.class)
          .tags(CourseEvent.class, event -> List.of("course:" + event.course()))
          .tags(StudentSubscribed.class, event -> List.of("student:" + event.student()))
          .build();

  private Decisions<CourseEvent> courses() {
    return Decisions.of(store, COURSES, event -> "course-" + event.course());
  }

  /** Empty: there is no such course. */
  private static DecisionModel<Optional<Integer>> capacityOf(String course) {
    return DecisionModel.of(COURSES, Optional.<Integer>empty())
        .tagged("course:" + course)
        .on(CourseDefined.class, (_, event) -> Optional.of(event.capacity()))
        .on(CapacityChanged.class, (_, event) -> Optional.of(event.capacity()))
        .build();
  }

  private static DecisionModel<Integer> subscriptions(String tag) {
    return DecisionModel.of(COURSES, 0)
        .tagged(tag)
        .on(StudentSubscribed.class, (count, _) -> count + 1)
        .build();
  }

  private String defineCourse(String course, int capacity) {
    return outcome(
        courses()
            .execute(
                capacityOf(course),
                known ->
                    known.isPresent()
                        ? Decision.refused("COURSE_EXISTS", "the course exists already")
                        : Decision.of(new CourseDefined(course, capacity)),
                options()));
  }

  private String changeCapacity(String course, int capacity) {
    return outcome(
        courses()
            .execute(
                capacityOf(course),
                known -> {
                  if (known.isEmpty()) {
                    return Decision.refused("NO_SUCH_COURSE", "there is no such course");
                  }
                  return known.get() == capacity
                      ? Decision.refused("SAME_CAPACITY", "it has that capacity already")
                      : Decision.of(new CapacityChanged(course, capacity));
                },
                options()));
  }

  /** What a subscription depends on. */
  private record Enrolment(Optional<Integer> capacity, int taken, int ofStudent, int ofBoth) {

    static DecisionModel<Enrolment> of(String student, String course) {
      DecisionModel<Integer> ofBoth =
          DecisionModel.of(COURSES, 0)
              .tagged("course:" + course, "student:" + student)
              .on(StudentSubscribed.class, (count, _) -> count + 1)
              .build();
      return capacityOf(course)
          .and(
              subscriptions("course:" + course),
              (capacity, taken) -> new Enrolment(capacity, taken, 0, 0))
          .and(
              subscriptions("student:" + student),
              (so, count) -> new Enrolment(so.capacity(), so.taken(), count, 0))
          .and(
              ofBoth,
              (so, count) -> new Enrolment(so.capacity(), so.taken(), so.ofStudent(), count));
    }

    Decision<CourseEvent> subscribe(String student, String course) {
      if (capacity.isEmpty()) {
        return Decision.refused("NO_SUCH_COURSE", "there is no such course");
      }
      if (ofBoth > 0) {
        return Decision.refused("SUBSCRIBED", "the student is subscribed already");
      }
      if (taken >= capacity.get()) {
        return Decision.refused("FULL", "the course is full");
      }
      return ofStudent >= 5
          ? Decision.refused("TOO_MANY", "the student is subscribed to 5 courses")
          : Decision.of(new StudentSubscribed(student, course));
    }
  }

  private String subscribe(String student, String course) {
    return outcome(
        courses()
            .execute(
                Enrolment.of(student, course),
                enrolment -> enrolment.subscribe(student, course),
                options()));
  }

  @Test
  void a_course_is_defined_once() {
    assertThat(defineCourse("c1", 10)).isEqualTo(DONE);
    assertThat(defineCourse("c1", 15)).isEqualTo("COURSE_EXISTS");
    assertThat(defineCourse("c2", 15)).isEqualTo(DONE);

    assertRecorded("CourseDefined", "CourseDefined");
  }

  @Test
  void the_capacity_of_a_course_that_exists_is_changed_to_another_one() {
    assertThat(changeCapacity("c0", 15)).isEqualTo("NO_SUCH_COURSE");
    defineCourse("c1", 12);
    assertThat(changeCapacity("c1", 12)).isEqualTo("SAME_CAPACITY");
    assertThat(changeCapacity("c1", 15)).isEqualTo(DONE);
    assertThat(changeCapacity("c1", 15)).isEqualTo("SAME_CAPACITY");

    assertRecorded("CourseDefined", "CapacityChanged");
  }

  @Test
  void a_student_subscribes_to_a_course_that_has_a_free_seat() {
    defineCourse("c1", 3);
    assertThat(subscribe("s1", "c0")).isEqualTo("NO_SUCH_COURSE");
    assertThat(subscribe("s1", "c1")).isEqualTo(DONE);
    assertThat(subscribe("s2", "c1")).isEqualTo(DONE);
    assertThat(subscribe("s2", "c1")).isEqualTo("SUBSCRIBED");
    assertThat(subscribe("s3", "c1")).isEqualTo(DONE);
    assertThat(subscribe("s4", "c1")).isEqualTo("FULL");
    changeCapacity("c1", 4);
    assertThat(subscribe("s4", "c1")).isEqualTo(DONE);

    assertThat(log(Query.tags("course:c1", "student:s4")))
        .singleElement()
        .extracting(RecordedEvent::stream)
        .isEqualTo("course-c1");
  }

  @Test
  void a_student_subscribes_to_5_courses_at_most() {
    for (int c = 1; c <= 6; c++) {
      defineCourse("c" + c, 10);
    }
    for (int c = 1; c <= 5; c++) {
      assertThat(subscribe("s1", "c" + c)).isEqualTo(DONE);
    }
    assertThat(subscribe("s1", "c6")).isEqualTo("TOO_MANY");
    assertThat(subscribe("s2", "c6")).isEqualTo(DONE);
  }

  @Test
  void the_last_free_seat_is_taken_once_by_however_many_students() throws Exception {
    defineCourse("c1", 3);
    List<Callable<String>> students = new ArrayList<>();
    for (int s = 0; s < 40; s++) {
      String student = "s" + s;
      students.add(() -> subscribe(student, "c1"));
    }

    List<String> outcomes = together(students);

    assertThat(outcomes).filteredOn(DONE::equals).hasSize(3);
    assertThat(outcomes).filteredOn("FULL"::equals).hasSize(37);
    assertThat(log(Query.types("StudentSubscribed"))).hasSize(3);
  }

  @Test
  void a_student_who_subscribes_to_many_courses_at_once_gets_5_of_them() throws Exception {
    List<Callable<String>> attempts = new ArrayList<>();
    for (int c = 0; c < 20; c++) {
      String course = "c" + c;
      defineCourse(course, 10);
      attempts.add(() -> subscribe("s1", course));
    }

    assertThat(together(attempts)).filteredOn(DONE::equals).hasSize(5);
    assertThat(log(Query.tags("student:s1"))).hasSize(5);
  }

  // ---- unique user name: a rule about something that has no stream of its own

  /** What happens to user names. */
  public sealed interface UserEvent {
    String account();

    List<String> names();
  }

  public record AccountRegistered(String account, String name) implements UserEvent {
    @Override
    public List<String> names() {
      return List.of(name);
    }
  }

  public record AccountClosed(String account, String name) implements UserEvent {
    @Override
    public List<String> names() {
      return List.of(name);
    }
  }

  public record UsernameChanged(String account, String from, String to) implements UserEvent {
    @Override
    public List<String> names() {
      return List.of(from, to);
    }
  }

  private static final EventTypes<UserEvent> USERS =
      JsonEvents.builder(UserEvent.class)
          .tags(UserEvent.class, e -> e.names().stream().map(name -> "username:" + name).toList())
          .build();

  private static final Duration RETENTION = Duration.ofDays(3);

  private Decisions<UserEvent> users() {
    return Decisions.of(store, USERS, event -> "user-" + event.account());
  }

  /** A name is free if it was never claimed, or was given up long enough ago. */
  private DecisionModel<Boolean> isClaimed(String name) {
    return DecisionModel.of(USERS, false)
        .tagged("username:" + name)
        .on(AccountRegistered.class, (_, _) -> true)
        .onRecorded(AccountClosed.class, (_, event) -> isWithin(RETENTION, event, now))
        .onRecorded(
            UsernameChanged.class,
            (_, event) -> event.event().to().equals(name) || isWithin(RETENTION, event, now))
        .build();
  }

  private String claim(String name, UserEvent event) {
    return outcome(
        users()
            .execute(
                isClaimed(name),
                claimed ->
                    claimed
                        ? Decision.refused("CLAIMED", "the name is claimed")
                        : Decision.of(event),
                options()));
  }

  private String register(String account, String name) {
    return claim(name, new AccountRegistered(account, name));
  }

  private String changeName(String account, String from, String to) {
    return claim(to, new UsernameChanged(account, from, to));
  }

  private void closeAccount(String account, String name) {
    users().execute(isClaimed(name), _ -> Decision.of(new AccountClosed(account, name)), options());
  }

  @Test
  void a_user_name_is_claimed_once() {
    assertThat(register("1", "u1")).isEqualTo(DONE);
    assertThat(register("2", "u1")).isEqualTo("CLAIMED");
    assertThat(register("2", "u2")).isEqualTo(DONE);

    assertRecorded("AccountRegistered", "AccountRegistered");
  }

  @Test
  void a_user_name_is_free_again_some_days_after_its_account_was_closed() {
    register("1", "u1");
    closeAccount("1", "u1");
    now = now.plus(Duration.ofDays(3));
    assertThat(register("2", "u1")).isEqualTo("CLAIMED");
    now = now.plus(Duration.ofDays(1));
    assertThat(register("2", "u1")).isEqualTo(DONE);
  }

  @Test
  void a_user_name_that_was_changed_frees_the_old_one_in_time_and_claims_the_new_one_at_once() {
    register("1", "u1");
    assertThat(changeName("1", "u1", "u2")).isEqualTo(DONE);
    assertThat(register("2", "u2")).isEqualTo("CLAIMED");
    assertThat(register("2", "u1")).isEqualTo("CLAIMED");
    now = now.plus(Duration.ofDays(4));
    assertThat(register("2", "u1")).isEqualTo(DONE);
    assertThat(register("3", "u2")).isEqualTo("CLAIMED");
  }

  @Test
  void a_user_name_is_claimed_once_by_however_many_who_want_it() throws Exception {
    List<Callable<String>> users = new ArrayList<>();
    for (int u = 0; u < 40; u++) {
      String account = "a" + u;
      String other = "other-" + u;
      register(account, other);
      boolean changes = u % 2 == 0;
      users.add(() -> changes ? changeName(account, other, "ada") : register(account, "ada"));
    }

    assertThat(together(users)).containsOnlyOnce(DONE);
    assertThat(log(Query.tags("username:ada"))).hasSize(1);
  }

  // ---- invoice number: a gapless sequence

  /** What happens to invoices. */
  public sealed interface InvoiceEvent {}

  public record InvoiceCreated(int number) implements InvoiceEvent {}

  private static final EventTypes<InvoiceEvent> INVOICES =
      JsonEvents.builder(InvoiceEvent.class)
          .tags(InvoiceCreated.class, event -> List.of("invoice:" + event.number()))
          .build();

  /** Reads the last invoice only, however many there are. */
  private static final DecisionModel<Integer> LAST_NUMBER =
      DecisionModel.of(INVOICES, 0)
          .on(InvoiceCreated.class, (_, event) -> event.number())
          .newestOnly()
          .build();

  private int createInvoice() {
    return Decisions.of(store, INVOICES, _ -> "invoices")
        .execute(LAST_NUMBER, last -> Decision.of(new InvoiceCreated(last + 1)), options())
        .orElseThrow()
        .state();
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
      clerks.add(() -> IntStream.range(0, 5).mapToObj(_ -> createInvoice()).toList());
    }

    List<Integer> numbers = together(clerks).stream().flatMap(List::stream).sorted().toList();

    assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, 60).boxed().toList());
    assertThat(log(Query.all()))
        .extracting(RecordedEvent::dataAsString)
        .isEqualTo(numbers.stream().map(number -> "{\"number\":" + number + "}").toList());
  }

  // ---- opt-in token: used once, in time, by the address that it was sent to

  /** What happens to those who sign up. */
  public sealed interface SignUpEvent {
    String email();

    String token();
  }

  public record SignUpRequested(String email, String token, String name) implements SignUpEvent {}

  public record SignUpConfirmed(String email, String token, String name) implements SignUpEvent {}

  private static final EventTypes<SignUpEvent> SIGN_UPS =
      JsonEvents.builder(SignUpEvent.class)
          .tags(SignUpEvent.class, e -> List.of("email:" + e.email(), "otp:" + e.token()))
          .build();

  private Decisions<SignUpEvent> signUps() {
    return Decisions.of(store, SIGN_UPS, event -> "signup-" + event.token());
  }

  /** A token as it was sent to an address. */
  private sealed interface Token {
    record Unknown() implements Token {}

    record Sent(String name, boolean inTime) implements Token {}

    record Used() implements Token {}
  }

  private DecisionModel<Token> token(String email, String token) {
    return DecisionModel.of(SIGN_UPS, (Token) new Token.Unknown())
        .tagged("email:" + email, "otp:" + token)
        .onRecorded(
            SignUpRequested.class,
            (_, event) ->
                new Token.Sent(event.event().name(), isWithin(Duration.ofMinutes(60), event, now)))
        .on(SignUpConfirmed.class, (_, _) -> new Token.Used())
        .build();
  }

  private void requestSignUp(String email, String name, String token) {
    signUps()
        .execute(
            token(email, token),
            _ -> Decision.of(new SignUpRequested(email, token, name)),
            options());
  }

  private DecisionResult<Token, SignUpEvent> confirmSignUp(String email, String token) {
    return signUps()
        .execute(
            token(email, token),
            state ->
                switch (state) {
                  case Token.Unknown _ -> Decision.refused("NO_SUCH_TOKEN", "no such token");
                  case Token.Used _ -> Decision.refused("USED", "the token is used");
                  case Token.Sent sent when !sent.inTime() ->
                      Decision.refused("EXPIRED", "the token has expired");
                  case Token.Sent sent ->
                      Decision.of(new SignUpConfirmed(email, token, sent.name()));
                },
            options());
  }

  @Test
  void a_token_confirms_a_sign_up_with_the_name_that_was_given() {
    requestSignUp("ada@example.org", "Ada", "444444");

    assertThat(confirmSignUp("ada@example.org", "444444").orElseThrow().events())
        .containsExactly(new SignUpConfirmed("ada@example.org", "444444", "Ada"));
  }

  @Test
  void a_token_that_is_unknown_another_ones_used_or_too_old_confirms_nothing() {
    requestSignUp("ada@example.org", "Ada", "111111");
    requestSignUp("bob@example.org", "Bob", "222222");
    assertThat(outcome(confirmSignUp("ada@example.org", "000000"))).isEqualTo("NO_SUCH_TOKEN");
    assertThat(outcome(confirmSignUp("ada@example.org", "222222"))).isEqualTo("NO_SUCH_TOKEN");

    now = now.plus(Duration.ofMinutes(60));
    assertThat(outcome(confirmSignUp("ada@example.org", "111111"))).isEqualTo(DONE);
    assertThat(outcome(confirmSignUp("ada@example.org", "111111"))).isEqualTo("USED");
    now = now.plus(Duration.ofMinutes(1));
    assertThat(outcome(confirmSignUp("bob@example.org", "222222"))).isEqualTo("EXPIRED");

    assertRecorded("SignUpRequested", "SignUpRequested", "SignUpConfirmed");
  }

  @Test
  void a_token_is_used_once_by_however_many_try() throws Exception {
    requestSignUp("ada@example.org", "Ada", "444444");
    List<Callable<String>> attempts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      attempts.add(() -> outcome(confirmSignUp("ada@example.org", "444444")));
    }

    assertThat(together(attempts)).containsOnlyOnce(DONE);
    assertThat(log(Query.types("SignUpConfirmed"))).hasSize(1);
  }

  // ---- dynamic product price: an old price holds for a while after it was changed

  /** What happens to products. */
  public sealed interface ShopEvent {}

  public record ProductDefined(String product, int price) implements ShopEvent {}

  public record PriceChanged(String product, int price) implements ShopEvent {}

  public record ProductsOrdered(Map<String, Integer> prices) implements ShopEvent {}

  private static final EventTypes<ShopEvent> SHOP =
      JsonEvents.builder(ShopEvent.class)
          .tags(ProductDefined.class, event -> List.of("product:" + event.product()))
          .tags(PriceChanged.class, event -> List.of("product:" + event.product()))
          .tags(
              ProductsOrdered.class,
              event -> event.prices().keySet().stream().map(p -> "product:" + p).toList())
          .build();

  private static final Duration GRACE = Duration.ofMinutes(10);

  private Decisions<ShopEvent> shop() {
    return Decisions.of(store, SHOP, _ -> "shop");
  }

  /** At which prices a product is sold: the newest one, or one replaced a moment ago. */
  private DecisionModel<Set<Integer>> validPrices(String product) {
    return DecisionModel.of(SHOP, Set.<Integer>of())
        .tagged("product:" + product)
        .on(ProductDefined.class, (_, event) -> Set.of(event.price()))
        .onRecorded(
            PriceChanged.class,
            (valid, event) -> {
              Set<Integer> prices =
                  isWithin(GRACE, event, now)
                      ? new java.util.TreeSet<>(valid)
                      : new java.util.TreeSet<>();
              prices.add(event.event().price());
              return Set.copyOf(prices);
            })
        .build();
  }

  private void price(String product, Function<Integer, ShopEvent> event, int price) {
    shop()
        .execute(validPrices(product), _ -> Decision.of(event.apply(price)), options())
        .orElseThrow();
  }

  private void define(String product, int price) {
    price(product, p -> new ProductDefined(product, p), price);
  }

  private void change(String product, int price) {
    price(product, p -> new PriceChanged(product, p), price);
  }

  /** Orders products at the prices that the customer has seen: one read, a model a product. */
  private String order(Map<String, Integer> cart) {
    Map<String, DecisionModel<Set<Integer>>> models = new LinkedHashMap<>();
    cart.keySet().forEach(product -> models.put(product, validPrices(product)));
    return outcome(
        shop()
            .execute(
                DecisionModel.allOf(models),
                valid -> {
                  for (Map.Entry<String, Integer> item : cart.entrySet()) {
                    if (!valid.getOrDefault(item.getKey(), Set.of()).contains(item.getValue())) {
                      return Decision.refused(
                          "PRICE", "the price of " + item.getKey() + " is not valid");
                    }
                  }
                  return Decision.of(new ProductsOrdered(cart));
                },
                options()));
  }

  private void minutes(int minutes) {
    now = now.plus(Duration.ofMinutes(minutes));
  }

  @Test
  void a_product_is_ordered_at_its_price_only() {
    define("p1", 123);
    minutes(30);

    assertThat(order(Map.of("p1", 100))).isEqualTo("PRICE");
    assertThat(order(Map.of("p0", 123))).isEqualTo("PRICE");
    assertThat(order(Map.of("p1", 123))).isEqualTo(DONE);
  }

  @Test
  void an_old_price_holds_for_some_minutes_and_a_new_one_at_once() {
    define("p1", 123);
    minutes(60);
    change("p1", 134);
    assertThat(order(Map.of("p1", 134))).isEqualTo(DONE);
    minutes(9);
    assertThat(order(Map.of("p1", 123))).isEqualTo(DONE);
    assertThat(order(Map.of("p1", 134))).isEqualTo(DONE);
    minutes(11);
    assertThat(order(Map.of("p1", 123))).isEqualTo("PRICE");
    assertThat(order(Map.of("p1", 134))).isEqualTo(DONE);
  }

  @Test
  void a_cart_of_several_products_is_ordered_if_all_prices_hold() {
    define("p1", 123);
    define("p2", 200);
    define("p3", 300);
    minutes(60);
    change("p1", 134);
    minutes(9);

    assertThat(order(Map.of("p1", 123, "p2", 201, "p3", 300))).isEqualTo("PRICE");
    assertThat(order(Map.of("p1", 123, "p2", 200, "p3", 300))).isEqualTo(DONE);
    minutes(11);
    assertThat(order(Map.of("p1", 123, "p2", 200))).isEqualTo("PRICE");

    assertThat(log(Query.types("ProductsOrdered").or(Query.tags("product:p9")))).hasSize(1);
    assertThat(log(Query.tags("product:p1", "product:p2", "product:p3"))).hasSize(1);
  }

  @Test
  void orders_of_other_products_do_not_disturb_one_another() throws Exception {
    List<Callable<String>> customers = new ArrayList<>();
    for (int p = 0; p < 20; p++) {
      String product = "p" + p;
      int price = 100 + p;
      define(product, price);
      customers.add(
          () ->
              outcome(
                  shop()
                      .execute(
                          validPrices(product),
                          valid ->
                              valid.contains(price)
                                  ? Decision.of(new ProductsOrdered(Map.of(product, price)))
                                  : Decision.refused("PRICE", "not valid"),
                          CommandOptions.none().retries(0))));
    }

    assertThat(together(customers)).containsOnly(DONE);
    assertThat(log(Query.types("ProductsOrdered"))).hasSize(20);
  }

  // ---- prevent record duplication: a request that is made twice is carried out once

  /** What happens to orders. */
  public sealed interface OrderEvent {}

  public record OrderPlaced(String order, String token) implements OrderEvent {}

  private static final EventTypes<OrderEvent> ORDERS =
      JsonEvents.builder(OrderEvent.class)
          .tags(OrderPlaced.class, e -> List.of("order:" + e.order(), "idempotency:" + e.token()))
          .build();

  private String placeOrder(String order, String token) {
    DecisionModel<Boolean> isUsed =
        DecisionModel.of(ORDERS, false)
            .tagged("idempotency:" + token)
            .on(OrderPlaced.class, (_, _) -> true)
            .build();
    return outcome(
        Decisions.of(store, ORDERS, _ -> "order-" + order)
            .execute(
                isUsed,
                used ->
                    used
                        ? Decision.refused("REPEATED", "the request was carried out already")
                        : Decision.of(new OrderPlaced(order, token)),
                options()));
  }

  @Test
  void a_request_with_the_same_token_is_carried_out_once() {
    assertThat(placeOrder("o1", "11111")).isEqualTo(DONE);
    assertThat(placeOrder("o2", "11111")).isEqualTo("REPEATED");
    assertThat(placeOrder("o2", "22222")).isEqualTo(DONE);

    assertRecorded("OrderPlaced", "OrderPlaced");
  }

  @Test
  void a_request_is_carried_out_once_however_often_it_comes_at_once() throws Exception {
    List<Callable<String>> requests = new ArrayList<>();
    for (int r = 0; r < 40; r++) {
      String order = "o" + r;
      requests.add(() -> placeOrder(order, "11111"));
    }

    assertThat(together(requests)).containsOnlyOnce(DONE);
    assertRecorded("OrderPlaced");
  }
}
