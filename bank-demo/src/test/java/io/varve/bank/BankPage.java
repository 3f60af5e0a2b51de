package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.browser.Chromium;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;

/** The bank's page in a browser, as somebody sees and uses it. Whatever it looks for, it awaits. */
final class BankPage implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ChromeDriver browser;
  private final String address;

  private BankPage(ChromeDriver browser, String address) {
    this.browser = browser;
    this.address = address;
  }

  /** A browser, with a profile in this folder, that shows the bank at this port. */
  static BankPage open(Path profile, int port) {
    BankPage page = new BankPage(Chromium.start(profile), "http://127.0.0.1:" + port + "/");
    page.resize(1280, 1000);
    page.prefer("light");
    page.load();
    return page;
  }

  /** Loads it, and waits until it is live. */
  void load() {
    browser.get(address);
    awaitText("#health-store", "Live");
  }

  void resize(int width, int height) {
    Map<String, Object> metrics =
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false);
    Object _ = browser.executeCdpCommand("Emulation.setDeviceMetricsOverride", metrics);
  }

  /**
   * What the system's colours are: light or dark. Motion is always reduced: nothing moves under us.
   */
  void prefer(String scheme) {
    Object _ =
        browser.executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of(
                "features",
                List.of(
                    Map.of("name", "prefers-color-scheme", "value", scheme),
                    Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
  }

  ChromeDriver browser() {
    return browser;
  }

  // --- looking -----------------------------------------------------------------------------------

  WebElement find(String css) {
    return await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(() -> browser.findElement(By.cssSelector(css)), Objects::nonNull);
  }

  List<WebElement> all(String css) {
    return browser.findElements(By.cssSelector(css));
  }

  void awaitText(String css, String text) {
    awaitText(css, found -> found.contains(text), text);
  }

  void awaitText(String css, Predicate<String> wanted, String description) {
    await(css + " has " + description)
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(() -> browser.findElement(By.cssSelector(css)).getText(), wanted);
  }

  /** The id of the account of this owner, who has one. */
  String accountOf(String owner) {
    return await("an account of " + owner)
        .atMost(PATIENCE)
        .until(
            () ->
                Objects.requireNonNullElse(
                    (String)
                        browser.executeScript(
                            """
                            return [...document.querySelectorAll('.accounts tbody tr')]
                              .find(row => row.querySelector('.owner').textContent === arguments[0])
                              ?.dataset.key\
                            """,
                            owner),
                    ""),
            id -> !id.isEmpty());
  }

  void awaitBalance(String accountId, String balance) {
    awaitText(row(accountId) + " .balance", balance::equals, balance);
  }

  static String row(String accountId) {
    return ".accounts tr[data-key='" + accountId + "']";
  }

  /** What a script of the page says; for what cannot be seen. */
  Object ask(String script, Object... arguments) {
    return Objects.requireNonNull(browser.executeScript(script, arguments), script);
  }

  // --- doing -------------------------------------------------------------------------------------

  /** Turns to a form of the counter. */
  void turnTo(String form) {
    click("#tab-" + form);
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(() -> browser.findElement(By.cssSelector("#form-" + form)).isDisplayed());
  }

  /** Clicks what is there, once it is, however often the page replaces it meanwhile. */
  void click(String css) {
    await(css + " is clicked")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(
            () -> {
              browser.findElement(By.cssSelector(css)).click();
              return true;
            });
  }

  void type(String css, String text) {
    await(css + " is filled in")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(
            () -> {
              WebElement field = browser.findElement(By.cssSelector(css));
              field.clear();
              field.sendKeys(text);
              return true;
            });
  }

  void choose(String css, String accountId) {
    click(css + " option[value='" + accountId + "']");
  }

  void submit(String form) {
    click("#form-" + form + " button[type=submit]");
  }

  /** Opens an account at the counter, and returns its id once it stands in the table. */
  String openAccount(String owner, String initialBalance) {
    turnTo("open");
    type("#open-owner", owner);
    type("#open-initial_balance", initialBalance);
    submit("open");
    return accountOf(owner);
  }

  /** Deposits, withdraws or adds interest. */
  void move(String command, String accountId, String field, String amount) {
    turnTo(command);
    choose("#" + command + "-account", accountId);
    type("#" + command + "-" + field, amount);
    submit(command);
  }

  void closeAccount(String accountId) {
    turnTo("close");
    choose("#close-account", accountId);
    submit("close");
  }

  void transfer(String from, String to, String amount) {
    turnTo("transfer");
    choose("#transfer-from_account", from);
    choose("#transfer-to_account", to);
    type("#transfer-amount", amount);
    submit("transfer");
  }

  /** Presses keys, wherever the focus is. */
  void press(CharSequence... keys) {
    new Actions(browser).sendKeys(keys).perform();
  }

  /** Moves the focus to what is before it. */
  void tabBack() {
    new Actions(browser).keyDown(Keys.SHIFT).sendKeys(Keys.TAB).keyUp(Keys.SHIFT).perform();
  }

  /** Moves the focus on with the tab key until it is here. */
  void tabTo(String css) {
    for (int i = 0; i < 60; i++) {
      if (Boolean.TRUE.equals(
          browser.executeScript("return document.activeElement.matches(arguments[0])", css))) {
        return;
      }
      press(Keys.TAB);
    }
    throw new AssertionError("the tab key does not lead to " + css);
  }

  // --- the console -------------------------------------------------------------------------------

  /**
   * No script has failed and nothing was blocked since the last look. A refused command is fine.
   */
  void assertQuietConsole() {
    assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
        .extracting(Object::toString)
        .filteredOn(line -> !line.contains("/api/commands/"))
        .isEmpty();
  }

  void forgetConsole() {
    Object _ = browser.manage().logs().get(LogType.BROWSER);
  }

  @Override
  public void close() {
    browser.quit();
  }
}
