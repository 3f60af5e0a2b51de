package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.varve.server.ServerProcess.Exit;
import io.varve.server.disk.FaultyDisk.Call;
import io.varve.server.disk.FaultyDisk.Failure;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads that fail, and starts on a disk that fails: no wrong answer is given, and nothing is made
 * worse.
 *
 * <p>{@code -Dvarve.starts=100} for more starts, {@code -Dvarve.seed=N} for the same.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DiskReadFaultIT {
  private static final int STARTS = Integer.getInteger("varve.starts", 2);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);

  @TempDir Path folder;

  private final Random random = new Random(SEED);

  @Test
  void a_read_that_fails_is_told_and_whatever_is_answered_is_right() throws Exception {
    System.out.println("DiskReadFaultIT: seed " + SEED);
    try (StoreOnFaultyDisk store = new StoreOnFaultyDisk(folder.resolve("store"), random)) {
      filled(store, ServerProcess::terminate);
      store.checkAfterRestart(false);
      for (String part : List.of("data/log/", "data/index/")) {
        ManagedChannel channel = store.start();
        store.disk.fail(Call.READ, Failure.IO_ERROR, 0, -1, false, part);
        int told = EveryRead.of(channel, store.ledger, random);
        assertThat(store.disk.failed()).as("reads of %s that have failed", part).isPositive();
        assertThat(told).as("readers who were told so").isPositive();

        store.disk.recover();
        store.check(channel);
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
        store.disconnect();
        store.server().kill();
        System.out.println(
            "DiskReadFaultIT: %s: %d reads failed, %d readers were told"
                .formatted(part, store.disk.failed(), told));
      }
      store.checkAfterRestart(false);
    }
  }

  /** Fills a store and ends its server. */
  private static void filled(StoreOnFaultyDisk store, Consumer<ServerProcess> end)
      throws Exception {
    store.start();
    store.beginToWrite();
    store.untilPromised(600);
    end.accept(store.server());
    store.untilNobodyWrites();
    store.server().exit();
    store.disconnect();
  }

  // ---- starting

  @Test
  void a_start_on_a_disk_that_fails_says_so_or_is_none_the_worse() throws Exception {
    System.out.println("DiskReadFaultIT: seed " + SEED + ", starts " + STARTS);
    int refused = 0;
    int failed = 0;
    try (StoreOnFaultyDisk store = new StoreOnFaultyDisk(folder.resolve("store"), random)) {
      filled(store, ServerProcess::kill); // what is to be recovered is in the write-ahead log
      Path killed = Folders.copy(store.data, folder.resolve("killed"));
      for (int i = 0; i < STARTS; i++) {
        Folders.delete(store.data);
        Folders.copy(killed, store.data);
        Call[] calls = {Call.READ, Call.READ, Call.WRITE, Call.SYNC, Call.CREATE, Call.RENAME};
        Call call = calls[random.nextInt(calls.length)];
        String[] parts = {"", "data/log/", "data/index/", "data/groups/", "data/head"};
        String part = parts[random.nextInt(parts.length)];
        int skip = random.nextInt(call == Call.READ || call == Call.WRITE ? 30 : 6);
        String what =
            "start %d, seed %d: %s of …%s… fails once, after %d"
                .formatted(i, SEED, call, part, skip);
        store.disk.fail(call, Failure.IO_ERROR, skip, 1, false, part);
        try (ServerProcess server = store.launch()) {
          await()
              .atMost(StoreOnFaultyDisk.PATIENCE)
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(5))
              .until(() -> !server.isAlive() || server.serves());
          failed += store.disk.failed() > 0 ? 1 : 0;
          store.disk.recover();
          if (server.isAlive()) {
            store.check(store.connectTo(server));
            store.disconnect();
            server.kill();
          } else {
            refused++;
            Exit exit = server.exit();
            assertThat(exit.code()).as(what).isNotZero();
            assertThat(exit.errors()).as(what).contains("varve: ");
          }
          store.checkIn(store.data, false);
        } catch (AssertionError e) {
          throw new AssertionError(what, e);
        }
      }
    }
    System.out.println(
        "DiskReadFaultIT: seed %d, %d starts, in %d a call failed, %d were refused"
            .formatted(SEED, STARTS, failed, refused));
  }
}
