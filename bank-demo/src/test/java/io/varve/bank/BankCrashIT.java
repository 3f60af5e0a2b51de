package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.BankClient.Answer;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The demo and the server are killed in turn, at random, under a load of transfers. Afterwards the
 * sum of all balances is what was paid in, no transfer is left half-way, and the read model says
 * what a fold of the log says.
 */
class BankCrashIT {

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int ACCOUNTS = 5;
  private static final int KILLS = 6;
  private static final int CALLERS = 3;

  @TempDir Path folder;
  private final long seed = System.nanoTime();
  private volatile int demoPort;

  @Test
  void killed_in_turn_under_load_the_bank_loses_no_cent() throws Exception {
    RunningProgram server = RunningProgram.server(folder.resolve("server"), 0);
    // Restarted on the port that it was given first, so that the demo finds it again.
    int storePort = server.port();
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
        load.add(callers.submit(() -> transferUntil(enough, accounts, random, name, answered)));
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

  /** Asks for transfers, and repeats under the same key what got no answer. */
  private void transferUntil(
      AtomicBoolean enough,
      List<String> accounts,
      Random random,
      String name,
      AtomicInteger answered) {
    for (int i = 0; !enough.get(); i++) {
      String from = accounts.get(random.nextInt(ACCOUNTS - 1));
      String to =
          accounts.get((accounts.indexOf(from) + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS);
      String amount = BigDecimal.valueOf(1 + random.nextInt(3000), 2).toString();
      String key = name + "-" + i;
      boolean done = false;
      while (!done && !enough.get()) {
        try (BankClient client = new BankClient(demoPort)) {
          Answer answer = client.transfer(from, to, amount, "Idempotency-Key", key);
          done = answer.status() != 503;
          assertThat(answer.status()).isIn(200, 202, 409, 503);
        } catch (IOException e) {
          done = false; // the demo is being killed; ask again
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
      answered.incrementAndGet();
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
      BigDecimal sum = BigDecimal.ZERO;
      for (String account : accounts) {
        String path = "/api/queries/accounts/" + account;
        String folded = client.get(path + "/balance").expect(200).at("/balance");
        assertThat(client.balance(account)).as("seed %s", seed).isEqualTo(folded);
        assertThat(new BigDecimal(folded)).isNotNegative();
        sum = sum.add(new BigDecimal(folded));
      }
      assertThat(sum).as("seed %s", seed).isEqualByComparingTo("400.00");
      JsonNode sagas = client.get("/api/queries/sagas?limit=1000").expect(200).body();
      assertThat(sagas.at("/sagas").valueStream().map(saga -> saga.at("/status").asString()))
          .as("seed %s", seed)
          .isNotEmpty()
          .allMatch(status -> List.of("completed", "compensated", "failed").contains(status));
    }
  }
}
