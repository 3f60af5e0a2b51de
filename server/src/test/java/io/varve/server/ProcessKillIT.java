package io.varve.server;

import static io.varve.server.ServerProcess.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferProcess;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.eventsourcing.process.ProcessInstance;
import io.varve.client.eventsourcing.process.ProcessRunner;
import io.varve.client.eventsourcing.process.SagaState;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program that carries out transfers is killed at random moments, and the server in turn. In the
 * end no transfer is half-way, each has taken effect once or not at all, and no cent is lost.
 *
 * <p>{@code -Dvarve.kills=100} for a long run, {@code -Dvarve.seed=N} for the same moments again.
 */
class ProcessKillIT {
  private static final int KILLS = Integer.getInteger("varve.kills", 6);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());
  private static final int ACCOUNTS = 6;

  @TempDir Path folder;

  @Test
  void transfers_survive_every_kill_of_their_program_and_of_the_server() throws Exception {
    System.out.println("ProcessKillIT: seed " + SEED + ", kills " + KILLS);
    Random random = new Random(SEED);
    Path data = folder.resolve("data");
    int transfers = 0;
    ServerProcess server = ServerProcess.serve(data);
    try {
      BigDecimal total;
      try (VarveClient store = server.client()) {
        Bank bank = new Bank(store);
        for (int account = 0; account < ACCOUNTS; account++) {
          bank.open("acc" + account, "100.00");
        }
        total = bank.total();
      }
      for (int kill = 0; kill < KILLS; kill++) {
        Process program = program(server.port());
        try (VarveClient store = server.client()) {
          Bank bank = new Bank(store);
          long completed = completed(store);
          for (int i = 0; i < 30; i++) {
            transfers++;
            String to = random.nextInt(5) == 0 ? "nobody" : "acc" + random.nextInt(ACCOUNTS);
            bank.request(
                "t" + transfers,
                "acc" + random.nextInt(ACCOUNTS),
                to,
                random.nextInt(60) + "." + (10 + random.nextInt(90)));
          }
          long enough = completed + random.nextInt(25);
          await()
              .atMost(PATIENCE)
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .until(() -> completed(store) >= enough);
        }
        if (kill % 3 == 2) {
          server.kill();
          server.close();
          server = ServerProcess.serve(data);
        }
        program.destroyForcibly();
        program.onExit().join();
      }
      try (VarveClient store = server.client()) {
        toTheEnd(store, transfers, total);
      }
    } finally {
      server.close();
    }
  }

  private static void toTheEnd(EventStore store, int transfers, BigDecimal total) {
    Bank bank = new Bank(store);
    try (var runner =
        ProcessRunner.builder(store, TransferSaga.saga(), Bank.TRANSFER_EVENTS)
            .handler(TransferProcess.ACCOUNTS, bank.handler())
            .start()) {
      await().atMost(PATIENCE).until(() -> completed(store) == transfers);
      assertThat(bank.total()).isEqualByComparingTo(total);
      Map<String, Integer> movements = bank.movements();
      assertThat(movements.values()).containsOnly(1);
      int made = 0;
      for (int i = 1; i <= transfers; i++) {
        ProcessInstance<? extends SagaState<?>> transfer = runner.find("t" + i).orElseThrow();
        boolean out = has(movements, "-t" + i + "@");
        boolean in = has(movements, "+t" + i + "@");
        boolean back = has(movements, "+t" + i + "/refund@");
        switch (transfer.outcome()) {
          case "completed" -> assertThat(out && in && !back).isTrue();
          case "compensated" -> assertThat(out && !in && back).isTrue();
          default -> assertThat(out || in || back).isFalse();
        }
        made += in ? 1 : 0;
      }
      System.out.println("ProcessKillIT: " + made + " of " + transfers + " transfers were made");
    }
  }

  private static boolean has(Map<String, Integer> movements, String prefix) {
    return movements.keySet().stream().anyMatch(movement -> movement.startsWith(prefix));
  }

  private static long completed(EventStore store) {
    Query ends = Query.of(QueryItem.categories(TransferSaga.NAME).withTypes("ProcessCompleted"));
    try (EventReader events = store.readLog(ReadLog.all().query(ends))) {
      return events.stream().count();
    }
  }

  private static Process program(int port) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            TransferRunner.class.getName(),
            Integer.toString(port))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
