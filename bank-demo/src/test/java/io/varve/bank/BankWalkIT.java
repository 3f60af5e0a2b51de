package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.BankClient.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Year;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The walk of the README, against the demo and a server as real processes, with a restart of both.
 */
class BankWalkIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  /** What was there before the restart, to be found again after it. */
  private record Before(
      String ada, String bob, String cyd, Answer account, JsonNode history, long projected) {}

  @Test
  void the_walk_and_then_everything_restarted_and_nothing_lost() throws Exception {
    Before before;
    try (RunningProgram server = RunningProgram.server(folder.resolve("server"), 0);
        RunningProgram demo = RunningProgram.demo(folder.resolve("demo"), server.port());
        BankClient client = new BankClient(demo.port())) {
      before = walk(client);
      assertThat(demo.stop()).isZero();
      server.stop();
    }
    try (RunningProgram server = RunningProgram.server(folder.resolve("server"), 0);
        RunningProgram demo = RunningProgram.demo(folder.resolve("demo"), server.port());
        BankClient client = new BankClient(demo.port())) {
      findAgain(client, before);
      goOn(client, before);
      assertThat(demo.stop()).isZero();

      delete(folder.resolve("demo").resolve("data"));
      try (RunningProgram rebuilt = RunningProgram.demo(folder.resolve("demo"), server.port());
          BankClient again = new BankClient(rebuilt.port())) {
        awaitUpToDate(again);
        assertThat(again.balance(before.ada())).isEqualTo("75.00");
        assertThat(again.balance(before.bob())).isEqualTo("80.00");
        assertThat(rebuilt.stop()).isZero();
      }
      server.stop();
    }
  }

  private static Before walk(BankClient client) throws Exception {
    assertThat(client.get("/").expect(200).at("/links/transfer")).isNotEmpty();
    String ada = client.open("Ada", "100");
    String bob = client.open("Bob", "50");
    String cyd = client.open("Cyd", "0");
    client.command(ada, "deposit", "{\"amount\":20,\"description\":\"pay\"}").expect(200);
    client.command(ada, "withdraw", "{\"amount\":\"15.00\"}").expect(200);
    client.command(cyd, "close", "").expect(200);

    Answer completed = client.transfer(ada, bob, "30").expect(200);
    assertThat(completed.at("/status")).isEqualTo("completed");
    Answer compensated = client.transfer(ada, cyd, "10").expect(409);
    assertThat(compensated.at("/status")).isEqualTo("compensated");
    assertThat(client.balance(ada)).isEqualTo("75.00");
    assertThat(client.balance(bob)).isEqualTo("80.00");

    String path = "/api/queries/accounts/" + ada;
    JsonNode history = client.get(path + "/history").expect(200).body();
    assertThat(history.at("/events").valueStream().map(e -> e.at("/type").asString()))
        .containsExactly(
            "AccountOpened",
            "MoneyDeposited",
            "MoneyWithdrawn",
            "TransferInitiated",
            "MoneyWithdrawn",
            "TransferCompleted",
            "TransferInitiated",
            "MoneyWithdrawn",
            "MoneyDeposited",
            "TransferFailed");
    assertThat(client.get(path + "/timeline").expect(200).at("/timeline/1/text"))
        .isEqualTo("Deposited 20.00 (pay)");
    String openedAt = client.settled(path).at("/opened_at");
    assertThat(client.get(path + "/balance?at=" + openedAt).expect(200).at("/balance"))
        .isEqualTo("100.00");
    Year year = Year.now(ZoneOffset.UTC);
    JsonNode statements = client.settled(path + "/statements?year=" + year).body();
    assertThat(statements.at("/statements").valueStream().toList().getLast().at("/closing_balance"))
        .hasToString("75.00");
    JsonNode figures = client.settled("/api/queries/analytics").body();
    assertThat(figures.at("/transfers/completed").asInt()).isEqualTo(1);
    assertThat(figures.at("/transfers/compensated").asInt()).isEqualTo(1);
    assertThat(client.settled("/api/queries/sagas").body().at("/count").asInt()).isEqualTo(2);
    JsonNode health = awaitUpToDate(client);
    return new Before(
        ada, bob, cyd, client.settled(path), history, health.at("/total_events").asLong());
  }

  private static void findAgain(BankClient client, Before before) throws Exception {
    JsonNode health = awaitUpToDate(client);
    assertThat(health.at("/total_events").asLong()).isEqualTo(before.projected());
    String path = "/api/queries/accounts/" + before.ada();
    assertThat(client.settled(path).body()).isEqualTo(before.account().body());
    assertThat(client.get(path + "/history").expect(200).body()).isEqualTo(before.history());
  }

  /** The projections take up where they were: nothing is counted twice, and news arrive. */
  private static void goOn(BankClient client, Before before) throws Exception {
    client.command(before.ada(), "deposit", "{\"amount\":1}").expect(200);
    client.command(before.ada(), "withdraw", "{\"amount\":1}").expect(200);
    assertThat(client.balance(before.ada())).isEqualTo("75.00");
    JsonNode health = awaitUpToDate(client);
    assertThat(health.at("/total_events").asLong()).isEqualTo(before.projected() + 2);
    client.transfer(before.ada(), before.cyd(), "1").expect(409);
  }

  private static JsonNode awaitUpToDate(BankClient client) {
    return await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> client.get("/health").expect(200).body(),
            health ->
                health.at("/status").asString().equals("up")
                    && health.at("/sagas_unfinished").asInt() == 0
                    && health
                        .at("/projections")
                        .valueStream()
                        .allMatch(
                            projection ->
                                projection.at("/state").asString().equals("live")
                                    && projection.at("/lag").asInt() == 0));
  }

  private static void delete(Path tree) throws Exception {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : List.copyOf(files.toList()).reversed()) {
        Files.delete(file);
      }
    }
  }
}
