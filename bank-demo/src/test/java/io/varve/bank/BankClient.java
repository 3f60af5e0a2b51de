package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/** Talks to a bank as anybody would: over HTTP, in JSON. */
final class BankClient implements AutoCloseable {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  /** Far longer than the bank itself waits for anything before it answers. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(90);

  /** What came back. */
  record Answer(int status, JsonNode body, HttpResponse<String> response) {

    Answer expect(int wanted) {
      assertThat(status).as("answer was %s", body).isEqualTo(wanted);
      return this;
    }

    /**
     * The text of the value at a JSON pointer, {@code /event/type} say; empty when there is none.
     */
    String at(String pointer) {
      return body.at(pointer).asString("");
    }

    long position() {
      return Long.parseLong(response.headers().firstValue("Varve-Position").orElseThrow());
    }

    /** Whether the read model was not there in time, so that this may be from before a command. */
    boolean isBehind() {
      return response.headers().firstValue("Varve-Behind").isPresent();
    }
  }

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final String base;

  BankClient(int port) {
    this.base = "http://127.0.0.1:" + port;
  }

  Answer get(String path) throws IOException, InterruptedException {
    return send(request(path).GET().build());
  }

  /**
   * The answer to a query of the read model, once it has every command that came first: on a busy
   * machine the bank answers from before them, and says so, or has no rows to answer from yet.
   */
  Answer settled(String path) {
    return await("an answer to " + path + " that is not behind")
        .atMost(PATIENCE)
        .until(() -> get(path), answer -> answer.status() == 200 && !answer.isBehind());
  }

  /** What there is that is not JSON. */
  String text(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request(path).GET().build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  /** Headers are given as name, value, name, value. */
  Answer post(String path, String json, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path).POST(BodyPublishers.ofString(json));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  Answer send(String method, String path) throws IOException, InterruptedException {
    return send(request(path).method(method, BodyPublishers.noBody()).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path)).timeout(LONGEST_ANSWER);
  }

  private Answer send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .matches("application/(problem\\+)?json.*");
    return new Answer(response.statusCode(), JSON.readTree(response.body()), response);
  }

  /** Opens an account and returns its id. */
  String open(String owner, String initialBalance) throws IOException, InterruptedException {
    return post(
            "/api/commands/accounts",
            String.format(
                Locale.ROOT, "{\"owner\":\"%s\",\"initial_balance\":%s}", owner, initialBalance))
        .expect(201)
        .at("/account_id");
  }

  /** Sends a command to an account. */
  Answer command(String accountId, String command, String json)
      throws IOException, InterruptedException {
    return post("/api/commands/accounts/" + accountId + "/" + command, json);
  }

  /**
   * Transfers money, and asks again under the same key while the transfer is on its way: on a busy
   * machine its end may come later than the bank waits for it.
   */
  Answer transfer(String from, String to, String amount) throws IOException, InterruptedException {
    String key = UUID.randomUUID().toString();
    long begun = System.nanoTime();
    Answer answer = transferOnce(key, from, to, amount);
    while (answer.status() == 202 && System.nanoTime() - begun < PATIENCE.toNanos()) {
      answer = transferOnce(key, from, to, amount);
    }
    return answer;
  }

  /**
   * Asks once for a transfer under an {@code Idempotency-Key}: 202 if its end is long in coming.
   */
  Answer transferOnce(String key, String from, String to, String amount)
      throws IOException, InterruptedException {
    return post(
        "/api/commands/transfers",
        String.format(
            Locale.ROOT,
            "{\"from_account\":\"%s\",\"to_account\":\"%s\",\"amount\":%s}",
            from,
            to,
            amount),
        "Idempotency-Key",
        key);
  }

  /** The balance that the read model shows once it has every command that came first. */
  String balance(String accountId) {
    return settled("/api/queries/accounts/" + accountId).at("/balance");
  }

  @Override
  public void close() {
    http.close();
  }
}
