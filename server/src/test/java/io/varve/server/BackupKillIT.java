package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.VarveException;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupManifest;
import io.varve.server.storage.rocksdb.Folders;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed in the middle of backups, under load. What is in the backup folder then is
 * the last backup that was complete, or none; restored, it is the log up to its position.
 *
 * <p>{@code -Dvarve.kills=50} for a long run, {@code -Dvarve.seed=N} for the same moments again.
 */
class BackupKillIT {
  private static final int KILLS = Integer.getInteger("varve.kills", 6);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());

  @TempDir private Path folder;

  @Test
  void a_killed_backup_leaves_the_one_before_and_never_half_of_one() throws Exception {
    System.out.println("BackupKillIT: seed " + SEED + ", kills " + KILLS);
    Random random = new Random(SEED);
    Path data = folder.resolve("data");
    Path backups = Files.createDirectories(folder.resolve("backups"));
    long complete = -1;
    int cut = 0;
    for (int round = 0; round < KILLS; round++) {
      try (ServerProcess server = ServerProcess.backingUpTo(data, backups);
          VarveClient store =
              VarveClient.builder()
                  .endpoint("127.0.0.1", server.port())
                  .retryFor(Duration.ofSeconds(2))
                  .build()) {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int writer = 0; writer < 3; writer++) {
          String stream = "w-" + round + "-" + writer;
          threads.add(Thread.ofPlatform().start(() -> writeUntilCut(store, stream, stop)));
        }
        AtomicBoolean failed = new AtomicBoolean();
        AtomicInteger made = new AtomicInteger();
        threads.add(Thread.ofPlatform().start(() -> failed.set(!backUpUntilCut(store, made))));
        int enough = round % 2; // every other round one is to be complete, and the next is cut off
        await()
            .atMost(ServerProcess.PATIENCE)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> made.get() >= enough || failed.get());
        long deadline =
            System.nanoTime() + Duration.ofMillis(200 + random.nextInt(2_500)).toNanos();
        await()
            .atMost(ServerProcess.PATIENCE)
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(1))
            .until(() -> System.nanoTime() - deadline >= 0);
        server.kill();
        stop.set(true);
        for (Thread thread : threads) {
          assertThat(thread.join(ServerProcess.PATIENCE)).isTrue();
        }
        cut += failed.get() ? 1 : 0;
      }
      assertThat(Folders.findings(data)).as("the killed store").isEmpty();
      BackupManifest manifest = new BackupFolder(backups.resolve("daily")).manifest();
      if (manifest != null) {
        assertThat(manifest.position()).isGreaterThanOrEqualTo(complete);
        complete = manifest.position();
        List<String> damage = new ArrayList<>();
        OfflineTools.verifyBackup(backups.resolve("daily"), (_, _, _) -> {}, damage::add);
        assertThat(damage).isEmpty();
      }
    }
    assertThat(complete).as("some backup was made").isPositive();
    assertThat(cut).as("some backup was cut off").isPositive();

    Path restored = folder.resolve("restored");
    OfflineTools.restore(
        backups.resolve("daily"), restored, RestoreBound.NONE, null, (_, _, _) -> {}, (_, _) -> {});
    assertThat(Folders.findings(restored)).isEmpty();
    List<String> all = log(data);
    assertThat(log(restored)).isEqualTo(all.subList(0, (int) complete));
    System.out.println("BackupKillIT: " + complete + " of " + all.size() + " events restored");
  }

  private static void writeUntilCut(VarveClient store, String stream, AtomicBoolean stop) {
    try {
      for (int i = 0; !stop.get(); i++) {
        List<NewEvent> events = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
          events.add(NewEvent.json("T" + n % 3, "{\"i\":" + i + ",\"n\":" + n + "}"));
        }
        store.append(stream, ExpectedVersion.any(), events);
      }
    } catch (VarveException | IllegalStateException e) {
      return; // the server is gone
    }
  }

  /** Makes one backup after the other; false when one was cut off. */
  private static boolean backUpUntilCut(VarveClient store, AtomicInteger made) {
    try {
      for (int i = 0; i < 1_000; i++) {
        store.admin().createBackup("daily", _ -> {});
        made.incrementAndGet();
      }
      return true;
    } catch (VarveException | IllegalStateException e) {
      return false;
    }
  }

  private static List<String> log(Path data) throws Exception {
    List<String> log = new ArrayList<>();
    try (TestServer server = TestServer.start(data);
        VarveClient store = server.client();
        EventReader events = store.readLog(ReadLog.all())) {
      events.forEach(
          event ->
              log.add(
                  event.position()
                      + " "
                      + event.stream()
                      + " "
                      + event.version()
                      + " "
                      + event.id()
                      + " "
                      + event.dataAsString()));
    }
    return log;
  }
}
