package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.browser.Chromium;
import io.varve.client.port.LastingPort;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The page in a real browser, over the demo and a server as real processes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BankPageIT {

  private Path folder;
  private RunningProgram server;
  private RunningProgram demo;
  private BankClient client;
  private BankPage page;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    Chromium.need();
    server = RunningProgram.server(folder.resolve("server"), LastingPort.find());
    demo = RunningProgram.demo(folder.resolve("demo"), server.port(), LastingPort.find());
    client = new BankClient(demo.port());
    page = BankPage.open(folder.resolve("profile"), demo.port());
  }

  @AfterAll
  void stop() {
    if (page != null) {
      page.close();
    }
    if (client != null) {
      client.close();
    }
    if (demo != null) {
      demo.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void load() {
    page.load();
  }

  @AfterEach
  void nothing_has_gone_wrong_behind_the_scenes() {
    page.assertQuietConsole();
  }

  // --- commands ----------------------------------------------------------------------------------

  @Test
  void an_account_is_opened_and_stands_in_the_table() {
    String ada = page.openAccount("Ada", "100");
    page.awaitBalance(ada, "100.00");
    page.awaitText("#announcer", "Opened an account for Ada, with 100.00");
  }

  @Test
  void money_goes_in_and_out_and_bears_interest_and_the_balance_follows() {
    String bea = page.openAccount("Bea", "100");
    page.move("deposit", bea, "amount", "1150.50");
    page.awaitBalance(bea, "1,250.50");
    page.move("withdraw", bea, "amount", "250.50");
    page.awaitBalance(bea, "1,000.00");
    page.move("interest", bea, "rate", "0.05");
    page.awaitBalance(bea, "1,050.00");
  }

  @Test
  void an_empty_account_is_closed() {
    String cyd = page.openAccount("Cyd", "0");
    page.closeAccount(cyd);
    page.awaitText(BankPage.row(cyd) + " .badge", "Closed");
  }

  @Test
  void a_mistake_is_told_at_its_field_and_a_refusal_above_the_button() {
    String dan = page.openAccount("Dan", "5");
    page.move("withdraw", dan, "amount", "-1");
    page.awaitText("#withdraw-amount-error", "must be greater than zero");
    WebElement amount = page.find("#withdraw-amount");
    assertThat(amount.getAttribute("aria-invalid")).isEqualTo("true");
    assertThat(amount.getAttribute("aria-describedby")).contains("withdraw-amount-error");
    assertThat(page.browser().switchTo().activeElement()).isEqualTo(amount);

    page.move("withdraw", dan, "amount", "7");
    page.awaitText("#form-withdraw .trouble", "insufficient funds");
    assertThat(page.find("#withdraw-amount-error").getText()).isEmpty();
    assertThat(page.find("#withdraw-amount").getAttribute("aria-invalid")).isNull();
    page.awaitBalance(dan, "5.00");
  }

  @Test
  void what_an_owner_is_called_stays_text() {
    String name = "<img src=x onerror=\"document.title='had'\">";
    page.openAccount(name, "1");
    assertThat(page.all(".accounts img")).isEmpty();
    assertThat(page.browser().getTitle()).isEqualTo("Varve Bank");
  }

  // --- transfers ---------------------------------------------------------------------------------

  @Test
  void a_transfer_that_succeeds_is_four_steps_that_are_done() {
    String eve = page.openAccount("Eve", "50");
    String fay = page.openAccount("Fay", "0");
    page.transfer(eve, fay, "20");
    page.awaitText("#announcer", "Transferred 20.00 from Eve to Fay");
    String transfer = "#transfer-list > li:first-child";
    page.awaitText(transfer + " .transfer-who", "Eve");
    page.awaitText(transfer + " .badge", "Completed");
    assertThat(page.all(transfer + " .there .step.done")).hasSize(4);
    assertThat(page.all(transfer + " .back .step")).isEmpty();
    page.awaitBalance(eve, "30.00");
    page.awaitBalance(fay, "20.00");
  }

  @Test
  void a_transfer_to_a_closed_account_shows_its_way_there_and_back() {
    String gil = page.openAccount("Gil", "50");
    String hal = page.openAccount("Hal", "0");
    page.closeAccount(hal);
    page.awaitText(BankPage.row(hal) + " .badge", "Closed");
    page.transfer(gil, hal, "20");
    page.awaitText("#announcer", "refunded: 20.00 from Gil to Hal");
    String transfer = "#transfer-list > li:first-child";
    page.awaitText(transfer + " .transfer-who", "Gil");
    page.awaitText(transfer + " .badge", "Compensated");
    page.awaitText(transfer + " .transfer-error", "closed");
    assertThat(page.all(transfer + " .there .step.done")).hasSize(1);
    assertThat(page.all(transfer + " .there .step.refused")).hasSize(1);
    assertThat(page.all(transfer + " .back .step.done")).hasSize(1);
    assertThat(page.find(transfer + " .back .step").getText()).contains("Refund", "Gil");
    page.awaitBalance(gil, "50.00");
  }

  // --- time --------------------------------------------------------------------------------------

  @Test
  void an_earlier_moment_shows_the_balance_of_then() throws Exception {
    String ian = client.open("Ian", "100");
    client.command(ian, "deposit", "{\"amount\":50}").expect(200);
    client.command(ian, "withdraw", "{\"amount\":30}").expect(200);
    page.awaitBalance(ian, "120.00");
    page.click(BankPage.row(ian) + " .owner");
    page.awaitText("#past-about", "Ian");
    page.awaitText("#past-balance", "120.00");

    awaitChart("Ian", "120.00");
    page.click("#past-earlier");
    page.awaitText("#past-balance", "120.00");
    page.click("#past-earlier");
    page.awaitText("#past-balance", "150.00");
    page.click("#past-earlier");
    page.awaitText("#past-balance", "100.00");
    String then = page.find("#past-total").getText();
    assertThat(then).isNotEqualTo("…");
    assertThat(page.find("#past .past-table tr[data-key='" + ian + "'] .since").getText())
        .isEqualTo("+20.00");

    page.find("#past-slider").sendKeys(Keys.HOME);
    page.awaitText("#past-balance", "no account yet");
    page.find("#past-slider").sendKeys(Keys.END);
    page.awaitText("#past-when", "Now");
    page.awaitText("#past-balance", "120.00");
  }

  @Test
  void an_exact_time_is_as_good_as_the_slider() throws Exception {
    String joe = client.open("Joe", "10");
    Instant opened = Instant.parse(client.settled("/api/queries/accounts/" + joe).at("/opened_at"));
    // The field knows milliseconds, so the next movement must be in a later one than the moment.
    Instant moment = opened.plusMillis(5);
    await().until(() -> Instant.now().isAfter(moment.plusMillis(5)));
    client.command(joe, "deposit", "{\"amount\":90}").expect(200);
    page.awaitBalance(joe, "100.00");
    page.click(BankPage.row(joe) + " .owner");
    page.awaitText("#past-about", "Joe");
    Object _ =
        page.ask(
            """
            const field = document.getElementById('past-time');
            const date = new Date(arguments[0]);
            field.value = new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 23);
            field.dispatchEvent(new Event('change'));
            return true;\
            """,
            moment.toEpochMilli());
    page.awaitText("#past-balance", "10.00");
    page.click("#past-now");
    page.awaitText("#past-balance", "100.00");
  }

  /** The chart is of this account, up to this balance. */
  private void awaitChart(String owner, String balance) {
    await()
        .atMost(BankPage.PATIENCE)
        .until(
            () ->
                Objects.requireNonNullElse(
                    page.find("#past .steps").getAttribute("aria-label"), ""),
            label -> label.contains("Balance of " + owner) && label.contains(balance + " at last"));
  }

  // --- by keyboard alone -------------------------------------------------------------------------

  @Test
  void an_account_is_opened_and_filled_by_keyboard_alone() {
    page.press(Keys.TAB);
    assertThat(page.browser().switchTo().activeElement().getText()).contains("Skip");
    page.press(Keys.ENTER);
    page.tabTo("#tab-open");
    page.tabTo("#open-owner");
    page.press("Kim");
    page.tabTo("#open-initial_balance");
    page.press("12", Keys.ENTER);
    String kim = page.accountOf("Kim");
    page.awaitBalance(kim, "12.00");
    await()
        .atMost(BankPage.PATIENCE)
        .until(() -> page.browser().switchTo().activeElement().equals(page.find("#open-owner")));

    page.tabBack();
    page.press(Keys.ARROW_RIGHT);
    page.tabTo("#deposit-account");
    assertThat(page.find("#deposit-account").getAttribute("value")).isEqualTo(kim);
    page.tabTo("#deposit-amount");
    page.press("8", Keys.ENTER);
    page.awaitBalance(kim, "20.00");
  }

  // --- the feed ----------------------------------------------------------------------------------

  @Test
  void events_show_as_they_happen_without_a_reload() throws Exception {
    stay();
    String leo = client.open("Leo", "3");
    long position = client.command(leo, "deposit", "{\"amount\":4.25}").expect(200).position();
    String event = "#feed-list li[data-position='" + position + "']";
    page.awaitText(event, "Money deposited");
    assertThat(page.find(event).getText()).contains("+4.25", "Leo");
    page.awaitBalance(leo, "7.25");
    page.click(event + " summary");
    page.awaitText(event + " pre", "\"stream\": \"account-" + leo + "\"");
    assertStayed();
  }

  @Test
  void a_list_that_is_paused_stands_still_and_loses_nothing() throws Exception {
    page.click("#feed-pause");
    String max = client.open("Max", "3");
    page.awaitText("#feed-note", "Paused; 1 more so far");
    assertThat(page.all("#feed-list li[data-type='AccountOpened']"))
        .noneMatch(item -> item.getText().contains("Max"));
    page.click("#feed-pause");
    page.awaitText("#feed-list li:first-child", "Max");
    page.awaitBalance(max, "3.00");
  }

  @Test
  void the_page_lives_through_a_restart_of_the_server_and_misses_nothing() throws Exception {
    String ned = client.open("Ned", "1");
    page.awaitBalance(ned, "1.00");
    stay();
    server.stop();
    page.awaitText("#health-store", "Store away");
    page.turnTo("deposit");
    page.move("deposit", ned, "amount", "2");
    page.awaitText("#form-deposit .trouble", "store");
    server = RunningProgram.server(folder.resolve("server"), server.port());
    page.awaitText("#health-store", "Live");
    page.submit("deposit");
    page.awaitBalance(ned, "3.00");
    client.command(ned, "deposit", "{\"amount\":4}").expect(200);
    page.awaitBalance(ned, "7.00");
    assertStayed();
    assertFeedIsComplete();
    page.forgetConsole();
  }

  @Test
  void the_page_lives_through_a_restart_of_the_demo_and_misses_nothing() throws Exception {
    String ole = client.open("Ole", "1");
    page.awaitBalance(ole, "1.00");
    stay();
    demo.kill();
    page.awaitText("#health-store", "Link lost");
    demo = RunningProgram.demo(folder.resolve("demo"), server.port(), demo.port());
    client.command(ole, "deposit", "{\"amount\":4}").expect(200);
    page.awaitText("#health-store", "Live");
    page.awaitBalance(ole, "5.00");
    assertStayed();
    assertFeedIsComplete();
    page.forgetConsole();
  }

  /** Leaves a mark that a reload would wipe out. */
  private void stay() {
    Object _ = page.ask("return window.stayed = true");
  }

  private void assertStayed() {
    assertThat(page.ask("return window.stayed === true")).isEqualTo(true);
  }

  /**
   * The events in the list follow one another: the store has no others, so no position is left out.
   */
  private void assertFeedIsComplete() {
    List<Long> positions =
        page.all("#feed-list > li").stream()
            .map(item -> Long.valueOf(Objects.requireNonNull(item.getAttribute("data-position"))))
            .toList();
    assertThat(positions).hasSizeGreaterThan(1);
    for (int i = 1; i < positions.size(); i++) {
      assertThat(positions.get(i - 1)).isEqualTo(positions.get(i) + 1);
    }
  }

  // --- projections -------------------------------------------------------------------------------

  @Test
  void a_projection_is_made_anew_while_the_page_looks_on() throws Exception {
    String sue = client.open("Sue", "3");
    page.awaitBalance(sue, "3.00");
    String accounts = ".projection[data-key='accounts']";
    page.awaitText(accounts + " .projection-facts", "up to date");
    page.click(accounts + " button");
    page.awaitText("#announcer", "Accounts has been made anew");
    page.awaitText(accounts + " .projection-facts", "generation");
    client.command(sue, "deposit", "{\"amount\":2}").expect(200);
    page.awaitBalance(sue, "5.00");
  }

  // --- for everybody -----------------------------------------------------------------------------

  @Test
  void nothing_keeps_anybody_out_in_light_or_in_dark() throws Exception {
    String pia = client.open("Pia", "50");
    String quo = client.open("Quo", "0");
    client.command(quo, "close", "").expect(200);
    client.transfer(pia, quo, "20").expect(409);
    String ria = client.open("Ria", "1");
    long last = client.transfer(pia, ria, "5").expect(200).position();
    page.click(BankPage.row(pia) + " .owner");
    page.awaitText("#past-about", "Pia");
    page.move("withdraw", pia, "amount", "x");
    page.awaitText("#withdraw-amount-error", "number");
    page.find("#feed-list li[data-position='" + last + "']");
    page.click("#feed-list li:first-child summary");
    page.click(".as-table summary");
    for (String scheme : List.of("light", "dark")) {
      page.prefer(scheme);
      for (int width : List.of(1280, 360)) {
        page.resize(width, 900);
        assertThat(violations()).as("%s, %d px wide", scheme, width).isEmpty();
      }
    }
    page.resize(1280, 1000);
    page.prefer("light");
  }

  /** What axe has to say, of whatever weight. */
  private List<?> violations() throws Exception {
    try (InputStream axe =
        Objects.requireNonNull(BankPageIT.class.getResourceAsStream("/axe.min.js"))) {
      Object _ =
          page.browser()
              .executeScript(new String(axe.readAllBytes(), StandardCharsets.UTF_8) + ";return 1");
    }
    return (List<?>)
        Objects.requireNonNull(
            page.browser()
                .executeAsyncScript(
                    """
                    const done = arguments[arguments.length - 1];
                    Promise.all(document.getAnimations().map(a => a.effect.getTiming().iterations === Infinity
                        ? null : a.finished.catch(() => {})))
                      .then(() => axe.run(document, { resultTypes: ['violations'] }))
                      .then(found => done(found.violations.map(v => v.impact + ' ' + v.id + ': '
                        + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; '))),
                        failed => done(['axe failed: ' + failed]));\
                    """));
  }

  @Test
  void it_fits_a_telephone_and_a_large_screen() {
    page.openAccount("Dorothea Elisabeth von Hohenstein-Rabenstein zu Oberlangenau", "1");
    page.openAccount("N".repeat(100), "999999999.99");
    for (int width : List.of(360, 768, 1280, 1920)) {
      page.resize(width, 900);
      await(width + " px wide: nothing sticks out")
          .atMost(BankPage.PATIENCE)
          .until(
              () ->
                  page.ask(
                      """
                      const page = document.documentElement;
                      return page.scrollWidth === page.clientWidth && innerWidth === arguments[0];\
                      """,
                      width),
              Boolean.TRUE::equals);
    }
    page.resize(1280, 1000);
  }

  @Test
  void a_chosen_theme_stays() {
    page.awaitText("#theme", "Theme: system");
    page.click("#theme");
    page.click("#theme");
    page.awaitText("#theme", "Theme: dark");
    page.load();
    page.awaitText("#theme", "Theme: dark");
    assertThat(page.ask("return getComputedStyle(document.documentElement).colorScheme"))
        .isEqualTo("dark");
    page.click("#theme");
    page.awaitText("#theme", "Theme: system");
  }

  @Test
  void nothing_is_loaded_from_elsewhere() {
    assertThat(
            (List<?>)
                page.ask(
                    """
                    return performance.getEntriesByType('resource').map(entry => entry.name)
                      .filter(name => !name.startsWith(location.origin + '/'))\
                    """))
        .isEmpty();
  }
}
