package io.varve.bank.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.javalin.Javalin;
import io.varve.bank.FaultyStore;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.testkit.InMemoryEventStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The feed as a reader sees it, over HTTP, with the event store in memory. */
class FeedRoutesTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SELDOM = Duration.ofMinutes(1);
  private static final Duration OFTEN = Duration.ofMillis(20);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final InMemoryEventStore memory = new InMemoryEventStore();
  private final FaultyStore store = new FaultyStore(memory);
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicReference<List<String>> projections = new AtomicReference<>(List.of("as is"));
  private @Nullable FeedRoutes feed;
  private @Nullable Javalin javalin;
  private int port;

  /** A reader that is held back on a slow machine is to be held back, not let go. */
  private FeedRoutes serve(EventStore events, Duration heartbeat, int maxReaders) {
    return serve(events, heartbeat, maxReaders, PATIENCE.multipliedBy(2));
  }

  private FeedRoutes serve(
      EventStore events, Duration heartbeat, int maxReaders, Duration idleTime) {
    FeedRoutes routes = new FeedRoutes(events, projections::get, heartbeat, maxReaders);
    javalin =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.concurrency.useVirtualThreads = true;
              config.jetty.modifyHttpConfiguration(
                  http -> http.setIdleTimeout(idleTime.toMillis()));
              routes.register(config.routes);
              ErrorRoutes.register(config.routes);
            });
    port = javalin.start("127.0.0.1", 0).port();
    feed = routes;
    return routes;
  }

  @AfterEach
  void stop() {
    if (feed != null && javalin != null) {
      feed.close();
      javalin.stop();
    }
    http.shutdownNow();
    store.close();
  }

  // --- what comes, and in which order ------------------------------------------------------------

  @Test
  void the_newest_fifty_come_first_and_then_what_happens() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 60);
    try (Reader reader = read("")) {
      assertThat(reader.positions(50)).isEqualTo(positions(11, 60));
      assertThat(reader.next().type()).isEqualTo("store");
      append("account-b", 3);
      assertThat(reader.positions(3)).isEqualTo(positions(61, 63));
    }
  }

  @Test
  void an_event_has_its_stream_its_place_and_its_payload() throws Exception {
    serve(store, SELDOM, 10);
    memory.append(
        "account-a",
        ExpectedVersion.noStream(),
        List.of(
            NewEvent.builder("MoneyDeposited")
                .json("{\"amount\":12.50}")
                .metadata("correlation-id", "c")
                .build()));
    try (Reader reader = read("")) {
      Message message = reader.next();
      assertThat(message.id()).isEqualTo("1");
      assertThat(message.type()).isEqualTo("message");
      JsonNode event = message.json();
      assertThat(event.at("/type").asString()).isEqualTo("MoneyDeposited");
      assertThat(event.at("/stream").asString()).isEqualTo("account-a");
      assertThat(event.at("/version").asInt()).isEqualTo(1);
      assertThat(event.at("/metadata/correlation-id").asString()).isEqualTo("c");
      assertThat(message.data()).contains("\"amount\":12.50");
    }
  }

  @Test
  void an_empty_bank_has_an_open_feed() throws Exception {
    serve(store, SELDOM, 10);
    try (Reader reader = read("")) {
      assertThat(reader.next().data()).isEqualTo("{\"reachable\":true}");
      append("transfer-t", 1);
      assertThat(reader.positions(1)).containsExactly(1L);
    }
  }

  @Test
  void nothing_is_missing_and_nothing_comes_twice_while_others_write() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 100);
    Thread writer =
        Thread.startVirtualThread(
            () -> {
              for (int i = 0; i < 2_000; i++) {
                append("account-b" + i, 1);
              }
            });
    try (Reader reader = read("")) {
      List<Long> seen = reader.positionsUpTo(2_100);
      assertThat(seen).isEqualTo(positions(seen.getFirst(), 2_100));
      assertThat(seen.size()).isGreaterThanOrEqualTo(50);
    }
    writer.join();
  }

  @Test
  void what_is_not_the_banks_is_left_out() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 1);
    append("inventory-7", 100);
    append("account-a2", 1);
    try (Reader reader = read("")) {
      assertThat(reader.positions(2)).containsExactly(1L, 102L);
    }
  }

  // --- coming back -------------------------------------------------------------------------------

  @Test
  void a_reader_that_comes_back_goes_on_where_it_was() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 100);
    try (Reader reader = read("", "Last-Event-ID", "7")) {
      assertThat(reader.positions(93)).isEqualTo(positions(8, 100));
    }
    try (Reader reader = read("?after=90")) {
      assertThat(reader.positions(10)).isEqualTo(positions(91, 100));
    }
    try (Reader reader = read("?after=0")) {
      assertThat(reader.positions(100)).isEqualTo(positions(1, 100));
    }
  }

  @Test
  void the_browsers_own_memory_counts_more_than_the_address() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 100);
    try (Reader reader = read("?after=10", "Last-Event-ID", "98")) {
      assertThat(reader.positions(2)).containsExactly(99L, 100L);
    }
  }

  @Test
  void a_place_that_this_log_has_not_reached_begins_anew_and_says_so() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 3);
    try (Reader reader = read("", "Last-Event-ID", "812")) {
      assertThat(reader.next().type()).isEqualTo("reset");
      assertThat(reader.positions(3)).containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void what_is_no_position_is_a_bad_request() throws Exception {
    FeedRoutes routes = serve(store, SELDOM, 10);
    for (String bad : List.of("x", "-1", "1.5", "99999999999999999999")) {
      HttpResponse<String> answer = ask("", BodyHandlers.ofString(), "Last-Event-ID", bad);
      assertThat(answer.statusCode()).as(bad).isEqualTo(400);
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
      assertThat(answer.body()).contains("\"field\":\"Last-Event-ID\"");
    }
    assertThat(ask("?after=x", BodyHandlers.ofString()).statusCode()).isEqualTo(400);
    assertThat(ask("?form=1", BodyHandlers.ofString()).statusCode()).isEqualTo(400);
    assertThat(routes.readers()).isZero();
  }

  // --- slow, many, gone --------------------------------------------------------------------------

  /** Counts subscriptions, and the events that their listeners have finished. */
  private static final class CountingStore extends ForwardingEventStore {
    final AtomicInteger subscriptions = new AtomicInteger();
    final AtomicInteger finished = new AtomicInteger();

    CountingStore(EventStore store) {
      super(store);
    }

    @Override
    public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
      subscriptions.incrementAndGet();
      return super.subscribeToLog(request, new Counted(listener));
    }

    private final class Counted implements SubscriptionListener {
      private final SubscriptionListener listener;

      Counted(SubscriptionListener listener) {
        this.listener = listener;
      }

      @Override
      public void onEvent(RecordedEvent event) throws Exception {
        listener.onEvent(event);
        finished.incrementAndGet();
      }

      @Override
      public void onCaughtUp(long position) {
        listener.onCaughtUp(position);
      }

      @Override
      public void onClosed(@Nullable Throwable cause) {
        listener.onClosed(cause);
      }
    }
  }

  @Test
  void a_reader_that_does_not_read_holds_nobody_back_and_misses_nothing() throws Exception {
    int events = 4_000;
    CountingStore counting = new CountingStore(store);
    FeedRoutes routes = serve(counting, SELDOM, 10);
    try (Reader slow = read("")) {
      assertThat(slow.next().type()).isEqualTo("store");
      appendLarge(events);
      // 32 MB, of which little fits into the buffers of two sockets; yet all of them are taken.
      await().atMost(PATIENCE).until(() -> counting.finished.get() == events);
      assertThat(routes.bytes()).isPositive().isLessThanOrEqualTo(LiveLog.MOST_BYTES);
      try (Reader fast = read("?after=0")) {
        assertThat(fast.positions(events)).isEqualTo(positions(1, events));
      }
      assertThat(slow.positions(events)).isEqualTo(positions(1, events));
    }
    assertThat(counting.subscriptions).as("of both readers").hasValue(1);
  }

  @Test
  void many_readers_share_one_subscription_and_each_gets_everything() throws Exception {
    CountingStore counting = new CountingStore(store);
    serve(counting, SELDOM, 50);
    append("account-a", 10);
    List<Reader> readers = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        readers.add(read(i % 2 == 0 ? "" : "?after=0"));
      }
      append("account-b", 100);
      for (Reader reader : readers) {
        assertThat(reader.positions(110)).isEqualTo(positions(1, 110));
      }
    } finally {
      for (Reader reader : readers) {
        reader.close();
      }
    }
    assertThat(counting.subscriptions).hasValue(1);
  }

  @Test
  void what_is_larger_than_memory_holds_comes_all_the_same() throws Exception {
    FeedRoutes routes = serve(store, SELDOM, 10);
    try (Reader reader = read("")) {
      assertThat(reader.next().type()).isEqualTo("store");
      String text = "x".repeat((int) LiveLog.MOST_BYTES - 100); // and more around it
      for (int i = 1; i <= 3; i++) {
        memory.append(
            "account-a",
            ExpectedVersion.any(),
            List.of(NewEvent.builder("Noted").json("{\"text\":\"" + text + "\"}").build()));
        assertThat(reader.positions(1)).containsExactly((long) i);
      }
      assertThat(routes.bytes()).isZero();
    }
  }

  @Test
  void a_store_that_has_another_log_by_now_ends_what_readers_share() throws Exception {
    InMemoryEventStore other = new InMemoryEventStore();
    AtomicReference<EventStore> current = new AtomicReference<>(store);
    serve(
        new ForwardingEventStore(store) {
          @Override
          public EventReader readLog(ReadLog read) {
            return current.get().readLog(read);
          }

          @Override
          public Subscription subscribeToLog(
              SubscribeToLog request, SubscriptionListener listener) {
            return current.get().subscribeToLog(request, listener);
          }
        },
        SELDOM,
        10);
    append("account-a", 100);
    try (Reader old = read("?after=99")) {
      assertThat(old.positions(1)).containsExactly(100L);
      assertThat(old.next().data()).isEqualTo("{\"reachable\":true}");
      append(other, "account-b", 3);
      current.set(other);
      try (Reader fresh = read("")) {
        assertThat(fresh.positions(3)).isEqualTo(positions(1, 3));
        append(other, "account-b", 1);
        assertThat(fresh.positions(1)).containsExactly(4L);
      }
      assertThat(old.positions(4)).as("it begins anew").isEqualTo(positions(1, 4));
    } finally {
      other.close();
    }
  }

  @Test
  void a_reader_that_takes_nothing_for_long_is_let_go_and_may_come_back() throws Exception {
    FeedRoutes routes = serve(store, SELDOM, 10, Duration.ofMillis(500));
    try (Reader stuck = read("")) {
      assertThat(stuck.next().type()).isEqualTo("store");
      appendLarge(4_000);
      await().atMost(PATIENCE).until(() -> routes.readers() == 0);
    }
    try (Reader back = read("?after=3990")) {
      assertThat(back.positions(10)).isEqualTo(positions(3_991, 4_000));
    }
  }

  @Test
  void more_readers_than_there_are_places_are_turned_away() throws Exception {
    FeedRoutes routes = serve(store, OFTEN, 2);
    try (Reader first = read("");
        Reader second = read("")) {
      assertThat(first.next().type()).isEqualTo("store");
      assertThat(second.next().type()).isEqualTo("store");
      HttpResponse<String> answer = ask("", BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    }
    await().atMost(PATIENCE).until(() -> routes.readers() == 0);
    try (Reader third = read("")) {
      assertThat(third.next().type()).isEqualTo("store");
    }
  }

  @Test
  void a_reader_that_goes_leaves_nothing_behind() throws Exception {
    List<Subscription> opened = new CopyOnWriteArrayList<>();
    EventStore noting =
        new ForwardingEventStore(store) {
          @Override
          public Subscription subscribeToLog(
              SubscribeToLog request, SubscriptionListener listener) {
            Subscription subscription = super.subscribeToLog(request, listener);
            opened.add(subscription);
            return subscription;
          }
        };
    FeedRoutes noted = serve(noting, OFTEN, 10);
    try (Reader reader = read("")) {
      assertThat(reader.next().type()).isEqualTo("store");
      assertThat(noted.readers()).isEqualTo(1);
    }
    await().atMost(PATIENCE).until(() -> noted.readers() == 0);
    assertThat(opened).hasSize(1);
    assertThat(opened.getFirst().closed()).isCompleted();
  }

  @Test
  void a_quiet_feed_shows_that_it_is_still_there() throws Exception {
    serve(store, OFTEN, 10);
    try (Reader reader = read("")) {
      assertThat(reader.any().type()).isEqualTo("store");
      assertThat(reader.any().type()).isEqualTo("projections");
      assertThat(reader.line()).isEqualTo(":");
    }
  }

  @Test
  void a_demo_that_stops_ends_its_feeds_at_once() throws Exception {
    FeedRoutes routes = serve(store, SELDOM, 10);
    try (Reader reader = read("")) {
      assertThat(reader.any().type()).isEqualTo("store");
      assertThat(reader.any().type()).isEqualTo("projections");
      routes.close();
      assertThat(reader.line()).isNull();
      assertThat(ask("", BodyHandlers.ofString()).statusCode()).isEqualTo(503);
    }
    await().atMost(PATIENCE).until(() -> routes.readers() == 0);
  }

  @Test
  void how_the_projections_are_is_told_at_first_and_when_it_changes() throws Exception {
    serve(store, OFTEN, 10);
    try (Reader reader = read("")) {
      assertThat(reader.any().type()).isEqualTo("store");
      assertThat(reader.any().data()).isEqualTo("[\"as is\"]");
      projections.set(List.of("changed"));
      Message message = reader.any();
      assertThat(message.type()).isEqualTo("projections");
      assertThat(message.data()).isEqualTo("[\"changed\"]");
    }
  }

  // --- the store away ----------------------------------------------------------------------------

  @Test
  void while_the_store_is_away_the_feed_says_so_and_then_goes_on() throws Exception {
    serve(store, SELDOM, 10);
    append("account-a", 2);
    store.away(true);
    try (Reader reader = read("", "Last-Event-ID", "1")) {
      assertThat(reader.next().data()).isEqualTo("{\"reachable\":false}");
      store.away(false);
      assertThat(reader.next().data()).isEqualTo("{\"reachable\":true}");
      assertThat(reader.next().id()).isEqualTo("2");
      append("account-b", 1);
      assertThat(reader.next().id()).isEqualTo("3");
    }
  }

  // --- the reader --------------------------------------------------------------------------------

  /**
   * @param type message, unless the server named one
   * @param id empty: none
   */
  private record Message(String type, String id, String data) {

    JsonNode json() {
      return JSON.readTree(data);
    }
  }

  /** Reads server-sent events as a browser does. */
  private static final class Reader implements AutoCloseable {
    private final BufferedReader in;

    Reader(InputStream in) throws IOException {
      this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      assertThat(line()).isEqualTo("retry: 1000");
      assertThat(line()).isEmpty();
    }

    @Nullable String line() throws IOException {
      return in.readLine();
    }

    /** The next message that is not about projections. */
    Message next() throws IOException {
      Message message = any();
      while (message.type().equals("projections")) {
        message = any();
      }
      return message;
    }

    Message any() throws IOException {
      String type = "message";
      String id = "";
      String data = "";
      while (true) {
        String line = Objects.requireNonNull(line(), "the feed has ended");
        if (line.isEmpty() && !data.isEmpty()) {
          return new Message(type, id, data);
        }
        if (line.startsWith("event: ")) {
          type = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          data = line.substring(6);
        }
      }
    }

    /** The positions of so many events, whatever else comes between. */
    List<Long> positions(int count) throws IOException {
      List<Long> positions = new ArrayList<>();
      while (positions.size() < count) {
        note(next(), positions);
      }
      return positions;
    }

    List<Long> positionsUpTo(long last) throws IOException {
      List<Long> positions = new ArrayList<>();
      while (positions.isEmpty() || positions.getLast() < last) {
        note(next(), positions);
      }
      return positions;
    }

    private static void note(Message message, List<Long> positions) {
      if (message.type().equals("message")) {
        assertThat(message.json().at("/position").asString()).isEqualTo(message.id());
        positions.add(Long.valueOf(message.id()));
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private Reader read(String query, String... headers) throws Exception {
    HttpResponse<InputStream> answer = ask(query, BodyHandlers.ofInputStream(), headers);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/event-stream");
    return new Reader(answer.body());
  }

  private <T> HttpResponse<T> ask(
      String query, HttpResponse.BodyHandler<T> handler, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + FeedRoutes.FEED + query));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), handler);
  }

  private void append(String stream, int events) {
    append(memory, stream, events);
  }

  private static void append(EventStore events, String stream, int number) {
    for (int i = 0; i < number; i++) {
      events.append(
          stream,
          ExpectedVersion.any(),
          List.of(NewEvent.builder("MoneyDeposited").json("{\"amount\":1.00}").build()));
    }
  }

  /** Some 8 KB each. */
  private void appendLarge(int events) {
    String text = "x".repeat(8_000);
    for (int i = 0; i < events; i++) {
      memory.append(
          "account-a",
          ExpectedVersion.any(),
          List.of(
              NewEvent.builder("MoneyDeposited")
                  .json("{\"description\":\"" + text + "\"}")
                  .build()));
    }
  }

  private static List<Long> positions(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }
}
