package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.browser.Chromium;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.logging.LogType;

/** The console in a browser, as somebody sees and uses it. Whatever it looks for, it awaits. */
final class ConsolePage implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ChromeDriver browser;
  private final String address;

  /** A browser, with a profile in this folder, for the console at this port. */
  ConsolePage(Path profile, int port) {
    browser = Chromium.start(profile);
    address = "http://127.0.0.1:" + port + "/";
    browser.get(address);
    resize(1280, 900);
    prefer("light");
  }

  /** Shows a view, as if somebody had typed its address. */
  void open(String hash) {
    browser.get("about:blank");
    browser.get(address + hash);
  }

  void resize(int width, int height) {
    Object _ =
        browser.executeCdpCommand(
            "Emulation.setDeviceMetricsOverride",
            Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** What the system's colours are: light or dark. */
  void prefer(String scheme) {
    Object _ =
        browser.executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  ChromeDriver browser() {
    return browser;
  }

  WebElement find(String css) {
    return await(css)
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(() -> browser.findElement(By.cssSelector(css)), Objects::nonNull);
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

  /** Says yes to what the page asks. */
  void accept() {
    await("a question is answered")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(WebDriverException.class)
        .until(
            () -> {
              browser.switchTo().alert().accept();
              return true;
            });
  }

  List<WebElement> all(String css) {
    return browser.findElements(By.cssSelector(css));
  }

  /** The text of each that matches, as it is now. */
  List<String> texts(String css) {
    return all(css).stream().map(WebElement::getText).toList();
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

  @Nullable Object ask(String script, Object... arguments) {
    return browser.executeScript(script, arguments);
  }

  /** Nobody has complained behind the scenes: no error, nothing kept from loading. */
  void assertQuiet() {
    assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
        .extracting(Object::toString)
        .isEmpty();
  }

  @Override
  public void close() {
    browser.quit();
  }
}
