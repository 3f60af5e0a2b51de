package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.BankClient.Answer;
import io.varve.client.port.LastingPort;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The demo and the server are killed in turn, at random, under a load of transfers and payments.
 * Afterwards the sum of all balances is what was paid in less what was paid out, no transfer is
 * left half-way, and the read model says what a fold of the log says.
 */
class BankCrashIT {

  private static final Logger LOG = LoggerFactory.getLogger(BankCrashIT.class);
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int ACCOUNTS = 5;
  private static final int CALLERS = 4;

  /** How often something is killed: a few times with every build, hundreds by hand. */
  private static final int KILLS = Integer.getInteger("varve.bank.kills", 4);

  /** Every transfer has a key; so what was asked for is known, however often it was asked. */
  private final AtomicInteger transfersAsked = new AtomicInteger();

  /** In cents: 400.00 that is paid in at the opening, and what is paid in and out afterwards. */
  private final AtomicLong expectedCents = new AtomicLong(400_00);

  @TempDir Path folder;
  private final long seed = Long.getLong("varve.bank.seed", System.nanoTime());
  private volatile int demoPort;

  @Test
  @Timeout(value = 2, unit = TimeUnit.HOURS) // hundreds of kills, at some seconds each
  void killed_in_turn_under_load_the_bank_loses_no_cent() throws Exception {
    // Restarted on the port that it was given first, so that the demo finds it again.
    int storePort = LastingPort.find();
    RunningProgram server = RunningProgram.server(folder.resolve("server"), storePort);
    RunningProgram demo = RunningProgram.demo(folder.resolve("demo"), storePort);
    demoPort = demo.port();
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try {
      List<String> accounts = openAccounts();
      List<Future<?>> load = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        Random random = new Random(seed + caller);
        String name = "caller-" + caller;
        load.add(callers.submit(() -> askUntil(enough, accounts, random, name, answered)));
      }
      Random random = new Random(seed);
      for (int kill = 0; kill < KILLS; kill++) {
        int progress = answered.get() + 1 + random.nextInt(12);
        await().atMost(PATIENCE).until(() -> answered.get() >= progress);
        if (kill % 2 == 0) {
          demo.kill();
          demo = RunningProgram.demo(folder.resolve("demo"), storePort);
          demoPort = demo.port();
        } else {
          server.kill();
          server = RunningProgram.server(folder.resolve("server"), storePort);
        }
      }
      enough.set(true);
      for (Future<?> caller : load) {
        caller.get();
      }
      assertNothingLost(accounts);
      assertThat(demo.stop()).isZero();
    } finally {
      enough.set(true);
      callers.shutdownNow();
      demo.close();
      server.close();
    }
  }

  private List<String> openAccounts() throws Exception {
    List<String> accounts = new ArrayList<>();
    try (BankClient client = new BankClient(demoPort)) {
      for (int i = 0; i < ACCOUNTS; i++) {
        accounts.add(client.open("Owner " + i, "100"));
      }
      client.command(accounts.getLast(), "withdraw", "{\"amount\":100}").expect(200);
      client.command(accounts.getLast(), "close", "").expect(200); // transfers to it come back
    }
    return accounts;
  }

  /** Asks for transfers and payments, and repeats under the same key what got no answer. */
  private void askUntil(
      AtomicBoolean enough,
      List<String> accounts,
      Random random,
      String name,
      AtomicInteger answered) {
    for (int i = 0; !enough.get(); i++) {
      String key = name + "-" + i;
      int from = random.nextInt(ACCOUNTS - 1);
      int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
      int cents = 1 + random.nextInt(3000);
      String amount = BigDecimal.valueOf(cents, 2).toString();
      if (random.nextInt(4) > 0) {
        transfersAsked.incrementAndGet();
        repeat(client -> client.transferOnce(key, accounts.get(from), accounts.get(to), amount));
      } else {
        String command = random.nextBoolean() ? "deposit" : "withdraw";
        String path = "/api/commands/accounts/" + accounts.get(from) + "/" + command;
        int status =
            repeat(
                client -> client.post(path, "{\"amount\":" + amount + "}", "Idempotency-Key", key));
        if (status == 200) {
          expectedCents.addAndGet(command.equals("deposit") ? cents : -cents);
        }
      }
      answered.incrementAndGet();
    }
  }

  private interface Request {
    Answer send(BankClient client) throws IOException, InterruptedException;
  }

  /** Until it is answered, by a demo and a store that are both alive; the status. */
  private int repeat(Request request) {
    while (true) {
      try (BankClient client = new BankClient(demoPort)) {
        int status = request.send(client).status();
        assertThat(status).isIn(200, 202, 409, 503);
        if (status != 503) {
          return status;
        }
      } catch (IOException e) {
        LOG.debug("the demo is being killed; asked again", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  private void assertNothingLost(List<String> accounts) throws Exception {
    try (BankClient client = new BankClient(demoPort)) {
      JsonNode health =
          await()
              .atMost(PATIENCE)
              .ignoreExceptions()
              .until(
                  () -> client.get("/health").expect(200).body(),
                  body ->
                      body.at("/status").asString().equals("up")
                          && body.at("/sagas_unfinished").asInt() == 0
                          && body.at("/projections")
                              .valueStream()
                              .allMatch(projection -> projection.at("/lag").asInt() == 0));
      assertThat(health.at("/money_held").toString()).isEqualTo("0.00");
      assertThat(health.at("/sagas").asInt()).as("seed %s", seed).isEqualTo(transfersAsked.get());
      BigDecimal sum = BigDecimal.ZERO;
      for (String account : accounts) {
        assertRowsAreWhatTheLogSays(client, account);
        String path = "/api/queries/accounts/" + account;
        String folded = client.get(path + "/balance").expect(200).at("/balance");
        assertThat(client.balance(account)).as("seed %s", seed).isEqualTo(folded);
        assertThat(new BigDecimal(folded)).isNotNegative();
        sum = sum.add(new BigDecimal(folded));
      }
      assertThat(sum)
          .as("seed %s", seed)
          .isEqualByComparingTo(BigDecimal.valueOf(expectedCents.get(), 2));
      JsonNode sagas = client.settled("/api/queries/sagas?limit=1000").body();
      assertThat(sagas.at("/sagas").valueStream().map(saga -> saga.at("/status").asString()))
          .as("seed %s", seed)
          .isNotEmpty()
          .allMatch(status -> List.of("completed", "compensated", "failed").contains(status));
    }
  }

  /** Every movement of money of the account's own stream is a row, in order, and no other is. */
  private void assertRowsAreWhatTheLogSays(BankClient client, String account) throws Exception {
    List<String> inLog = new ArrayList<>();
    long next = 1;
    while (next > 0) {
      JsonNode history =
          client
              .get("/api/queries/accounts/" + account + "/history?from_version=" + next)
              .expect(200)
              .body();
      history
          .at("/events")
          .valueStream()
          .filter(event -> event.at("/type").asString().matches("Money.*|AccountOpened"))
          .map(
              event ->
                  event.at("/position")
                      + " "
                      + (event.at("/data/amount").isNumber()
                          ? event.at("/data/amount")
                          : event.at("/data/initial_balance")))
          .forEach(inLog::add);
      next = history.at("/next_version").asLong(0);
    }
    List<String> inRows = new ArrayList<>();
    long before = Long.MAX_VALUE;
    while (before > 0) {
      List<JsonNode> page =
          client
              .settled(
                  "/api/queries/transactions?limit=1000&account_id="
                      + account
                      + "&before="
                      + before)
              .body()
              .at("/transactions")
              .valueStream()
              .toList();
      page.forEach(row -> inRows.addFirst(row.at("/position") + " " + row.at("/amount")));
      before = page.isEmpty() ? 0 : page.getLast().at("/position").asLong();
    }
    assertThat(inRows).as("seed %s", seed).isEqualTo(inLog);
  }
}
