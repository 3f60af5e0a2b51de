package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.web.WebServer;
import io.varve.client.testkit.InMemoryEventStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests that the HTTP server refuses before anything of the bank's sees them: no HTTP, half of
 * it, or too much of it. They get the error body that all others get.
 */
class RefusedRequestTest {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int PATIENCE_MILLIS = 60_000;

  @TempDir static Path data;
  private static InMemoryEventStore store;
  private static Bank bank;

  @BeforeAll
  static void start() throws Exception {
    store = new InMemoryEventStore();
    WebServer.Patience patience =
        new WebServer.Patience(Duration.ofSeconds(10), Duration.ofSeconds(10));
    bank =
        Bank.start(
            store, new Bank.Settings("127.0.0.1", 0, data, patience), InstantSource.system());
  }

  @AfterAll
  static void stop() {
    bank.close();
    store.close();
  }

  private static Arguments request(int status, String name, String... lines) {
    return Arguments.of(name, status, String.join("\r\n", lines) + "\r\n\r\n");
  }

  static Stream<Arguments> refused() {
    String open = "POST /api/commands/accounts HTTP/1.1";
    String list = "GET /api/queries/accounts HTTP/1.1";
    String host = "Host: 127.0.0.1";
    return Stream.of(
        request(400, "no HTTP", "hello"),
        request(505, "an unknown protocol", "GET / FTP/1.1", host),
        request(505, "a version that there is not", "GET / HTTP/9.9", host),
        request(400, "no Host", list),
        request(400, "two Hosts", list, host, "Host: localhost"),
        request(400, "a Host that is none", list, "Host: a b:c:d"),
        request(400, "a broken escape", "GET /api/%zz HTTP/1.1", host),
        request(400, "half an escape", "GET /api/queries/accounts/a%2 HTTP/1.1", host),
        request(
            400, "a broken escape in a parameter", "GET /api/queries/bank?at=%zz HTTP/1.1", host),
        request(404, "an escaped slash", "GET /api/queries/accounts%2fx HTTP/1.1", host),
        request(404, "escaped dots", "GET /page/%2e%2e/logback.xml HTTP/1.1", host),
        request(400, "a path out of the root", "GET /../../etc/passwd HTTP/1.1", host),
        request(400, "a NUL", "GET /api/%00 HTTP/1.1", host),
        request(414, "a long address", "GET /" + "x".repeat(20_000) + " HTTP/1.1", host),
        request(431, "a long header", list, host, "X-Long: " + "x".repeat(20_000)),
        request(431, "many headers", list, host, "X-Some: x\r\n".repeat(2_000) + "X-Last: x"),
        request(400, "a header without a colon", list, host, "garbage"),
        request(400, "a header name with a blank", list, host, "X Y: z"),
        request(400, "a folded header", list, host, "X-Folded: a", " b"),
        request(400, "a length that is none", open, host, "Content-Length: many"),
        request(400, "a negative length", open, host, "Content-Length: -1"),
        request(400, "two lengths", open, host, "Content-Length: 1", "Content-Length: 2"),
        request(
            400,
            "a length and chunks",
            open,
            host,
            "Content-Length: 3",
            "Transfer-Encoding: chunked"),
        request(400, "chunks that are none", open, host, "Transfer-Encoding: chunked", "", "zz"),
        request(400, "an unknown coding", open, host, "Transfer-Encoding: pigeon"),
        request(417, "an unknown expectation", open, host, "Expect: miracles", "Content-Length: 0"),
        request(
            413,
            "a body that is too long",
            open,
            host,
            "Content-Length: 70000",
            "",
            "x".repeat(70_000)),
        request(400, "a body that ends early", open, host, "Content-Length: 70", "", "{"),
        request(
            400,
            "a character set that there is not",
            open,
            host,
            "Content-Type: application/json; charset=none",
            "Content-Length: 0"),
        request(405, "a method that is not served", "TRACE /api/queries/accounts HTTP/1.1", host),
        request(405, "a method that there is not", "BREW /api/queries/accounts HTTP/1.1", host),
        request(400, "a method that is no word", "G@T( /api/queries/accounts HTTP/1.1", host),
        request(405, "a proxy's method", "CONNECT 127.0.0.1:80 HTTP/1.1", host),
        request(426, "HTTP/2", "PRI * HTTP/2.0", "", "SM"),
        request(403, "somebody else's name", list, "Host: evil.example"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void a_request_that_is_refused_gets_an_error_body(String name, int status, String request)
      throws Exception {
    Answer answer = send(request);
    assertThat(answer.head()).as(answer.toString()).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answer.head().toLowerCase(java.util.Locale.ROOT))
        .contains("content-type: application/problem+json");
    JsonNode body = JSON.readTree(answer.body());
    assertThat(body.at("/status").asInt()).isEqualTo(status);
    assertThat(body.at("/error").asString()).isNotBlank();
    assertThat(body.at("/title").asString()).isNotBlank();
    assertThat(answer.body())
        .doesNotContain("<", "Exception", "\\tat ", "org.eclipse", "io.javalin", "java.");
  }

  @Test
  void after_all_that_it_serves_as_before() throws Exception {
    for (Arguments refused : refused().toList()) {
      Answer ignored = send(String.valueOf(refused.get()[2]));
      assertThat(ignored.head()).startsWith("HTTP/1.1 ");
    }
    Answer links = send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assertThat(links.head()).startsWith("HTTP/1.1 200 ");
  }

  private record Answer(String head, String body) {}

  /** Sends it, and takes what comes until the server hangs up or the body is whole. */
  private static Answer send(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), bank.port())) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      socket.getInputStream().transferTo(all);
      String text = all.toString(StandardCharsets.UTF_8);
      int end = text.indexOf("\r\n\r\n");
      return end < 0
          ? new Answer(text, "")
          : new Answer(text.substring(0, end), text.substring(end + 4));
    }
  }
}
