package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.browser.Chromium;
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
import io.varve.server.config.Settings;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The console in a real browser, over a running server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleIT {
  private static final String EXACT = "{\"n\": 12345678901234567890, \"amount\": 1.50}";
  private static final List<String> VIEWS =
      List.of(
          "#/",
          "#/streams",
          "#/streams/order-1",
          "#/log",
          "#/terms?kind=tag",
          "#/groups",
          "#/groups/shipping",
          "#/subscriptions");

  /** What would do something if it became markup. */
  private static final String HOSTILE = "<img src=x onerror=document.title='had'>";

  private static final String FIRST_PARKED_AT =
      "return document.querySelector('.events li:first-child .why time')?.dateTime ?? null";

  private GroupConsumer shipping;
  private TestServer server;
  private VarveClient store;
  private ConsolePage page;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    Chromium.need();
    server = TestServer.withOps(folder.resolve("data"));
    store = server.client();
    append("order-1", "OrderPlaced", EXACT, "customer:7");
    append("order-1", "OrderPaid", "{\"by\": {\"card\": true, \"tags\": [1, null]}}", "customer:7");
    append("order-2", "OrderPlaced", "{}", "customer:8");
    append("orderly", "Tidied", "\"<img src=x onerror=document.title='had'>\"");
    store.append("blob-1", ExpectedVersion.any(), NewEvent.of("Blobbed", new byte[] {-1, 0, 65}));
    for (int i = 1; i <= 60; i++) {
      append("many-" + i, "Counted", "{\"i\":" + i + "}", "number:" + i);
    }
    store
        .consumerGroups()
        .create(
            ConsumerGroup.ofLog("shipping", Query.categories("order"))
                .settings(ConsumerGroupSettings.defaults().maxRetries(0)));
    store.consumerGroups().create(ConsumerGroup.ofStream(HOSTILE, "order-1").fromNow());
    shipping =
        store
            .consumerGroups()
            .consume(
                JoinGroup.of("shipping").as("<b>packer</b>").credit(100),
                (event, consumer) -> consumer.nack(event, NackAction.PARK, HOSTILE));
    page = new ConsolePage(folder.resolve("profile"), server.opsPort());
  }

  private void append(String stream, String type, String json, String... tags) {
    store.append(
        stream,
        ExpectedVersion.any(),
        NewEvent.builder(type).json(json).tags(List.of(tags)).build());
  }

  @AfterAll
  void stop() {
    if (page != null) {
      page.close();
    }
    if (shipping != null) {
      shipping.close();
    }
    if (store != null) {
      store.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void nothing_has_gone_wrong_behind_the_scenes() {
    page.assertQuiet();
  }

  @Test
  void the_overview_tells_that_the_server_is_ready_and_how_much_there_is() {
    page.open("");
    page.awaitText("#state", "ready");
    page.awaitText("main", "newest position");
    assertThat(page.find(".tiles").getText()).contains("Head", "Streams", "Queue");
    page.click("main button");
    page.awaitText("#announcer", text -> text.isEmpty() || text.contains("scavenge"), "an answer");
  }

  @Test
  void streams_are_found_by_prefix_and_by_category_and_paged() {
    page.open("#/streams");
    page.awaitText("table", "many-");
    await().until(() -> page.all("tbody tr").size() == 50);
    page.click(".more button");
    await().atMost(ConsolePage.PATIENCE).until(() -> page.all("tbody tr").size() > 60);

    page.find("input[name=term]").sendKeys("order" + Keys.ENTER);
    page.awaitText("tbody tr:nth-child(3)", "orderly");
    assertThat(page.texts("tbody th")).containsExactly("order-1", "order-2", "orderly");

    page.open("#/streams?category=order");
    page.awaitText("tbody", "order-2");
    assertThat(page.texts("tbody th")).containsExactly("order-1", "order-2");
  }

  @Test
  void an_event_is_opened_and_its_json_is_laid_out_without_losing_a_digit() {
    page.open("#/streams");
    page.find("input[name=term]").sendKeys("order-1" + Keys.ENTER);
    page.click("a[href='#/streams/order-1']");
    page.awaitText("h1", "order-1");
    page.awaitText(".events li:nth-child(2) .type", "OrderPlaced");
    page.find(".events li:nth-child(2) summary").sendKeys(Keys.ENTER);
    page.awaitText(".events pre.json", "12345678901234567890");
    assertThat(page.find(".events pre.json").getText())
        .isEqualTo("{\n  \"n\": 12345678901234567890,\n  \"amount\": 1.50\n}");
    assertThat(page.find(".events .body").getText()).contains("customer:7", "application/json");
  }

  @Test
  void what_an_event_holds_stays_text_and_bytes_are_shown_as_such() {
    page.open("#/log?type=Tidied");
    page.click(".events summary");
    page.awaitText(".events pre", "<img src=x");
    assertThat(page.all(".events img")).isEmpty();
    assertThat(page.browser().getTitle()).isEqualTo("Log · Varve console");

    page.open("#/log?type=Blobbed");
    page.click(".events summary");
    page.awaitText(".events pre.hex", "ff 00 41");
    assertThat(page.find(".events pre.hex").getText()).endsWith("..A");
  }

  @Test
  void the_log_is_looked_through_by_type_and_tag() {
    page.open("#/terms");
    page.awaitText("tbody", "OrderPlaced");
    page.click("a[href='#/log?type=OrderPlaced']");
    page.awaitText(".events li:nth-child(2) .stream", "order-1");
    assertThat(page.texts(".events .stream")).containsExactly("order-2", "order-1");

    page.find("input[name=tag]").sendKeys("customer:7" + Keys.ENTER);
    await()
        .atMost(ConsolePage.PATIENCE)
        .until(() -> page.texts(".events .stream").equals(List.of("order-1")));
  }

  @Test
  void the_log_is_followed_live_paused_and_gone_on_with() {
    page.open("#/log?category=live");
    page.click("#live");
    page.awaitText("#live-state", "live");
    append("live-1", "Happened", "{\"n\":1}");
    page.awaitText(".events li:first-child .stream", "live-1");
    append("dead-1", "Happened", "{}");
    append("live-2", "Happened", "{\"n\":2}");
    page.awaitText(".events li:first-child .stream", "live-2");
    assertThat(page.texts(".events .stream")).containsExactly("live-2", "live-1");

    page.click("button[aria-pressed]");
    append("live-3", "Happened", "{\"n\":3}");
    String head = "head " + server.headPosition();
    page.awaitText("#live-state", head);
    assertThat(page.texts(".events .stream")).containsExactly("live-2", "live-1");
    page.click("button[aria-pressed]");
    page.awaitText(".events li:first-child .stream", "live-3");
  }

  @Test
  void a_subscriber_is_seen_while_it_is_there() {
    page.open("#/subscriptions");
    page.awaitText("main", "Nobody follows the store.");
    Subscription subscription = store.subscribeToLog(SubscribeToLog.all(), _ -> {});
    page.awaitText("tbody", "live");
    subscription.close();
    page.awaitText("main", "Nobody follows the store.");
  }

  @Test
  void a_group_is_seen_with_its_consumers_and_its_parked_events_are_replayed_and_discarded() {
    page.open("#/groups");
    page.awaitText("tbody", "shipping");
    assertThat(page.texts("tbody th")).containsExactlyInAnyOrder("shipping", HOSTILE);
    page.click("a[href='#/groups/shipping']");
    page.awaitText("h1", "shipping");
    page.awaitText("tbody th", "<b>packer</b>");
    page.awaitText(".events li:nth-child(3) .why", HOSTILE);
    page.click(".events li:first-child summary");
    page.awaitText(".events pre.json", "12345678901234567890");
    assertThat(page.all("main img, main tbody b")).isEmpty();

    // Replayed to the consumer, who parks it again: later than before.
    Object parkedAt = page.ask(FIRST_PARKED_AT);
    page.click(".events li:first-child .why button");
    await()
        .atMost(ConsolePage.PATIENCE)
        .until(() -> page.ask(FIRST_PARKED_AT), at -> at != null && !at.equals(parkedAt));

    page.click(".events li:nth-child(3) .why button:last-child");
    page.accept();
    page.awaitText(".facts", text -> text.matches("(?s).*Parked\\s+2\\b.*"), "two parked events");
    await().atMost(ConsolePage.PATIENCE).until(() -> page.all(".events li").size() == 2);
  }

  @Test
  void a_console_that_may_only_look_shows_nothing_that_changes(@TempDir Path folder)
      throws Exception {
    try (TestServer looking =
            TestServer.start(
                TestServer.config(folder.resolve("data"))
                    .with(Settings.OPS, true)
                    .with(Settings.DISK_RESERVE, 0L));
        VarveClient client = looking.client()) {
      client.append("order-1", ExpectedVersion.any(), NewEvent.json("OrderPlaced", "{}"));
      client
          .consumerGroups()
          .create(
              ConsumerGroup.ofLog("looking", Query.all())
                  .settings(ConsumerGroupSettings.defaults().maxRetries(0)));
      try (GroupConsumer _ =
          client
              .consumerGroups()
              .consume(
                  JoinGroup.of("looking").credit(1),
                  (event, consumer) -> consumer.nack(event, NackAction.PARK, "no"))) {
        page.browser().get("http://127.0.0.1:" + looking.opsPort() + "/#/groups/looking");
        page.awaitText(".events .why", "no, after 0 retries");
        assertThat(page.all(".why button")).isEmpty();
        page.browser().get("http://127.0.0.1:" + looking.opsPort() + "/#/");
        page.awaitText("main", "newest position");
        assertThat(page.all("main button")).isEmpty();
      }
      page.browser().get("about:blank"); // before the server goes, so that nothing asks in vain
    }
  }

  @Test
  void it_is_used_with_the_keyboard_alone() {
    page.open("");
    page.awaitText("#state", "ready");
    page.find("body").sendKeys(Keys.TAB);
    assertThat(page.browser().switchTo().activeElement().getText()).isEqualTo("Skip to content");
    page.browser().switchTo().activeElement().sendKeys(Keys.ENTER);
    assertThat(page.ask("return document.activeElement.id")).isEqualTo("main");
    page.find("header nav a[href='#/streams']").sendKeys(Keys.ENTER);
    page.awaitText("h1", "Streams");
    assertThat(page.ask("return document.activeElement.id")).isEqualTo("main");
    assertThat(page.find("header nav a[aria-current]").getText()).isEqualTo("Streams");
  }

  @Test
  void colours_follow_the_system_until_somebody_says_otherwise() {
    page.open("");
    page.prefer("dark");
    page.awaitText("#theme", "Light");
    page.click("#theme");
    assertThat(page.ask("return document.documentElement.dataset.theme")).isEqualTo("light");
    page.open("#/streams");
    assertThat(page.ask("return document.documentElement.dataset.theme")).isEqualTo("light");
    Object _ = page.ask("localStorage.clear()");
    page.prefer("light");
  }

  @Test
  void no_view_has_a_barrier_that_axe_knows_of_in_light_and_in_dark() throws Exception {
    for (String scheme : List.of("light", "dark")) {
      page.prefer(scheme);
      for (String view : VIEWS) {
        page.open(view);
        settle();
        if (!page.all(".events summary").isEmpty()) {
          page.click(".events summary");
          page.find(".events .body");
        }
        assertThat(violations()).as(view + ", " + scheme).isEmpty();
      }
    }
    page.prefer("light");
  }

  @Test
  void every_view_fits_a_telephone_and_a_large_screen() {
    append("wide-" + "n".repeat(200), "TypeWithAVeryLongName".repeat(8), "{}", "t".repeat(200));
    for (int width : List.of(360, 900, 1920)) {
      page.resize(width, 900);
      for (String view : VIEWS) {
        page.open(view);
        settle();
        assertThat(
                page.ask(
                    "const e = document.documentElement; return e.scrollWidth - e.clientWidth"))
            .as(view + " at " + width + " px sticks out")
            .isEqualTo(0L);
      }
    }
    page.resize(1280, 900);
  }

  /** Waits until the view has what it shows. */
  private void settle() {
    page.awaitText("#state", "ready");
    await()
        .atMost(ConsolePage.PATIENCE)
        .until(
            () ->
                page.ask(
                    "return !!document.querySelector('main tbody tr, main .events li, main .tile,"
                        + " main .empty:not([hidden])')"),
            Boolean.TRUE::equals);
  }

  private List<?> violations() throws Exception {
    try (InputStream axe =
        Objects.requireNonNull(ConsoleIT.class.getResourceAsStream("/axe.min.js"))) {
      Object _ = page.ask(new String(axe.readAllBytes(), StandardCharsets.UTF_8) + ";return 1");
    }
    return (List<?>)
        Objects.requireNonNull(
            page.browser()
                .executeAsyncScript(
                    """
                    const done = arguments[arguments.length - 1];
                    axe.run(document, { resultTypes: ['violations'] })
                      .then(found => done(found.violations.map(v => v.impact + ' ' + v.id + ': '
                        + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; '))),
                        failed => done(['axe failed: ' + failed]));\
                    """));
  }
}
