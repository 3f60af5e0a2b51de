package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.BankClient.Answer;
import io.varve.bank.web.WebServer;
import io.varve.client.testkit.InMemoryEventStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Every endpoint of the bank, over HTTP, with the event store in memory. */
class BankHttpTest {

  @TempDir Path data;
  private FaultyStore store;
  private Bank bank;
  private BankClient client;

  @BeforeEach
  void start() throws Exception {
    store = new FaultyStore(new InMemoryEventStore());
    startBank();
  }

  private void startBank() throws Exception {
    WebServer.Patience patience =
        new WebServer.Patience(Duration.ofSeconds(60), Duration.ofSeconds(60));
    Bank.Settings settings = new Bank.Settings("127.0.0.1", 0, data, patience);
    bank = Bank.start(store, settings, InstantSource.system());
    client = new BankClient(bank.port());
  }

  private void stopBank() throws Exception {
    client.close();
    bank.close();
  }

  @AfterEach
  void stop() throws Exception {
    stopBank();
    store.close();
  }

  // --- commands ----------------------------------------------------------------------------------

  @Test
  void an_account_is_opened() throws Exception {
    Answer answer =
        client
            .post("/api/commands/accounts", "{\"owner\":\" Ada \",\"initial_balance\":100}")
            .expect(201);
    assertThat(answer.at("/account_id")).startsWith("acc-");
    assertThat(answer.at("/event/type")).isEqualTo("AccountOpened");
    assertThat(answer.at("/event/data/owner")).isEqualTo("Ada");
    assertThat(answer.body().at("/event/data/initial_balance").toString()).isEqualTo("100.00");
    assertThat(answer.body().at("/event/version").asLong()).isEqualTo(1);
    assertThat(answer.position()).isEqualTo(answer.body().at("/event/position").asLong());
    assertThat(answer.response().headers().firstValue("Location"))
        .hasValue("/api/queries/accounts/" + answer.at("/account_id"));
  }

  @Test
  void money_goes_in_and_out_and_the_answer_has_the_new_balance() throws Exception {
    String id = client.open("Ada", "0.10");
    Answer deposit =
        client
            .command(id, "deposit", "{\"amount\":\"0.20\",\"description\":\"found\"}")
            .expect(200);
    assertThat(deposit.body().at("/new_balance").toString()).isEqualTo("0.30");
    assertThat(deposit.at("/event/data/description")).isEqualTo("found");
    Answer withdrawal = client.command(id, "withdraw", "{\"amount\":0.3}").expect(200);
    assertThat(withdrawal.body().at("/new_balance").toString()).isEqualTo("0.00");
    assertThat(withdrawal.at("/event/type")).isEqualTo("MoneyWithdrawn");
  }

  @Test
  void interest_is_a_fraction_of_the_balance() throws Exception {
    String id = client.open("Ada", "100");
    Answer interest = client.command(id, "interest", "{\"rate\":0.05}").expect(200);
    assertThat(interest.body().at("/event/data/amount").toString()).isEqualTo("5.00");
    assertThat(interest.body().at("/event/data/rate").toString()).isEqualTo("0.05");
    assertThat(interest.body().at("/new_balance").toString()).isEqualTo("105.00");
  }

  @Test
  void an_empty_account_is_closed() throws Exception {
    String id = client.open("Ada", "0");
    assertThat(client.command(id, "close", "").expect(200).at("/event/type"))
        .isEqualTo("AccountClosed");
    assertThat(client.get("/api/queries/accounts/" + id).expect(200).at("/status"))
        .isEqualTo("closed");
  }

  @Test
  void what_the_rules_forbid_is_a_409_with_a_code() throws Exception {
    String id = client.open("Ada", "10");
    Answer overdraft = client.command(id, "withdraw", "{\"amount\":10.01}").expect(409);
    assertThat(overdraft.at("/code")).isEqualTo("insufficient_funds");
    assertThat(overdraft.at("/error")).contains("balance is 10.00");
    assertThat(client.command(id, "close", "{}").expect(409).at("/code"))
        .isEqualTo("balance_not_zero");
    client.command(id, "withdraw", "{\"amount\":10}").expect(200);
    client.command(id, "close", "").expect(200);
    assertThat(client.command(id, "deposit", "{\"amount\":1}").expect(409).at("/code"))
        .isEqualTo("account_closed");
  }

