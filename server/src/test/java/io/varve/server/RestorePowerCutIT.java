package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.ServerProcess.Exit;
import io.varve.server.disk.DiskHistory;
import io.varve.server.disk.DiskImage.Loss;
import io.varve.server.disk.FaultyDisk;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power goes while a backup is restored, or once it has been.
 *
 * <p>{@code -Dvarve.cuts=1000} for more moments, {@code -Dvarve.seed=N} for the same choices.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class RestorePowerCutIT {
  private static final int CUTS = Integer.getInteger("varve.cuts", 6) / 2;
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);
  private static final int EVENTS = 30;

  @TempDir Path folder;

  private final Random random = new Random(SEED);

  @Test
  void what_is_restored_is_whole_after_a_loss_of_power_or_says_that_it_is_not() throws Exception {
    Path backup = folder.resolve("backup");
    back(backup);
    Path root = Files.createDirectory(folder.resolve("disk"));
    FaultyDisk disk =
        FaultyDisk.below(root, Files.createDirectory(folder.resolve("work")), Duration.ZERO);
    disk.begin();
    Exit exit =
        ServerProcess.runOn(
            disk, folder, "restore", backup + "", "--data", root.resolve("data") + "");
    assertThat(exit.code()).as(exit.errors()).isZero();

    DiskHistory history = disk.history();
    TreeSet<Integer> cuts = new TreeSet<>();
    while (cuts.size() < Math.min(CUTS, history.changes())) {
      boolean late = random.nextBoolean(); // when it is all there, and is yet to be made safe
      int change = history.changes() - 1 - random.nextInt(late ? 30 : history.changes());
      if (!history.kindOf(change).endsWith("native") || random.nextInt(100) == 0) {
        cuts.add(change);
      }
    }
    cuts.remove(history.changes() - 1);
    int whole = 0;
    for (int change : cuts) {
      whole +=
          isWhole(history, change, random.nextBoolean() ? Loss.ALL_UNSYNCED : Loss.SOME_UNSYNCED)
              ? 1
              : 0;
    }
    assertThat(isWhole(history, history.changes() - 1, Loss.ALL_UNSYNCED))
        .as("what was restored is there")
        .isTrue();
    System.out.println(
        "RestorePowerCutIT: seed %d, %d changes of the disk, %d cuts, %d with the whole store"
            .formatted(SEED, history.changes(), cuts.size() + 1, whole + 1));
  }

  private void back(Path backup) throws Exception {
    Path data = folder.resolve("data");
    try (TestServer server = TestServer.start(data)) {
      VarveClient store = server.ownClient();
      for (int i = 0; i < EVENTS; i++) {
        store.append("s", ExpectedVersion.any(), NewEvent.json("T", "{\"i\":" + i + "}"));
      }
    }
    OfflineTools.backup(data, null, backup, (_, _, _) -> {});
  }

  /** Whether a server has all of the store. If not it has none of it, or refuses what there is. */
  private boolean isWhole(DiskHistory history, int change, Loss loss) throws Exception {
    String what =
        "power lost after change %d (%s), loss of %s, seed %d"
            .formatted(change, history.kindOf(change), loss, SEED);
    Path left = folder.resolve("left");
    history.cutPowerAfter(change, loss, random, left);
    Path data = left.resolve("data");
    boolean begun = Files.exists(data.resolve("log"));
    boolean whole = false;
    try (TestServer server = TestServer.start(data)) {
      assertThat(server.headPosition()).as(what).isEqualTo(begun ? EVENTS : 0);
      whole = begun;
    } catch (StartFailure refused) {
      assertThat(refused).as(what).hasMessageContaining("a restore into");
    }
    if (whole) {
      assertThat(Folders.findings(data)).as(what).isEmpty();
    }
    Folders.delete(left);
    return whole;
  }
}
