package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The operations port of a running server: health, metrics, and what the console is made of. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationsTest {
  private static final String CHANGE = "X-Varve-Console";
  private static final String GROUP = "post <b>office</b>";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Path backups;
  private Path archive;
  private TestServer server;
  private VarveClient store;
  private OpsClient ops;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    backups = Files.createDirectory(folder.resolve("backups"));
    archive = Files.createDirectory(folder.resolve("archive"));
    server = TestServer.withOps(folder.resolve("data"), backups, archive);
    store = server.client();
    ops = new OpsClient(server.opsPort());
    store
        .consumerGroups()
        .create(
            ConsumerGroup.ofLog(GROUP, Query.streamPrefixes("letters-"))
                .settings(ConsumerGroupSettings.defaults().maxRetries(0)));
  }

  @AfterAll
  void stop() {
    if (ops != null) {
      ops.close();
    }
    if (store != null) {
      store.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private JsonObject json(String path) throws Exception {
    HttpResponse<String> response = ops.get(path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private static List<String> texts(JsonObject answer, String list, String field) {
    List<String> texts = new ArrayList<>();
    for (JsonElement element : answer.getAsJsonArray(list)) {
      texts.add(element.getAsJsonObject().get(field).getAsString());
    }
    return texts;
  }

  private String scrape() throws Exception {
    HttpResponse<String> response = ops.get("/metrics");
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  private double sample(String name) throws Exception {
    return scrape()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  private void append(String stream, String type, String json, String... tags) {
    store.append(
        stream,
        ExpectedVersion.any(),
        NewEvent.builder(type).json(json).tags(List.of(tags)).build());
  }

  // ---- health

  @Test
  void a_server_that_serves_is_alive_and_ready() throws Exception {
    assertThat(ops.get("/healthz").body()).isEqualTo("{\"alive\":true}");
    HttpResponse<String> ready = ops.get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(ready.body()).isEqualTo("{\"ready\":true,\"problems\":[]}");
  }

  // ---- metrics

  @Test
  void appends_and_refusals_are_counted_by_kind_and_result() throws Exception {
    String done = "varve_commands_total{kind=\"append\",result=\"done\"}";
    String conflicts = "varve_commands_total{kind=\"append\",result=\"conflict\"}";
    String bytes = "varve_committed_bytes_total";
    double doneBefore = sample(done);
    double conflictsBefore = sample(conflicts);
    double bytesBefore = sample(bytes);

    append("counted-1", "Counted", "{}");
    append("counted-1", "Counted", "{}");
    assertThatThrownBy(
            () ->
                store.append(
                    "counted-1", ExpectedVersion.noStream(), NewEvent.json("Counted", "{}")))
        .isInstanceOf(VersionConflictException.class);

    assertThat(sample(done) - doneBefore).isEqualTo(2);
    assertThat(sample(conflicts) - conflictsBefore).isEqualTo(1);
    assertThat(sample(bytes) - bytesBefore).isGreaterThan(2 * 40.0);
    assertThat(sample("varve_head_position")).isEqualTo((double) server.headPosition());
    assertThat(sample("varve_commit_seconds_count")).isGreaterThanOrEqualTo(2);
    // The databases' figures may be a second old, and are there after a collection too.
    System.gc();
    String log = "varve_rocksdb_wal_bytes_total{database=\"log\"}";
    await().untilAsserted(() -> assertThat(sample(log)).isGreaterThan(2 * 40.0));
  }

  @Test
  void a_subscription_is_seen_with_its_lag_and_what_it_is_sent() throws Exception {
    append("followed-1", "Followed", "{}");
    double before = sample("varve_delivered_events_total");
    AtomicInteger seen = new AtomicInteger();
    Subscription subscription =
        store.subscribeToLog(SubscribeToLog.all(), _ -> seen.incrementAndGet());
    try {
      await()
          .untilAsserted(
              () -> {
                assertThat(sample("varve_subscriptions{state=\"live\"}")).isEqualTo(1);
                assertThat(sample("varve_subscription_lag_max_events")).isZero();
              });
      assertThat(sample("varve_delivered_events_total") - before).isGreaterThanOrEqualTo(1);
      JsonObject one =
          json("/api/subscriptions").getAsJsonArray("subscriptions").get(0).getAsJsonObject();
      assertThat(one.get("subject").getAsString()).isEqualTo("log");
      assertThat(one.get("live").getAsBoolean()).isTrue();
      assertThat(one.get("lag").getAsLong()).isZero();
    } finally {
      subscription.close();
    }
  }

  private String ofGroup(String name) {
    return "varve_group_" + name + "{group=\"" + GROUP + "\"}";
  }

  @Test
  void a_group_is_seen_with_its_consumers_its_lag_and_what_it_parked() throws Exception {
    append("letters-1", "Sent", "{\"to\":\"ada\"}");
    append("letters-2", "Sent", "{}");
    JsonObject idle = json("/api/group?name=" + encoded(GROUP));
    assertThat(idle.get("lag").getAsLong()).isPositive();
    assertThat(idle.get("source").getAsString()).isEqualTo("log, streams letters-…");
    await().untilAsserted(() -> assertThat(sample(ofGroup("lag_events"))).isPositive());

    JoinGroup join = JoinGroup.of(GROUP).as("<i>clerk</i>").credit(10);
    try (GroupConsumer _ =
        store
            .consumerGroups()
            .consume(
                join,
                (event, consumer) ->
                    consumer.nack(event, NackAction.PARK, "no <img src=x> address"))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(sample(ofGroup("parked_events"))).isEqualTo(2);
                assertThat(sample(ofGroup("consumers"))).isEqualTo(1);
                assertThat(sample("varve_groups_consumers")).isEqualTo(1);
                assertThat(sample("varve_groups_parked_events")).isEqualTo(2);
                assertThat(sample(ofGroup("lag_events"))).isZero();
              });
      assertThat(sample("varve_groups{state=\"going\"}")).isEqualTo(1);
      JsonObject one = json("/api/group?name=" + encoded(GROUP));
      assertThat(texts(one, "consumers", "name")).containsExactly("<i>clerk</i>");
      assertThat(texts(json("/api/groups"), "groups", "name")).containsExactly(GROUP);

      JsonObject parked = json("/api/parked?group=" + encoded(GROUP) + "&limit=1");
      assertThat(parked.get("more").getAsBoolean()).isTrue();
      JsonObject first = parked.getAsJsonArray("parked").get(0).getAsJsonObject();
      assertThat(first.get("reason").getAsString()).isEqualTo("no <img src=x> address");
      assertThat(first.getAsJsonObject("event").get("text").getAsString())
          .isEqualTo("{\"to\":\"ada\"}");
      String position = "&position=" + first.get("position").getAsLong();
      assertThat(changed("/api/discard?group=" + encoded(GROUP) + position)).isEqualTo(1);
      assertThat(texts(json("/api/parked?group=" + encoded(GROUP)), "parked", "stream"))
          .containsExactly("letters-2");
    }
    assertThat(changed("/api/discard?all=true&group=" + encoded(GROUP))).isEqualTo(1);
    assertThat(ops.get("/api/group?name=nobody").statusCode()).isEqualTo(404);
    assertThat(ops.get("/api/parked?group=nobody").statusCode()).isEqualTo(404);
    assertThat(ops.post("/api/replay?group=nobody&all=true", CHANGE, "1").statusCode())
        .isEqualTo(404);
    assertThat(ops.post("/api/discard?group=" + encoded(GROUP), CHANGE, "1").statusCode())
        .isEqualTo(400); // neither all nor a position
    assertThat(ops.post("/api/discard?all=true&group=" + encoded(GROUP)).statusCode())
        .isEqualTo(403);
  }

  private long changed(String path) throws Exception {
    HttpResponse<String> response = ops.post(path, CHANGE, "1");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JsonParser.parseString(response.body()).getAsJsonObject().get("events").getAsLong();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void what_comes_of_backups_and_verifications_is_seen() throws Exception {
    append("kept-1", "Kept", "{}");
    String failed = "varve_upkeep_runs_total{result=\"failed\",task=\"backup\"}";
    store.admin().createBackup("daily", _ -> {});
    assertThat(store.admin().verify(_ -> {})).isZero();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(runsDone("backup")).isEqualTo(1);
              assertThat(runsDone("verify")).isEqualTo(1);
            });
    assertThat(sample(failed)).isZero();
    assertThat(sample("varve_backup_position")).isPositive();
    assertThat(sample("varve_verify_findings")).isZero();
    assertThat(sample("varve_upkeep_last_done_timestamp_seconds{task=\"backup\"}")).isPositive();
    assertThat(json("/api/overview").getAsJsonObject("backup").get("doneAt").isJsonNull())
        .isFalse();

    Files.writeString(Files.createDirectory(backups.resolve("other")).resolve("notes"), "mine");
    assertThatThrownBy(() -> store.admin().createBackup("other", _ -> {}))
        .isInstanceOf(VarveException.class);
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(sample(failed)).isEqualTo(1));
    assertThat(runsDone("backup")).isEqualTo(1);
  }

  private double runsDone(String task) throws Exception {
    return sample("varve_upkeep_runs_total{result=\"done\",task=\"" + task + "\"}");
  }

  @Test
  void what_comes_of_runs_of_the_archive_is_seen() throws Exception {
    append("old-1", "Aged", "{}");
    append("old-1", "Aged", "{}");
    String failed = "varve_upkeep_runs_total{result=\"failed\",task=\"archive\"}";
    String running = "varve_upkeep_running{task=\"archive\"}";

    store.archive().moveBefore(2, _ -> {});
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(runsDone("archive")).isEqualTo(1));
    assertThat(sample(failed)).isZero();
    assertThat(sample(running)).isZero();
    assertThat(sample("varve_upkeep_last_done_timestamp_seconds{task=\"archive\"}")).isPositive();
    JsonObject overview = json("/api/overview");
    assertThat(overview.getAsJsonObject("archive").get("doneAt").isJsonNull()).isFalse();
    assertThat(overview.get("archivedTo").getAsLong()).isEqualTo(1);

    Files.move(archive, archive.resolveSibling("unmounted"));
    assertThatThrownBy(() -> store.archive().moveBefore(3, _ -> {}))
        .isInstanceOf(VarveException.class);
    Files.move(archive.resolveSibling("unmounted"), archive);
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(sample(failed)).isEqualTo(1));
    assertThat(runsDone("archive")).isEqualTo(1);
    assertThat(Files.readString(MetricsPage.DOCS.resolve("monitoring/alerts.yml")))
        .contains("task=\"backup\",result=\"failed\"", "task=\"archive\",result=\"failed\"");
  }

  @Test
  void openmetrics_is_given_to_whoever_asks_for_it() throws Exception {
    HttpResponse<String> response =
        ops.get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/openmetrics-text"));
    assertThat(response.body()).endsWith("# EOF\n");
    assertThat(ops.get("/metrics").headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
  }

  @Test
  void every_metric_that_the_dashboard_and_the_alerts_name_is_in_a_scrape() throws Exception {
    append("scraped-1", "Scraped", "{}");
    assertThat(store.streams().get("scraped-1")).isPresent(); // a call that ends
    System.gc(); // the metrics of collections are there once there has been one
    await().untilAsserted(() -> assertThat(scrapedNames()).contains("jvm_gc_pause_seconds_sum"));
    Set<String> scraped = scrapedNames();
    scraped.add("up"); // Prometheus's own
    for (String file : List.of("monitoring/grafana-dashboard.json", "monitoring/alerts.yml")) {
      Set<String> named = MetricsPage.metricsNamedIn(file);
      assertThat(named).as(file).hasSizeGreaterThan(10);
      assertThat(scraped).as(file).containsAll(named);
    }
  }

  private Set<String> scrapedNames() throws Exception {
    return scrape()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.replaceFirst("[{ ].*", ""))
        .collect(Collectors.toSet());
  }

  @Test
  void the_page_on_metrics_lists_what_a_scrape_has_and_nothing_else() throws Exception {
    append("listed-1", "Listed", "{}");
    assertThat(store.streams().get("listed-1")).isPresent(); // a call that ends
    assertThat(MetricsPage.ours()).isEqualTo(MetricsPage.rowsOf(scrape()));
  }

  // ---- the console's API

  @Test
  void streams_are_found_by_prefix_and_by_category_page_by_page() throws Exception {
    append("ship-1", "Launched", "{}");
    append("ship-2", "Launched", "{}");
    append("shipyard", "Founded", "{}");

    assertThat(texts(json("/api/streams?prefix=ship"), "streams", "name"))
        .containsExactly("ship-1", "ship-2", "shipyard");
    assertThat(texts(json("/api/streams?category=ship"), "streams", "name"))
        .containsExactly("ship-1", "ship-2");
    JsonObject first = json("/api/streams?prefix=ship&limit=2");
    assertThat(first.get("more").getAsBoolean()).isTrue();
    JsonObject rest = json("/api/streams?prefix=ship&limit=2&after=ship-2");
    assertThat(texts(rest, "streams", "name")).containsExactly("shipyard");
    assertThat(rest.get("more").getAsBoolean()).isFalse();
  }

  @Test
  void a_streams_events_are_shown_from_either_end_with_payloads_as_they_are() throws Exception {
    String exact = "{\"n\": 12345678901234567890, \"amount\": 1.50}";
    append("letter-1", "Written", exact, "from:ada", "to:bob");
    append("letter-1", "Sent", "{}");
    store.append("letter-1", ExpectedVersion.any(), NewEvent.of("Sealed", new byte[] {-1, 0, 65}));

    JsonObject newest = json("/api/stream?name=letter-1&limit=2");
    assertThat(texts(newest, "events", "type")).containsExactly("Sealed", "Sent");
    assertThat(newest.getAsJsonArray("events").get(0).getAsJsonObject().get("base64").getAsString())
        .isEqualTo("/wBB");
    assertThat(newest.get("done").getAsBoolean()).isFalse();
    JsonObject older =
        json("/api/stream?name=letter-1&from=" + (newest.get("reached").getAsLong() - 1));
    assertThat(texts(older, "events", "type")).containsExactly("Written");
    assertThat(texts(older, "events", "text")).containsExactly(exact);
    assertThat(older.get("done").getAsBoolean()).isTrue();
    assertThat(texts(json("/api/stream?name=letter-1&forwards=true"), "events", "type"))
        .containsExactly("Written", "Sent", "Sealed");
  }

  @Test
  void a_stream_that_is_deleted_or_was_never_there_says_so() throws Exception {
    append("gone-1", "Came", "{}");
    store.streams().delete("gone-1");
    JsonObject gone = json("/api/stream?name=gone-1");
    assertThat(gone.getAsJsonObject("stream").get("life").getAsString()).isEqualTo("deleted");
    assertThat(gone.getAsJsonArray("events")).isEmpty();
    assertThat(ops.get("/api/stream?name=never").statusCode()).isEqualTo(404);
    assertThat(ops.get("/api/stream").statusCode()).isEqualTo(400);
  }

  @Test
  void the_log_is_shown_newest_first_under_a_query() throws Exception {
    append("plant-1", "Sown", "{}", "bed:1");
    append("plant-2", "Sown", "{}", "bed:2");
    append("plant-1", "Watered", "{}", "bed:1");

    assertThat(texts(json("/api/log?tag=bed:1"), "events", "type"))
        .containsExactly("Watered", "Sown");
    assertThat(texts(json("/api/log?type=Sown&category=plant"), "events", "stream"))
        .containsExactly("plant-2", "plant-1");
    assertThat(texts(json("/api/log?prefix=plant-2"), "events", "stream"))
        .containsExactly("plant-2");
    JsonObject none = json("/api/log?type=NeverHappened");
    assertThat(none.getAsJsonArray("events")).isEmpty();
    assertThat(none.get("done").getAsBoolean()).isTrue();
    assertThat(ops.get("/api/log?limit=0").statusCode()).isEqualTo(400);
  }

  @Test
  void a_large_payload_is_cut_in_lists_and_whole_by_itself() throws Exception {
    append("book-1", "Printed", "{\"text\":\"" + "ä".repeat(20_000) + "\"}");
    JsonObject event =
        json("/api/stream?name=book-1").getAsJsonArray("events").get(0).getAsJsonObject();
    assertThat(event.get("cut").getAsBoolean()).isTrue();
    assertThat(event.get("text").getAsString()).hasSizeLessThan(10_000).doesNotContain("\uFFFD");
    JsonObject whole =
        json("/api/event?position=" + event.get("position").getAsLong()).getAsJsonObject("event");
    assertThat(whole.get("cut").getAsBoolean()).isFalse();
    assertThat(whole.get("text").getAsString()).hasSize(20_000 + "{\"text\":\"\"}".length());
    assertThat(ops.get("/api/event?position=999999999").statusCode()).isEqualTo(404);
  }

  @Test
  void types_categories_and_tags_are_counted() throws Exception {
    append("fruit-1", "Ripened", "{}", "colour:red");
    append("fruit-2", "Ripened", "{}", "colour:red");
    assertThat(json("/api/counts?kind=type&limit=500").toString())
        .contains("{\"text\":\"Ripened\",\"count\":2}");
    assertThat(json("/api/counts?kind=category&limit=500").toString())
        .contains("{\"text\":\"fruit\",\"count\":2}");
    assertThat(json("/api/counts?kind=tag&limit=500").toString())
        .contains("{\"text\":\"colour:red\",\"count\":2}");
    assertThat(ops.get("/api/counts?kind=colour").statusCode()).isEqualTo(400);
  }

  @Test
  void the_live_tail_tells_of_what_is_appended_and_goes_on_where_it_was() throws Exception {
    append("tail-1", "Wagged", "{}");
    long before = server.headPosition();
    try (TailReader tail = new TailReader(server.opsPort(), "/api/tail?type=Wagged")) {
      assertThat(tail.next("hello").get("id")).isEqualTo(Long.toString(before));
      append("tail-1", "Slept", "{}");
      append("tail-1", "Wagged", "{\"n\":2}");
      String data = dataOf(tail);
      while (!data.contains("Wagged")) {
        data = dataOf(tail);
      }
      assertThat(data).contains("{\\\"n\\\":2}").doesNotContain("Slept");
    }
    String again = "/api/tail?type=Wagged&after=" + (before - 1);
    try (TailReader tail = new TailReader(server.opsPort(), again)) {
      assertThat(tail.next("events").get("data"))
          .satisfies(
              data ->
                  assertThat(Pattern.compile("\"Wagged\"").matcher(data).results().count())
                      .isEqualTo(2));
    }
  }

  private static String dataOf(TailReader tail) throws IOException {
    return Objects.requireNonNull(tail.next("events").get("data"));
  }

  @Test
  void more_live_tails_than_are_bearable_are_refused_and_make_room_when_they_go() throws Exception {
    List<TailReader> tails = new ArrayList<>();
    try {
      TailReader next = tail();
      while (next.status() == 200) {
        tails.add(next);
        assertThat(tails).hasSizeLessThanOrEqualTo(16);
        assertThat(next.next("hello")).isNotEmpty();
        next = tail();
      }
      tails.add(next);
      assertThat(next.status()).isEqualTo(503);
      assertThat(ops.get("/api/tail").body()).contains("16 live tails");
      assertThat(ops.get("/readyz").statusCode()).isEqualTo(200);
    } finally {
      for (TailReader tail : tails) {
        tail.close();
      }
    }
    // Who has gone is noticed with what is written to it next.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              append("wake-1", "Woken", "{}");
              try (TailReader tail = tail()) {
                assertThat(tail.status()).isEqualTo(200);
              }
            });
  }

  private TailReader tail() throws IOException {
    return new TailReader(server.opsPort(), "/api/tail");
  }

  @Test
  void a_change_needs_our_own_page() throws Exception {
    assertThat(ops.post("/api/scavenge").statusCode()).isEqualTo(403);
    HttpResponse<String> done = ops.post("/api/scavenge", CHANGE, "1");
    assertThat(done.statusCode()).isEqualTo(200);
    assertThat(done.body()).contains("started");
  }

  @Test
  void the_page_and_all_its_files_are_there() throws Exception {
    String page = ops.get("/").body();
    assertThat(page).contains("<title>Varve console</title>").doesNotContain("http://", "https://");
    for (String file : List.of("/main.js", "/console.css", "/icon.svg", "/payload.js")) {
      assertThat(ops.get(file).statusCode()).as(file).isEqualTo(200);
    }
  }
}
