package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.BankClient.Answer;
import io.varve.bank.load.LoadCommand;
import io.varve.bank.readmodel.DatabaseSettings;
import io.varve.bank.web.WebServer;
import io.varve.client.port.LastingPort;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.testkit.InMemoryEventStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/** Looking after the bank, over HTTP and from the command line. */
@ResourceLock(Resources.SYSTEM_OUT)
class AdminHttpTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PROJECTIONS = "/api/admin/projections";

  @TempDir Path data;
  private final InMemoryEventStore store = new InMemoryEventStore();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  @AfterEach
  void close() {
    store.close();
  }

  private Bank bank(DatabaseSettings database) throws Exception {
    return Bank.start(
        store,
        new Bank.Settings(
            "127.0.0.1",
            0,
            data,
            database,
            0,
            Set.of(),
            new WebServer.Patience(PATIENCE, PATIENCE)),
        InstantSource.system());
  }

  @Test
  void projections_are_shown_and_rebuilt() throws Exception {
    try (Bank bank = bank(DatabaseSettings.inFolder(data));
        BankClient client = new BankClient(bank.port())) {
      String id = client.open("Ada", "100");
      assertThat(client.balance(id)).isEqualTo("100.00");

      JsonNode all = client.get(PROJECTIONS).expect(200).body().at("/projections");
      assertThat(all.valueStream().map(one -> one.at("/name").asString()))
          .containsExactly("accounts", "transactions", "sagas", "analytics");
      JsonNode accounts =
          await()
              .atMost(PATIENCE)
              .until(
                  () -> client.get(PROJECTIONS + "/accounts").expect(200).body(),
                  one -> one.at("/state").asString().equals("live"));
      assertThat(accounts.at("/generation").asInt()).isEqualTo(1);
      assertThat(accounts.at("/position").asLong()).isEqualTo(1);
      assertThat(accounts.at("/head").asLong()).isEqualTo(1);
      assertThat(accounts.at("/lag").asLong(-1)).isZero();
      assertThat(accounts.at("/parked").asInt(-1)).isZero();
      assertThat(accounts.has("events_per_second")).isTrue();
      assertThat(accounts.has("failure")).isFalse();
      assertThat(accounts.has("rebuild")).isFalse();

      Answer rebuilding = client.post(PROJECTIONS + "/accounts/rebuild", "").expect(202);
      assertThat(rebuilding.at("/projection")).isEqualTo("accounts");
      int generation = rebuilding.body().at("/generation").asInt();
      assertThat(generation).isGreaterThan(1);
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  client.get(PROJECTIONS + "/accounts").expect(200).body().at("/generation").asInt()
                      == generation);
      assertThat(client.balance(id)).isEqualTo("100.00");
    }
  }

  @Test
  void an_unknown_projection_is_a_404_that_names_the_known_ones() throws Exception {
    try (Bank bank = bank(DatabaseSettings.inFolder(data));
        BankClient client = new BankClient(bank.port())) {
      for (Answer answer :
          List.of(
              client.get(PROJECTIONS + "/acounts"),
              client.post(PROJECTIONS + "/acounts/rebuild", ""))) {
        assertThat(answer.expect(404).at("/error"))
            .isEqualTo(
                "there is no projection acounts; there are accounts, transactions, sagas,"
                    + " analytics");
      }
      client.get(PROJECTIONS + "?all=yes").expect(400);
    }
  }

  @Test
  void a_bank_whose_database_is_away_takes_commands_and_says_so() throws Exception {
    int nobody = LastingPort.find();
    DatabaseSettings away =
        DatabaseSettings.postgreSql(
            "jdbc:postgresql://127.0.0.1:" + nobody + "/bank?password=hush", "bank", "secret");
    assertThat(away.toString()).doesNotContain("hush").doesNotContain("secret");
    try (Bank bank = bank(away);
        BankClient client = new BankClient(bank.port())) {
      String id = client.open("Ada", "100");
      client.command(id, "deposit", "{\"amount\":1}").expect(200);
      client.get("/api/queries/accounts/" + id + "/history").expect(200);

      JsonNode health = client.get("/health").expect(200).body();
      assertThat(health.at("/status").asString()).isEqualTo("degraded");
      assertThat(health.at("/database/reachable").asBoolean(true)).isFalse();
      assertThat(health.at("/database/error").asString()).contains("refused");
      assertThat(health.has("accounts")).isFalse();
      assertThat(health.toString()).doesNotContain("hush").doesNotContain("secret");
      Answer rebuild = client.post(PROJECTIONS + "/accounts/rebuild", "").expect(503);
      assertThat(rebuild.at("/code")).isEqualTo("read_model_unavailable");
    }
  }

  @Test
  void a_request_of_a_newer_release_stops_transfers_and_everybody_can_see_why() throws Exception {
    try (Bank bank = bank(DatabaseSettings.inFolder(data));
        BankClient client = new BankClient(bank.port())) {
      assertThat(client.get("/health").expect(200).body().has("sagas_error")).isFalse();
      store.append(
          "request-tr-1",
          ExpectedVersion.noStream(),
          NewEvent.builder("TransferRequested")
              .json("{\"all\":\"new\"}")
              .metadata("schema-version", "2")
              .build());
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(client.get("/health").expect(200).at("/sagas_error"))
                      .contains("request-tr-1", "schema version is 2"));
      assertThat(client.get("/health").expect(200).at("/status")).isEqualTo("degraded");

      Answer retry = client.post("/api/commands/transfers/tr-1/retry", "").expect(500);
      assertThat(retry.at("/code")).isEqualTo("unreadable_event");
      assertThat(retry.at("/error"))
          .isEqualTo(
              "this version of the bank cannot read TransferRequested in stream request-tr-1 at"
                  + " version 1");
    }
  }

  @Test
  void a_request_that_nobody_can_ever_read_is_passed_over_and_stops_nothing() throws Exception {
    try (Bank bank = bank(DatabaseSettings.inFolder(data));
        BankClient client = new BankClient(bank.port())) {
      int broken = 0;
      for (String schema : List.of("1", "0", "none", "99999999999")) {
        store.append(
            "request-tr-" + broken++,
            ExpectedVersion.noStream(),
            NewEvent.builder("TransferRequested")
                .json("{\"amount\":1}")
                .metadata("schema-version", schema)
                .build());
      }
      String ada = client.open("Ada", "100");
      String bob = client.open("Bob", "0");
      client.transfer(ada, bob, "40").expect(200);
      assertThat(client.get("/api/queries/sagas").expect(200).body().at("/count").asInt())
          .isEqualTo(1);
      client.get("/api/queries/analytics").expect(200);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(client.get("/health").expect(200).at("/status")).isEqualTo("up"));
      client.post("/api/commands/transfers/tr-0/retry", "").expect(500);
    }
  }

  @Test
  void a_query_of_a_database_that_is_away_is_a_503_that_says_when_to_ask_again() throws Exception {
    try (Bank bank =
            Bank.start(
                store,
                new Bank.Settings(
                    "127.0.0.1",
                    0,
                    data,
                    DatabaseSettings.postgreSql("jdbc:postgresql://127.0.0.1:1/bank", "bank", null),
                    0,
                    Set.of(),
                    new WebServer.Patience(Duration.ofMillis(50), Duration.ofSeconds(10))),
                InstantSource.system());
        BankClient client = new BankClient(bank.port())) {
      Answer answer = client.get("/api/queries/accounts").expect(503);
      assertThat(answer.at("/code")).isEqualTo("read_model_unavailable");
      assertThat(answer.response().headers().firstValue("Content-Type").orElse(""))
          .startsWith("application/problem+json");
      assertThat(answer.response().headers().firstValue("Retry-After")).isPresent();
    }
  }

  @Test
  void the_command_line_rebuilds_a_projection_of_a_running_demo() throws Exception {
    try (Bank bank = bank(DatabaseSettings.inFolder(data));
        BankClient client = new BankClient(bank.port())) {
      String id = client.open("Ada", "100");
      assertThat(client.balance(id)).isEqualTo("100.00");
      assertThat(rebuild("accounts", "--demo", "http://127.0.0.1:" + bank.port())).isZero();
      assertThat(text()).contains("accounts 100% 1 of 1").contains("accounts is rebuilt");
      assertThat(client.get(PROJECTIONS + "/accounts").body().at("/generation").asInt())
          .isGreaterThan(1);
    }
  }

  @Test
  void the_command_line_says_what_is_wrong_and_what_to_do() throws Exception {
    assertThat(rebuild("acounts")).isEqualTo(64);
    assertThat(text()).contains("there are accounts, transactions, sagas, analytics");
    assertThat(rebuild("accounts", "--demo", "nonsense")).isEqualTo(64);
    assertThat(new CommandLine(new LoadCommand()).execute("--clients", "0")).isEqualTo(64);
    int nobody = LastingPort.find();
    assertThat(rebuild("accounts", "--demo", "http://127.0.0.1:" + nobody)).isEqualTo(1);
    assertThat(text()).contains("no demo answers at").contains("./varve demo");
  }

  @Test
  void a_progress_bar_is_drawn_over_itself_on_a_terminal() {
    try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
      ProgressBar bar = new ProgressBar(out, true, "sagas");
      bar.show(0, 2_000, "");
      bar.show(1_000, 2_000, "");
      bar.show(2_000, 2_000, "");
      bar.leave();
    }
    assertThat(text().split("\r", -1)).hasSize(4);
    assertThat(text())
        .contains("\rsagas [" + "#".repeat(20) + ".".repeat(20) + "]  50% 1,000 of 2,000");
  }

  private int rebuild(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    try (PrintStream mine = new PrintStream(said, true, StandardCharsets.UTF_8)) {
      System.setOut(mine);
      System.setErr(mine);
      return new CommandLine(new RebuildCommand()).execute(arguments);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private String text() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
