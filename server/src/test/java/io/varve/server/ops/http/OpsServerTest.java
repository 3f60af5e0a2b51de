package io.varve.server.ops.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.OpsClient;
import io.varve.server.ops.http.Authenticator.Asked;
import io.varve.server.ops.http.Authenticator.Need;
import io.varve.server.ops.http.Authenticator.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpsServerTest {
  private static final String HEADER = "X-Varve-Console";

  private final AtomicInteger changes = new AtomicInteger();
  private final CountDownLatch slow = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timer =
      OpsServer.timer(Thread.ofPlatform().daemon().factory());
  private final CompletableFuture<String> cutOff = new CompletableFuture<>();
  private Duration patience = Duration.ofSeconds(30);
  private OpsServer server;
  private OpsClient client;

  /** Knows two people by what they say. */
  private static Verdict twoPeople(Asked asked) {
    String authorization = asked.authorization();
    if (authorization == null) {
      return new Verdict.Unknown("Basic realm=\"varve\"", "who is asking?");
    }
    return authorization.equals("root") || asked.need() == Need.METRICS
        ? new Verdict.Granted(Caller.ANYBODY)
        : new Verdict.Refused("metrics is all that you may have");
  }

  private OpsServer open(Authenticator authenticator) throws IOException {
    return OpsServer.start(
        new OpsSettings("127.0.0.1", 0, Set.of("varve.test"), patience),
        null,
        authenticator,
        List.of(
            Route.get("/open", Need.NOTHING, _ -> Response.text(200, "open")),
            Route.get("/metrics", Need.METRICS, _ -> Response.text(200, "metrics")),
            Route.get("/look", Need.BROWSE, r -> Response.text(200, "n=" + r.number("n", 1, 9, 5))),
            Route.get(
                "/slow",
                Need.BROWSE,
                _ -> {
                  await(slow);
                  return Response.text(200, "slow");
                }),
            Route.get("/endless", Need.BROWSE, _ -> Response.events(this::writeForEver)),
            Route.get(
                "/broken",
                Need.BROWSE,
                _ -> {
                  throw new IllegalStateException("secret detail");
                }),
            Route.post("/change", _ -> Response.text(200, "" + changes.incrementAndGet()))),
        threads,
        timer);
  }

  private void writeForEver(Response.Output output) throws IOException {
    byte[] much = new byte[64 * 1024];
    try {
      while (true) {
        output.write(much);
      }
    } catch (IOException e) {
      cutOff.complete(e.toString());
      throw e;
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @BeforeEach
  void start() throws IOException {
    server = open(Authenticator.EVERYBODY);
    client = new OpsClient(server.port());
  }

  @AfterEach
  void stop() {
    slow.countDown();
    client.close();
    server.close();
    threads.shutdownNow();
    timer.shutdownNow();
  }

  @Test
  void what_is_there_is_answered_with_headers_that_keep_browsers_in_their_place() throws Exception {
    HttpResponse<String> response = client.get("/look");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("n=5");
    assertThat(response.headers().map())
        .containsEntry("x-content-type-options", List.of("nosniff"))
        .doesNotContainKey("access-control-allow-origin");
    assertThat(response.headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(
            policy -> assertThat(policy).contains("default-src 'none'").doesNotContain("unsafe"));
  }

  @Test
  void what_is_not_there_and_what_is_not_for_it_are_refused_in_a_sentence() throws Exception {
    assertThat(client.get("/nothing").statusCode()).isEqualTo(404);
    assertThat(client.get("/look/").statusCode()).isEqualTo(404);
    assertThat(client.get("/../look").statusCode()).isEqualTo(404);
    assertThat(client.post("/look").statusCode()).isEqualTo(405);
    assertThat(client.get("/change").statusCode()).isEqualTo(405);
    assertThat(client.send("HEAD", "/look").statusCode()).isEqualTo(200);
    assertThat(client.get("/look?n=10").body())
        .isEqualTo("{\"error\":\"n must be from 1 to 9, was 10\"}");
    assertThat(client.get("/look?n=x").statusCode()).isEqualTo(400);
    assertThat(client.get("/look?n=1&n=2").statusCode()).isEqualTo(400);
    assertThat(client.get("/look?" + "a&".repeat(101)).statusCode()).isEqualTo(400);
  }

  @Test
  void a_fault_is_told_without_its_details() throws Exception {
    HttpResponse<String> response = client.get("/broken");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).doesNotContain("secret", "Exception");
  }

  @Test
  void a_request_under_another_name_is_refused_but_for_what_everybody_may_know()
      throws IOException {
    String evil = " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assertThat(OpsClient.raw(server.port(), "GET /look" + evil)).startsWith("HTTP/1.1 421 ");
    assertThat(OpsClient.raw(server.port(), "GET /metrics" + evil)).startsWith("HTTP/1.1 421 ");
    assertThat(OpsClient.raw(server.port(), "GET /open" + evil)).startsWith("HTTP/1.1 200 ");
    String known = " HTTP/1.1\r\nHost: varve.test:1\r\nConnection: close\r\n\r\n";
    assertThat(OpsClient.raw(server.port(), "GET /look" + known)).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void a_change_is_made_for_our_own_page_alone() throws Exception {
    assertThat(client.post("/change").statusCode()).isEqualTo(403);
    assertThat(client.post("/change", HEADER, "1", "Origin", "http://evil.example").statusCode())
        .isEqualTo(403);
    assertThat(client.post("/change", HEADER, "1", "Origin", "null").statusCode()).isEqualTo(403);
    assertThat(changes).hasValue(0);

    assertThat(client.post("/change", HEADER, "1").body()).isEqualTo("1");
    String ours = "http://127.0.0.1:" + server.port();
    assertThat(client.post("/change", HEADER, "1", "Origin", ours).body()).isEqualTo("2");
  }

  @Test
  void with_access_control_each_gets_what_he_may_have() throws Exception {
    try (OpsServer guarded = open(OpsServerTest::twoPeople);
        OpsClient caller = new OpsClient(guarded.port())) {
      assertThat(caller.get("/open").statusCode()).isEqualTo(200);
      HttpResponse<String> unknown = caller.get("/metrics");
      assertThat(unknown.statusCode()).isEqualTo(401);
      assertThat(unknown.headers().firstValue("WWW-Authenticate"))
          .hasValue("Basic realm=\"varve\"");
      assertThat(caller.get("/metrics", "Authorization", "prometheus").statusCode()).isEqualTo(200);
      assertThat(caller.get("/look", "Authorization", "prometheus").statusCode()).isEqualTo(403);
      assertThat(caller.get("/look", "Authorization", "root").statusCode()).isEqualTo(200);
      assertThat(caller.post("/change", HEADER, "1", "Authorization", "prometheus").statusCode())
          .isEqualTo(403);
      assertThat(caller.post("/change", HEADER, "1", "Authorization", "root").statusCode())
          .isEqualTo(200);
    }
    assertThat(changes).hasValue(1);
  }

  @Test
  void more_requests_than_are_answered_at_once_are_told_to_come_again() throws Exception {
    List<Future<HttpResponse<String>>> waiting = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      waiting.add(threads.submit(() -> client.get("/slow")));
    }
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> waiting.stream().filter(Future::isDone).count() == 80 - 64);
    assertThat(client.get("/look").statusCode()).isEqualTo(503);
    assertThat(client.get("/open").statusCode()).isEqualTo(200); // whoever watches is let in
    slow.countDown();
    int answered = 0;
    for (Future<HttpResponse<String>> one : waiting) {
      answered += one.get().statusCode() == 200 ? 1 : 0;
    }
    assertThat(answered).isEqualTo(64);
    assertThat(client.get("/open").statusCode()).isEqualTo(200);
  }

  @Test
  void whoever_does_not_read_is_waited_for_and_then_cut_off() throws Exception {
    patience = Duration.ofMillis(300);
    try (OpsServer impatient = open(Authenticator.EVERYBODY);
        Socket deaf = new Socket(InetAddress.getLoopbackAddress(), impatient.port())) {
      String request = "GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n";
      deaf.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      // It cannot write more than the system holds for somebody, and nobody reads.
      assertThat(cutOff.get(1, TimeUnit.MINUTES)).contains("Exception");
      try (OpsClient other = new OpsClient(impatient.port())) {
        // On a busy machine even this may take longer than that patience.
        org.awaitility.Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .ignoreExceptions()
            .untilAsserted(() -> assertThat(other.get("/look").statusCode()).isEqualTo(200));
      }
    }
  }

  @Test
  void the_deadline_of_a_request_that_is_over_is_forgotten_at_once() throws Exception {
    patience = Duration.ofHours(1);
    try (OpsServer patient = open(Authenticator.EVERYBODY);
        OpsClient caller = new OpsClient(patient.port())) {
      for (int i = 0; i < 20; i++) {
        assertThat(caller.get("/look").statusCode()).isEqualTo(200);
      }
      // The answer is there a moment before the request is over.
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> ((ScheduledThreadPoolExecutor) timer).getQueue().isEmpty());
    }
  }

  @Test
  void a_page_of_another_site_gets_nothing_even_by_looking() throws Exception {
    for (String origin : List.of("http://evil.example", "null", "http://127.0.0.1:1")) {
      assertThat(client.get("/look", "Origin", origin).statusCode()).as(origin).isEqualTo(403);
      assertThat(client.get("/metrics", "Origin", origin).statusCode()).as(origin).isEqualTo(403);
    }
    String ours = "http://127.0.0.1:" + server.port();
    assertThat(client.get("/look", "Origin", ours).statusCode()).isEqualTo(200);
  }

  @Test
  void an_address_that_cannot_be_had_is_said_so() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () ->
                  OpsServer.start(
                      new OpsSettings("127.0.0.1", taken.getLocalPort(), Set.of(), patience),
                      null,
                      Authenticator.EVERYBODY,
                      List.of(),
                      threads,
                      timer))
          .isInstanceOf(IOException.class);
    }
  }
}