  @Test
  void unknown_accounts_sagas_and_paths_are_404() throws Exception {
    for (String command : List.of("deposit", "withdraw")) {
      client.command("acc-none", command, "{\"amount\":1}").expect(404);
    }
    client.command("acc-none", "interest", "{\"rate\":0.1}").expect(404);
    client.command("acc-none", "close", "").expect(404);
    for (String query : List.of("", "/history", "/timeline", "/balance", "/statements")) {
      Answer answer = client.get("/api/queries/accounts/acc-none" + query).expect(404);
      assertThat(answer.at("/error")).contains("acc-none");
    }
    client.get("/api/queries/accounts/%24%24/history").expect(404);
    client.get("/api/queries/sagas/tr-none").expect(404);
    String id = client.open("Ada", "10");
    client.transfer(id, "acc-none", "1").expect(404);
    client.transfer("acc-none", id, "1").expect(404);
    assertThat(client.get("/api/nowhere").expect(404).at("/error")).contains("/api/nowhere");
    client.send("DELETE", "/api/queries/accounts").expect(405);
  }

  // --- bad input ---------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                               | initial_balance
          {"initial_balance":1}                            | owner
          {"owner":"Ada"}                                  | initial_balance
          {"owner":"","initial_balance":1}                 | owner
          {"owner":"  ","initial_balance":1}               | owner
          {"owner":7,"initial_balance":1}                  | owner
          {"owner":null,"initial_balance":1}               | owner
          {"owner":"A\\u0000","initial_balance":1}         | owner
          {"owner":"A\\ud800","initial_balance":1}         | owner
          {"owner":"Ada","initial_balance":-1}             | initial_balance
          {"owner":"Ada","initial_balance":"-0.01"}        | initial_balance
          {"owner":"Ada","initial_balance":null}           | initial_balance
          {"owner":"Ada","initial_balance":"ten"}          | initial_balance
          {"owner":"Ada","initial_balance":""}             | initial_balance
          {"owner":"Ada","initial_balance":true}           | initial_balance
          {"owner":"Ada","initial_balance":[1]}            | initial_balance
          {"owner":"Ada","initial_balance":{"a":1}}        | initial_balance
          {"owner":"Ada","initial_balance":0.001}          | initial_balance
          {"owner":"Ada","initial_balance":1000000000.01}  | initial_balance
          {"owner":"Ada","initial_balance":1e999999999}    | initial_balance
          {"owner":"Ada","initial_balance":1e-999999999}   | initial_balance
          {"owner":"Ada","initial_balance":1,"balance":1}  | balance
          """)
  void opening_an_account_with_bad_input_names_the_field(String json, String field)
      throws Exception {
    Answer answer = client.post("/api/commands/accounts", json).expect(400);
    if (json.equals("{}")) {
      assertThat(answer.at("/error")).isNotEmpty(); // both are missing; either may be named
      return;
    }
    assertThat(answer.at("/field")).isEqualTo(field);
    assertThat(answer.at("/error")).contains(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          deposit  | {}                                | amount
          deposit  | {"amount":0}                      | amount
          deposit  | {"amount":-5}                     | amount
          deposit  | {"amount":"five"}                 | amount
          deposit  | {"amount":"1e2"}                  | amount
          deposit  | {"amount":"0x10"}                 | amount
          deposit  | {"amount":" 5"}                   | amount
          deposit  | {"amount":1.234}                  | amount
          deposit  | {"amount":"1.234"}                | amount
          deposit  | {"amount":1e10}                   | amount
          deposit  | {"ammount":5}                     | ammount
          deposit  | {"amount":5,"descripton":"x"}     | descripton
          deposit  | {"amount":5,"description":9}      | description
          withdraw | {}                                | amount
          withdraw | {"amount":0}                      | amount
          withdraw | {"amount":-5}                     | amount
          withdraw | {"amount":null}                   | amount
          withdraw | {"amount":"NaN"}                  | amount
          withdraw | {"amount":0.009}                  | amount
          withdraw | {"amount":5,"note":"x"}           | note
          interest | {}                                | rate
          interest | {"rate":0}                        | rate
          interest | {"rate":-0.01}                    | rate
          interest | {"rate":5}                        | rate
          interest | {"rate":"five"}                   | rate
          interest | {"rate":0.0000001}                | rate
          interest | {"rate":0.1,"amount":5}           | amount
          close    | {"force":true}                    | force
          """)
  void commands_with_bad_input_name_the_field(String command, String json, String field)
      throws Exception {
    String id = client.open("Ada", "100");
    Answer answer = client.command(id, command, json).expect(400);
    assertThat(answer.at("/field")).isEqualTo(field);
    assertThat(answer.at("/error")).contains(field);
    assertThat(client.balance(id)).isEqualTo("100.00");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"to_account":"B","amount":1}                            | from_account
          {"from_account":"A","amount":1}                          | to_account
          {"from_account":"A","to_account":"B"}                    | amount
          {"from_account":"A","to_account":"B","amount":0}         | amount
          {"from_account":"A","to_account":"B","amount":-1}        | amount
          {"from_account":"A","to_account":"B","amount":"x"}       | amount
          {"from_account":"A","to_account":"B","amount":0.001}     | amount
          {"from_account":"A","to_account":"A","amount":1}         | to_account
          {"from_account":"A","to_account":"B/../C","amount":1}    | to_account
          {"from_account":1,"to_account":"B","amount":1}           | from_account
          {"from_account":"A","to_account":"B","amount":1,"by":1}  | by
          {"from":"A","to_account":"B","amount":1}                 | from
          """)
  void transfers_with_bad_input_name_the_field(String json, String field) throws Exception {
    Answer answer = client.post("/api/commands/transfers", json).expect(400);
    assertThat(answer.at("/field")).isEqualTo(field);
    assertThat(answer.at("/error")).contains(field);
  }

  @Test
  void a_body_that_is_no_json_object_is_a_400() throws Exception {
    String id = client.open("Ada", "100");
    for (String body :
        List.of(
            "",
            "amount=5",
            "[]",
            "5",
            "null",
            "{\"amount\":5",
            "{\"amount\":5} x",
            "{\"amount\":5,\"amount\":6}")) {
      assertThat(client.command(id, "deposit", body).expect(400).at("/error"))
          .as(body)
          .isNotEmpty();
    }
    client.command(id, "deposit", "{\"amount\":" + " ".repeat(70_000) + "5}").expect(413);
    assertThat(client.balance(id)).isEqualTo("100.00");
  }

  @ParameterizedTest
  @CsvSource({
    "transactions?limit=0, limit",
    "transactions?limit=1001, limit",
    "transactions?limit=ten, limit",
    "transactions?limit=1&limit=2, limit",
    "transactions?limti=5, limti",
    "transactions?before=-1, before",
    "accounts?limit=0, limit",
    "accounts?offset=-1, offset",
    "sagas?limit=0, limit",
    "analytics?from=yesterday, from",
    "analytics?to=2026-13-01, to",
    "analytics?from=2026-02-01&to=2026-01-01, from",
    "accounts/ID/balance?at=noon, at",
    "accounts/ID/balance?at=2026-01-01, at",
    "accounts/ID/balance?at=-999999999-01-01T00:00:00Z, at",
    "accounts/ID/balance?at=%2B999999999-12-31T23:59:59Z, at",
    "accounts/ID/statements?year=26, year",
    "accounts/ID/statements?year=MMXXVI, year",
    "accounts/ID/history?limit=0, limit",
    "accounts/ID/history?from_version=x, from_version",
    "accounts/ID/series?from=x, from",
    "accounts/ID/series?to=2026, to",
    "accounts/ID/series?points=5, points",
    "accounts/ID/series?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z, from",
    "bank?at=noon, at",
    "bank?limit=0, limit",
    "bank?when=noon, when",
    "bank/series?from=x, from",
    "bank/series?to=x, to",
    "bank/series?points=1, points",
    "bank/series?points=501, points",
    "bank/series?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z, from",
    "bank/series?from=2999-01-01T00:00:00Z, from",
    "accounts?after=soon, after",
  })
  void queries_with_bad_parameters_name_the_parameter(String query, String parameter)
      throws Exception {
    String id = client.open("Ada", "100");
    Answer answer = client.get("/api/queries/" + query.replace("ID", id)).expect(400);
    assertThat(answer.at("/field")).isEqualTo(parameter);
    assertThat(answer.at("/error")).contains(parameter);
  }

  // --- repeating commands

  @Test
  void a_command_repeated_under_its_key_is_answered_as_the_first_time() throws Exception {
    String opening = "{\"owner\":\"Ada\",\"initial_balance\":100}";
    Answer first =
        client.post("/api/commands/accounts", opening, "Idempotency-Key", "k-1").expect(201);
    Answer again =
        client.post("/api/commands/accounts", opening, "Idempotency-Key", "k-1").expect(201);
    assertThat(again.body()).isEqualTo(first.body());

    String id = first.at("/account_id");
    String path = "/api/commands/accounts/" + id + "/withdraw";
    Answer withdrawn = client.post(path, "{\"amount\":80}", "Idempotency-Key", "k-2").expect(200);
    client.command(id, "deposit", "{\"amount\":1}").expect(200);
    Answer withdrawnAgain =
        client.post(path, "{\"amount\":80}", "Idempotency-Key", "k-2").expect(200);
    assertThat(withdrawnAgain.body()).isEqualTo(withdrawn.body());
    assertThat(client.balance(id)).isEqualTo("21.00");
  }

  @Test
  void a_key_used_for_something_else_is_a_409() throws Exception {
    String id = client.open("Ada", "100");
    String path = "/api/commands/accounts/" + id + "/deposit";
    client.post(path, "{\"amount\":1}", "Idempotency-Key", "k").expect(200);
    assertThat(client.post(path, "{\"amount\":2}", "Idempotency-Key", "k").expect(409).at("/code"))
        .isEqualTo("idempotency_key_reused");
    client.post(path, "{\"amount\":2}", "Idempotency-Key", "with space").expect(400);
    assertThat(client.balance(id)).isEqualTo("101.00");
  }

  @Test
  void a_transfer_repeated_under_its_key_moves_money_once() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    Answer first = client.transferOnce("t", a, b, "60").expect(200);
    Answer again = client.transferOnce("t", a, b, "60").expect(200);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(client.balance(a)).isEqualTo("40.00");
    client.transferOnce("t", a, b, "61").expect(409);
  }

  @Test
  void many_deposits_at_once_all_arrive() throws Exception {
    String id = client.open("Ada", "0");
    List<Callable<Integer>> deposits = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      deposits.add(() -> depositUntilTaken(id));
    }
    try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
      for (Future<Integer> deposit : callers.invokeAll(deposits)) {
        assertThat(deposit.get()).isEqualTo(200);
      }
    }
    assertThat(client.balance(id)).isEqualTo("24.00");
  }

  /** A conflict is an honest answer when eight callers want one account; then one tries again. */
  private int depositUntilTaken(String id) throws Exception {
    for (int attempt = 0; attempt < 20; attempt++) {
      int status = client.command(id, "deposit", "{\"amount\":1}").status();
      if (status != 409) {
        return status;
      }
    }
    return 409;
  }

  // --- transfers

  @Test
  void a_transfer_completes() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    Answer answer = client.transfer(a, b, "\"12.50\"").expect(200);
    assertThat(answer.at("/status")).isEqualTo("completed");
    assertThat(answer.body().at("/amount").toString()).isEqualTo("12.50");
    assertThat(client.balance(a)).isEqualTo("87.50");
    assertThat(client.balance(b)).isEqualTo("12.50");

    Answer saga = client.get("/api/queries/sagas/" + answer.at("/transfer_id")).expect(200);
    assertThat(saga.body()).isEqualTo(answer.body());
    assertThat(steps(saga.body()))
        .containsExactly(
            "debit_source " + a + " done",
            "credit_destination " + b + " done",
            "confirm_destination " + b + " done",
            "confirm_source " + a + " done");
    Answer sagas = client.get("/api/queries/sagas").expect(200);
    assertThat(sagas.body().at("/count").asInt()).isEqualTo(1);
    assertThat(sagas.body().at("/sagas/0")).isEqualTo(answer.body());
  }

  @Test
  void a_transfer_to_a_closed_account_is_compensated() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    client.command(b, "close", "").expect(200);
    Answer answer = client.transfer(a, b, "60").expect(409);
    assertThat(answer.at("/status")).isEqualTo("compensated");
    assertThat(answer.at("/error")).isEqualTo("the account is closed");
    assertThat(steps(answer.body()))
        .containsExactly(
            "debit_source " + a + " done",
            "credit_destination " + b + " refused",
            "undo debit_source " + a + " done");
    assertThat(client.balance(a)).isEqualTo("100.00");
    assertThat(types(client.get("/api/queries/transactions?account_id=" + a).expect(200)))
        .containsExactly("refund", "transfer_out", "opening");
  }

  @Test
  void a_transfer_of_more_than_there_is_fails() throws Exception {
    String a = client.open("Ada", "10");
    String b = client.open("Bob", "0");
    Answer answer = client.transfer(a, b, "10.01").expect(409);
    assertThat(answer.at("/status")).isEqualTo("failed");
    assertThat(answer.at("/error")).contains("insufficient funds");
    assertThat(client.balance(a)).isEqualTo("10.00");
  }

  @Test
  void only_a_transfer_that_needs_attention_is_tried_again() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    String transfer = client.transfer(a, b, "60").expect(200).at("/transfer_id");
    Answer refused = client.post("/api/commands/transfers/" + transfer + "/retry", "").expect(409);
    assertThat(refused.at("/code")).isEqualTo("needs_no_attention");
    client.post("/api/commands/transfers/tr-nobody/retry", "").expect(404);
    client.post("/api/commands/transfers/tr%20x/retry", "").expect(404);
    client.post("/api/commands/transfers/" + transfer + "/retry", "{\"x\":1}").expect(400);
  }

  private static List<String> steps(JsonNode saga) {
    return saga.at("/steps")
        .valueStream()
        .map(
            step ->
                (step.at("/compensation").asBoolean() ? "undo " : "")
                    + step.at("/step").asString()
                    + " "
                    + step.at("/account_id").asString()
                    + " "
                    + step.at("/state").asString())
        .toList();
  }

  private static List<String> types(Answer transactions) {
    return transactions
        .body()
        .at("/transactions")
        .valueStream()
        .map(row -> row.at("/type").asString())
        .toList();
  }

  // --- queries

  @Test
  void accounts_are_listed_and_shown() throws Exception {
    String a = client.open("Ada", "100");
    client.open("Bob", "0");
    client.command(a, "deposit", "{\"amount\":1}").expect(200);

    Answer list = client.get("/api/queries/accounts").expect(200);
    assertThat(list.body().at("/count").asInt()).isEqualTo(2);
    assertThat(list.body().at("/accounts").size()).isEqualTo(2);
    Answer page = client.get("/api/queries/accounts?limit=1&offset=1").expect(200);
    assertThat(page.at("/accounts/0/owner")).isEqualTo("Bob");
    assertThat(page.body().at("/count").asInt()).isEqualTo(2);

    JsonNode account = client.get("/api/queries/accounts/" + a).expect(200).body();
    assertThat(account.at("/account_id").asString()).isEqualTo(a);
    assertThat(account.at("/owner").asString()).isEqualTo("Ada");
    assertThat(account.at("/balance").toString()).isEqualTo("101.00");
    assertThat(account.at("/status").asString()).isEqualTo("active");
    assertThat(account.at("/tx_count").asInt()).isEqualTo(2);
    assertThat(Instant.parse(account.at("/opened_at").asString()))
        .isBeforeOrEqualTo(Instant.parse(account.at("/last_tx_at").asString()));
  }

  @Test
  void history_comes_from_the_store_in_pages() throws Exception {
    String id = client.open("Ada", "100");
    client.command(id, "deposit", "{\"amount\":1,\"description\":\"pay\"}").expect(200);
    client.command(id, "withdraw", "{\"amount\":2}").expect(200);

    JsonNode all = client.get("/api/queries/accounts/" + id + "/history").expect(200).body();
    assertThat(all.at("/account_id").asString()).isEqualTo(id);
    assertThat(all.at("/version").asInt()).isEqualTo(3);
    assertThat(all.at("/events").size()).isEqualTo(3);
    assertThat(all.at("/events/1/type").asString()).isEqualTo("MoneyDeposited");
    assertThat(all.at("/events/1/data").toString())
        .isEqualTo("{\"amount\":1.00,\"description\":\"pay\"}");
    assertThat(all.at("/events/1/metadata/correlation-id").asString()).isNotEmpty();
    assertThat(all.has("next_version")).isFalse();

    String page = "/api/queries/accounts/" + id + "/history?from_version=2&limit=1";
    JsonNode second = client.get(page).expect(200).body();
    assertThat(second.at("/events/0/version").asInt()).isEqualTo(2);
    assertThat(second.at("/next_version").asInt()).isEqualTo(3);
    assertThat(second.at("/version").asInt()).isEqualTo(3);
  }

  @Test
  void the_callers_correlation_id_is_on_the_event() throws Exception {
    Answer answer =
        client
            .post(
                "/api/commands/accounts",
                "{\"owner\":\"Ada\",\"initial_balance\":1}",
                "X-Correlation-Id",
                "conversation-7")
            .expect(201);
    assertThat(answer.at("/event/metadata/correlation-id")).isEqualTo("conversation-7");
    assertThat(answer.at("/event/metadata/causation-id")).isNotEmpty();
  }

  @Test
  void the_timeline_is_a_readable_line_an_event() throws Exception {
    String id = client.open("Ada", "100");
    client.command(id, "deposit", "{\"amount\":1,\"description\":\"pay\"}").expect(200);
    JsonNode timeline = client.get("/api/queries/accounts/" + id + "/timeline").expect(200).body();
    assertThat(timeline.at("/timeline/0/text").asString())
        .isEqualTo("Account opened for Ada with 100.00");
    assertThat(timeline.at("/timeline/1/text").asString()).isEqualTo("Deposited 1.00 (pay)");
    assertThat(timeline.at("/timeline/1/balance").toString()).isEqualTo("101.00");
  }

  @Test
  void a_balance_is_told_as_of_any_time() throws Exception {
    Answer opened =
        client
            .post("/api/commands/accounts", "{\"owner\":\"Ada\",\"initial_balance\":100}")
            .expect(201);
    String id = opened.at("/account_id");
    Instant first = Instant.parse(opened.at("/event/recorded_at"));
    Answer deposit =
        Awaitility.await()
            .until(
                () -> client.command(id, "deposit", "{\"amount\":1}").expect(200),
                answer -> Instant.parse(answer.at("/event/recorded_at")).isAfter(first));
    String path = "/api/queries/accounts/" + id + "/balance";

    JsonNode then = client.get(path + "?at=" + first).expect(200).body();
    assertThat(then.at("/balance").toString()).isEqualTo("100.00");
    assertThat(then.at("/version").asInt()).isEqualTo(1);
    assertThat(Instant.parse(then.at("/as_of").asString())).isEqualTo(first);
    JsonNode now = client.get(path).expect(200).body();
    assertThat(now.at("/balance")).isEqualTo(deposit.body().at("/new_balance"));
    client.get(path + "?at=2001-01-01T00:00:00%2B01:00").expect(404);
    client.get(path + "?at=2001-01-01T00:00:00+01:00").expect(404);
  }

  @Test
  void the_bank_and_an_account_are_told_as_they_were() throws Exception {
    String a = client.open("Ada", "100");
    Instant first =
        Instant.parse(client.get("/api/queries/accounts/" + a).expect(200).at("/opened_at"));
    String b = client.open("Bob", "0");
    client.transfer(a, b, "40").expect(200);

    JsonNode now = client.get("/api/queries/bank").expect(200).body();
    assertThat(now.at("/count").asInt()).isEqualTo(2);
    assertThat(now.at("/total").toString()).isEqualTo("100.00");
    assertThat(now.at("/accounts/0").toString())
        .isEqualTo(
            "{\"account_id\":\""
                + a
                + "\",\"owner\":\"Ada\",\"balance\":60.00,"
                + "\"status\":\"active\"}");
    JsonNode then = client.get("/api/queries/bank?at=" + first).expect(200).body();
    assertThat(Instant.parse(then.at("/at").asString())).isEqualTo(first);
    assertThat(then.at("/accounts").size()).isEqualTo(1);
    assertThat(then.at("/accounts/0/balance").toString()).isEqualTo("100.00");

    JsonNode ofA = client.get("/api/queries/accounts/" + a + "/series").expect(200).body();
    assertThat(ofA.at("/account_id").asString()).isEqualTo(a);
    assertThat(ofA.at("/points").valueStream().map(point -> point.at("/balance").toString()))
        .containsExactly("100.00", "60.00");
    JsonNode whole =
        client.get("/api/queries/bank/series?points=3&from=" + first).expect(200).body();
    assertThat(whole.at("/points").size()).isEqualTo(3);
    assertThat(whole.at("/points/0/at").asString()).isEqualTo(whole.at("/from").asString());
    assertThat(whole.at("/points/2/at").asString()).isEqualTo(whole.at("/to").asString());
    assertThat(whole.at("/points/2/total").toString()).isEqualTo("100.00");
    client.get("/api/queries/accounts/acc-none/series").expect(404);
  }

  @Test
  void statements_add_up() throws Exception {
    String id = client.open("Ada", "100");
    client.command(id, "withdraw", "{\"amount\":30}").expect(200);
    YearMonth month = YearMonth.now(ZoneOffset.UTC);
    JsonNode answer =
        client
            .get("/api/queries/accounts/" + id + "/statements?year=" + month.getYear())
            .expect(200)
            .body();
    assertThat(answer.at("/year").asInt()).isEqualTo(month.getYear());
    JsonNode statement = answer.at("/statements/0");
    assertThat(statement.at("/month").asString()).isEqualTo(month.toString());
    assertThat(statement.at("/opening_balance").toString()).isEqualTo("0.00");
    assertThat(statement.at("/money_in").toString()).isEqualTo("100.00");
    assertThat(statement.at("/money_out").toString()).isEqualTo("30.00");
    assertThat(statement.at("/closing_balance").toString()).isEqualTo("70.00");
    assertThat(statement.at("/complete").asBoolean()).isFalse();
    assertThat(
            client
                .get("/api/queries/accounts/" + id + "/statements?year=1999")
                .expect(200)
                .body()
                .at("/statements")
                .size())
        .isZero();
  }

  @Test
  void transactions_are_listed_newest_first_in_pages() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    client.command(a, "deposit", "{\"amount\":1}").expect(200);
    client.command(a, "withdraw", "{\"amount\":2}").expect(200);
    client.command(b, "deposit", "{\"amount\":3}").expect(200);

    Answer all = client.get("/api/queries/transactions").expect(200);
    assertThat(types(all)).containsExactly("deposit", "withdrawal", "deposit", "opening");
    assertThat(all.body().at("/total").asInt()).isEqualTo(4);
    Answer ofA = client.get("/api/queries/transactions?limit=2&account_id=" + a).expect(200);
    assertThat(types(ofA)).containsExactly("withdrawal", "deposit");
    assertThat(ofA.body().at("/total").asInt()).isEqualTo(3);
    assertThat(ofA.body().at("/transactions/0/balance_after").toString()).isEqualTo("99.00");
    String before = ofA.at("/transactions/1/position");
    Answer next =
        client.get("/api/queries/transactions?account_id=" + a + "&before=" + before).expect(200);
    assertThat(types(next)).containsExactly("opening");
  }

  @Test
  void analytics_tell_what_went_on() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    String c = client.open("Cyd", "0");
    client.command(c, "close", "").expect(200);
    client.command(a, "deposit", "{\"amount\":10}").expect(200);
    client.command(a, "withdraw", "{\"amount\":20}").expect(200);
    client.transfer(a, b, "40").expect(200);
    client.transfer(a, c, "1").expect(409);
    client.transfer(b, a, "1000").expect(409);

    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    JsonNode figures =
        client
            .get("/api/queries/analytics?from=" + today.minusDays(1) + "&to=" + today)
            .expect(200)
            .body();
    JsonNode day = figures.at("/days/0");
    assertThat(day.at("/date").asString()).isEqualTo(today.toString());
    assertThat(day.at("/money_in").toString()).isEqualTo("{\"count\":2,\"sum\":110.00}");
    assertThat(day.at("/money_out").toString()).isEqualTo("{\"count\":1,\"sum\":20.00}");
    assertThat(day.at("/transferred").toString()).isEqualTo("{\"count\":1,\"sum\":40.00}");
    assertThat(figures.at("/active_accounts").asInt()).isEqualTo(2);
    assertThat(figures.at("/busiest_accounts/0/account_id").asString()).isEqualTo(a);
    assertThat(figures.at("/transfers").toString())
        .isEqualTo(
            "{\"started\":3,\"completed\":1,\"compensated\":1,\"failed\":1,"
                + "\"completion_rate\":0.3333}");
    assertThat(figures.at("/amounts").toString())
        .isEqualTo("{\"count\":4,\"largest\":40.00,\"mean\":17.75,\"median\":15.00}");

    JsonNode nothing =
        client.get("/api/queries/analytics?from=2001-01-01&to=2001-01-31").expect(200).body();
    assertThat(nothing.at("/days").size()).isZero();
    assertThat(nothing.at("/amounts/count").asInt()).isZero();
  }

  @Test
  void the_root_links_to_everything() throws Exception {
    JsonNode links = client.get("/").expect(200).body().at("/links");
    assertThat(links.at("/transfer").asString()).isEqualTo("POST /api/commands/transfers");
    assertThat(links.at("/health").asString()).isEqualTo("GET /health");
  }

  @Test
  void a_query_may_name_the_position_that_it_must_not_be_before() throws Exception {
    String id = client.open("Ada", "100");
    long position = client.command(id, "deposit", "{\"amount\":1}").expect(200).position();
    Answer answer = client.get("/api/queries/accounts/" + id + "?after=" + position).expect(200);
    assertThat(answer.position()).isGreaterThanOrEqualTo(position);
    assertThat(answer.response().headers().firstValue("Varve-Behind")).isEmpty();
  }

  // --- health, and a store that comes and goes

  @Test
  void health_tells_how_everything_is() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    client.transfer(a, b, "40").expect(200);
    client.get("/api/queries/accounts").expect(200); // waits for the projections

    JsonNode health =
        Awaitility.await()
            .until(
                () -> client.get("/health").expect(200).body(),
                body -> body.at("/sagas_unfinished").asInt() == 0 && haveCaughtUp(body));
    assertThat(health.at("/status").asString()).isEqualTo("up");
    assertThat(health.at("/accounts").asInt()).isEqualTo(2);
    assertThat(health.at("/sagas").asInt()).isEqualTo(1);
    assertThat(health.at("/aggregates").asInt()).isEqualTo(3);
    assertThat(health.at("/transactions").asInt()).isEqualTo(3);
    // Seven on the accounts, the request, and eleven of the saga.
    assertThat(health.at("/total_events").asInt()).isEqualTo(19);
    assertThat(health.at("/money_held").toString()).isEqualTo("0.00");
    assertThat(health.at("/store/reachable").asBoolean()).isTrue();
    assertThat(health.at("/store/head_position").asInt()).isEqualTo(19);
    assertThat(health.at("/projections").size()).isEqualTo(4);
    for (JsonNode projection : health.at("/projections").values()) {
      assertThat(projection.at("/state").asString()).isEqualTo("live");
      assertThat(projection.at("/position").asInt()).isEqualTo(19);
      assertThat(projection.at("/lag").asInt()).isZero();
    }
  }

  @Test
  void metrics_tell_of_requests_commands_projections_and_the_jvm() throws Exception {
    String a = client.open("Ada", "100");
    String b = client.open("Bob", "0");
    client.transfer(a, b, "40").expect(200);
    client.command(a, "withdraw", "{\"amount\":500}").expect(409);
    client.get("/api/queries/accounts/" + a).expect(200);
    client.get("/api/nothing/" + a).expect(404);

    String metrics = client.text("/metrics");
    assertThat(metrics)
        .contains(
            "bank_http_requests_seconds_count{method=\"GET\",route=\"/api/queries/accounts/{id}\"")
        .contains("code=\"INSUFFICIENT_FUNDS\"")
        .contains("varve_projection_lag")
        .contains("process=\"transfer\"")
        .contains("bank_transfers_unfinished")
        .contains("jvm_memory_used_bytes")
        .contains("hikaricp_connections")
        .doesNotContain(a);
  }

  /** A projection hears of what does not concern it, and that it is live, a little later. */
  private static boolean haveCaughtUp(JsonNode health) {
    return health
        .at("/projections")
        .valueStream()
        .allMatch(
            projection ->
                projection.at("/lag").asInt(-1) == 0
                    && projection.at("/state").asString().equals("live"));
  }

  @Test
  void a_store_that_is_away_is_a_503_and_comes_back() throws Exception {
    String id = client.open("Ada", "100");
    assertThat(client.balance(id)).isEqualTo("100.00");
    store.away(true);
    Answer health = client.get("/health").expect(503);
    assertThat(health.at("/status")).isEqualTo("down");
    assertThat(health.body().at("/store/reachable").asBoolean()).isFalse();
    Answer refused = client.command(id, "deposit", "{\"amount\":1}").expect(503);
    assertThat(refused.at("/error")).contains("safe to repeat");
    assertThat(refused.response().headers().firstValue("Retry-After")).isPresent();
    client.get("/api/queries/accounts/" + id + "/history").expect(503);
    assertThat(client.balance(id)).isEqualTo("100.00"); // the read model has it

    store.away(false);
    client.command(id, "deposit", "{\"amount\":1}").expect(200);
    client.get("/health").expect(200);
  }

  @Test
  void a_bank_that_starts_before_its_store_catches_up_when_it_comes() throws Exception {
    String id = client.open("Ada", "100");
    stopBank();
    store.away(true);
    startBank();
    client.get("/health").expect(503);
    store.away(false);
    Awaitility.await()
        .untilAsserted(
            () -> assertThat(client.get("/health").expect(200).at("/status")).isEqualTo("up"));
    client.command(id, "deposit", "{\"amount\":1}").expect(200);
    assertThat(client.balance(id)).isEqualTo("101.00");
  }
}
