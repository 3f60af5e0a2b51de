package io.varve.client.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/**
 * The machine's own Chromium, driven by its own chromedriver; nothing is downloaded. Without them a
 * test is skipped, unless the environment says {@code VARVE_CI=1}: then it fails.
 */
public final class Chromium {

  private static final String NEEDED =
      "needs chromium and chromedriver on the PATH (Debian: apt-get install chromium"
          + " chromium-driver)";

  private Chromium() {}

  /** Ends the test here if there is no browser: before it starts what else it needs. */
  public static void need() {
    if (onPath("chromium").isEmpty() || onPath("chromedriver").isEmpty()) {
      assertThat(System.getenv("VARVE_CI")).as("VARVE_CI: this " + NEEDED).isNotEqualTo("1");
      Assumptions.abort(NEEDED);
    }
  }

  /** A browser with a profile of its own in this folder. */
  public static ChromeDriver start(Path profile) {
    need();
    ChromeOptions options = new ChromeOptions();
    options.setBinary(onPath("chromium").orElseThrow().toFile());
    options.addArguments(
        "--headless=new",
        "--hide-scrollbars",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--lang=en-GB",
        "--user-data-dir=" + profile);
    if (System.getProperty("user.name").equals("root")) {
      options.addArguments("--no-sandbox"); // Chromium starts for root only without
    }
    options.setCapability("goog:loggingPrefs", Map.of("browser", "ALL"));
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(onPath("chromedriver").orElseThrow().toFile())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    ChromeDriver browser = new ChromeDriver(service, options);
    browser.manage().timeouts().scriptTimeout(Duration.ofMinutes(2)); // axe takes long if others do
    return browser;
  }

  private static Optional<Path> onPath(String program) {
    return Arrays.stream(
            System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, Integer.MAX_VALUE))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
