package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.readmodel.DatabaseSettings;
import io.varve.bank.web.WebServer;
import io.varve.client.testkit.InMemoryEventStore;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a browser gets, and what other sites' pages do not. */
class PageHttpTest {

  private static final String BROWSER =
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
  private static final String OPEN = "/api/commands/accounts";
  private static final String ADA = "{\"owner\":\"Ada\",\"initial_balance\":1}";

  @TempDir Path data;
  private InMemoryEventStore store;
  private Bank bank;
  private HttpClient http;

  @BeforeEach
  void start() throws Exception {
    store = new InMemoryEventStore();
    WebServer.Patience patience =
        new WebServer.Patience(Duration.ofSeconds(10), Duration.ofSeconds(10));
    Bank.Settings settings =
        new Bank.Settings(
            "127.0.0.1",
            0,
            data,
            DatabaseSettings.inFolder(data),
            Bank.Settings.SNAPSHOT_EVERY,
            Set.of("bank.example"),
            patience);
    bank = Bank.start(store, settings, InstantSource.system());
    http = HttpClient.newHttpClient();
  }

  @AfterEach
  void stop() {
    http.close();
    bank.close();
    store.close();
  }

  // --- the page ----------------------------------------------------------------------------------

  @Test
  void a_browser_gets_the_page_that_may_load_nothing_from_elsewhere() throws Exception {
    HttpResponse<String> page = get("/", "Accept", BROWSER);
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(header(page, "Content-Type")).isEqualToIgnoringWhitespace("text/html;charset=utf-8");
    assertThat(header(page, "Vary")).isEqualTo("Accept");
    assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(page, "Content-Security-Policy"))
        .contains("default-src 'none'", "script-src 'self'", "connect-src 'self'")
        .contains("frame-ancestors 'none'", "require-trusted-types-for 'script'")
        .doesNotContain("unsafe", "http");
    assertThat(page.body()).contains("<html lang=\"en\">").doesNotContain("style=", "onclick=");
    assertThat(Pattern.compile("<script(?![^>]* src=)").matcher(page.body()).find()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*/*",
        "application/json",
        "application/json, text/html;q=0.9",
        "text/html;q=0"
      })
  void a_program_gets_links(String accept) throws Exception {
    HttpResponse<String> links = accept.isEmpty() ? get("/") : get("/", "Accept", accept);
    assertThat(header(links, "Content-Type")).isEqualTo("application/json");
    assertThat(header(links, "Vary")).isEqualTo("Accept");
    assertThat(links.body()).contains("\"feed\":\"GET /api/feed\"");
  }

  @Test
  void all_that_the_page_is_made_of_is_there() throws Exception {
    TreeSet<String> seen = new TreeSet<>();
    List<String> next = references(get("/", "Accept", BROWSER).body());
    while (!next.isEmpty()) {
      List<String> now = next.stream().filter(seen::add).toList();
      next = new ArrayList<>();
      for (String file : now) {
        HttpResponse<String> answer = get(file);
        assertThat(answer.statusCode()).as(file).isEqualTo(200);
        assertThat(header(answer, "Content-Type"))
            .startsWith(
                file.endsWith(".js")
                    ? "text/javascript"
                    : file.endsWith(".css") ? "text/css" : "image/svg+xml");
        next.addAll(references(answer.body()));
      }
    }
    assertThat(seen).contains("/page/main.js", "/page/page.css", "/page/api.js", "/page/icon.svg");
  }

  private static List<String> references(String text) {
    return Pattern.compile("[\"'](/page/[^\"']+)[\"']")
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  @Test
  void a_browser_that_has_a_file_is_not_sent_it_again() throws Exception {
    HttpResponse<String> first = get("/page/page.css");
    assertThat(header(first, "Cache-Control")).isEqualTo("no-cache");
    String etag = header(first, "ETag");
    HttpResponse<String> same = get("/page/page.css", "If-None-Match", "\"other\", W/" + etag);
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(header(same, "ETag")).isEqualTo(etag);
    assertThat(get("/page/page.css", "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/none.js",
        "/page/",
        "/page/..%2flogback.xml",
        "/page/%2e%2e/logback.xml",
        "/page/Main.js",
        "/page/main.class"
      })
  void what_is_no_file_of_the_page_is_not_there(String path) throws Exception {
    assertThat(get(path).statusCode()).as(path).isIn(400, 404);
  }

  // --- other sites -------------------------------------------------------------------------------

  @Test
  void a_command_from_another_sites_page_is_refused_and_does_nothing() throws Exception {
    int port = bank.port();
    for (String[] headers :
        new String[][] {
          {"Origin", "https://evil.example"},
          {"Origin", "null"},
          {"Origin", "http://127.0.0.1:" + (port + 1)},
          {"Origin", "http://localhost:" + port},
          {"Sec-Fetch-Site", "cross-site"},
          {"Sec-Fetch-Site", "same-site"},
          {"Sec-Fetch-Site", "cross-site", "Origin", "http://127.0.0.1:" + port}
        }) {
      HttpResponse<String> answer = post(OPEN, headers);
      assertThat(answer.statusCode()).as(String.join(" ", headers)).isEqualTo(403);
      assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(answer.body()).contains("\"code\":\"cross_site\"");
    }
    assertThat(get("/api/queries/accounts").body()).contains("\"count\":0");
  }

  @Test
  void a_command_from_the_own_page_or_from_a_program_is_taken() throws Exception {
    String own = "http://127.0.0.1:" + bank.port();
    assertThat(post(OPEN, "Origin", own, "Sec-Fetch-Site", "same-origin").statusCode())
        .isEqualTo(201);
    assertThat(post(OPEN, "Origin", own).statusCode()).isEqualTo(201);
    assertThat(post(OPEN).statusCode()).isEqualTo(201);
  }

  /** A page whose name was made to point at loopback has that name in Host and Origin alike. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "127.0.0.1.evil.example",
        "evil.example.",
        "bank.example.evil"
      })
  void a_name_that_is_made_to_point_here_neither_commands_nor_reads(String name) throws Exception {
    assertThat(commandUnder(name)).isEqualTo(403);
    for (String path :
        List.of(
            "/",
            "/page/main.js",
            "/health",
            "/metrics",
            "/api/feed",
            "/api/queries/accounts",
            "/api/admin/projections",
            "/nowhere")) {
      assertThat(statusUnder(name, "GET " + path, "")).as(path).isEqualTo(403);
    }
    assertThat(get("/api/queries/accounts").body()).contains("\"count\":0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "Bank.Example",
        "bank.example."
      })
  void under_addresses_localhost_and_its_own_names_it_serves(String name) throws Exception {
    assertThat(commandUnder(name)).isEqualTo(201);
    assertThat(statusUnder(name, "GET /api/queries/accounts", "")).isEqualTo(200);
  }

  private int commandUnder(String name) throws Exception {
    return statusUnder(name, "POST " + OPEN, ADA);
  }

  private int statusUnder(String name, String request, String body) throws Exception {
    String host = name + ":" + bank.port();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), bank.port())) {
      String text =
          String.join(
              "\r\n",
              request + " HTTP/1.1",
              "Host: " + host,
              "Origin: http://" + host,
              "Sec-Fetch-Site: same-origin",
              "Content-Type: application/json",
              "Content-Length: " + body.length(),
              "Connection: close",
              "",
              body);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      byte[] line = socket.getInputStream().readNBytes(12);
      return Integer.parseInt(new String(line, StandardCharsets.UTF_8).substring(9));
    }
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return send(request(path).GET(), headers);
  }

  private HttpResponse<String> post(String path, String... headers) throws Exception {
    return send(request(path).POST(BodyPublishers.ofString(ADA)), headers);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String... headers)
      throws Exception {
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + bank.port() + path));
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }
}
