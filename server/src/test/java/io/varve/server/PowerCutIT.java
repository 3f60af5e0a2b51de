package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.server.disk.DiskHistory;
import io.varve.server.disk.DiskImage.Loss;
import io.varve.server.disk.FaultyDisk;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power goes while a server is under load: what it had written and not synced is lost, whole or
 * in part. A disk in between puts down every change in its order, from the first folder that is
 * made on, so that one run is looked at as it stood after any of its changes; nothing is left to
 * the luck of a moment.
 *
 * <p>{@code -Dvarve.cuts=1000} for more moments, {@code -Dvarve.seed=N} for the same choices.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class PowerCutIT {
  private static final int CUTS = Integer.getInteger("varve.cuts", 6);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);

  /** Moments at which a disk that does not sync is looked at, at most. */
  private static final int TRIES_WITHOUT_SYNC = 5;

  /** Long enough for an answer that does not wait for the sync to be seen before it. */
  private static final Duration SYNC = Duration.ofMillis(3);

  @TempDir Path folder;

  private final Random random = new Random(SEED);

  private @Nullable Ledger ledger;
  private @Nullable GroupPromises group;
  private @Nullable SnapshotPromises snapshots;
  private int images;

  @Test
  void what_was_acknowledged_survives_a_loss_of_power_after_any_change_of_the_disk()
      throws Exception {
    System.out.println("PowerCutIT: seed " + SEED + ", cuts " + CUTS);
    Path root = Files.createDirectory(folder.resolve("disk"));
    Files.createDirectory(root.resolve("archive"));
    FaultyDisk disk = FaultyDisk.below(root, Files.createDirectory(folder.resolve("work")), SYNC);
    disk.begin();
    Ledger promises = new Ledger(disk::moment);
    ledger = promises;
    group = new GroupPromises(disk::moment, "single");
    snapshots = new SnapshotPromises("single-1");

    load(disk, root);

    DiskHistory history = disk.history();
    Set<String> kinds = new HashSet<>();
    int kept = 0;
    for (int change : cuts(history)) {
      Loss loss = images % 2 == 0 ? Loss.ALL_UNSYNCED : Loss.SOME_UNSYNCED;
      kinds.add(history.kindOf(change));
      kept += promises.asOf(history.momentAfter(change)).promises();
      try {
        cutAndCheck(history, change, loss);
      } catch (AssertionError e) {
        Path image = Path.of(System.getProperty("basedir", ""), "target", "power-cut-" + SEED);
        Folders.copy(folder.resolve("left-" + (images - 1)), image);
        throw new AssertionError(e.getMessage() + "; what was left is kept in " + image, e);
      }
    }
    assertThat(kept).as("promises that were looked for, in all").isPositive();
    System.out.println(
        "PowerCutIT: %d changes of the disk, of %d kinds; %d cuts, after %d kinds; %d promises looked for"
            .formatted(history.changes(), history.kinds().size(), images, kinds.size(), kept));
    System.out.println(
        "PowerCutIT: %d events acknowledged; %s; %s"
            .formatted(promises.promises(), group, snapshots));

    theDiskHasSeenEverything(disk, root);
    for (String sync :
        List.of(
            "sync data/log/*.log",
            "sync folder data/log",
            "sync folder data/groups",
            "sync archive")) {
      aDiskThatDoesNotSyncIsFoundOut(disk, sync);
    }
  }

  // ---- the run

  /** A server on an empty disk: killed under load, stopped under load, killed again. */
  private void load(FaultyDisk disk, Path root) throws Exception {
    Ledger promises = told(ledger);
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      writers.add(new Writer.Single("single-" + i, promises, random.nextLong()));
      writers.add(new Writer.Pipelined("pipelined-" + i, promises, random.nextLong()));
      writers.add(new Writer.Transfers("transfers-" + i, promises, random.nextLong()));
    }
    writers.add(new Writer.Batches("batches", promises, random.nextLong()));
    for (Consumer<ServerProcess> end :
        List.<Consumer<ServerProcess>>of(
            ServerProcess::kill, ServerProcess::terminate, ServerProcess::kill)) {
      try (ServerProcess server = ServerProcess.on(disk, root.resolve("data"), options(root))) {
        ManagedChannel channel = server.connect();
        try {
          if (promises.promises() == 0) {
            told(group).create(channel);
          }
          List<Thread> threads = new ArrayList<>();
          for (Writer writer : writers) {
            threads.add(Thread.ofPlatform().start(() -> writer.writeUntilCut(channel)));
          }
          threads.add(Thread.ofPlatform().start(() -> told(group).consumeUntilCut(channel)));
          threads.add(Thread.ofPlatform().start(() -> told(snapshots).saveUntilCut(channel)));
          threads.add(Thread.ofPlatform().start(() -> archive(channel)));
          untilItHasDoneAllKindsOfThings(root.resolve("data"));
          end.accept(server);
          for (Thread thread : threads) {
            assertThat(thread.join(StoreOnFaultyDisk.PATIENCE)).isTrue();
          }
          server.exit();
        } finally {
          channel.shutdownNow();
          channel.awaitTermination(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
      }
      writers.forEach(Writer::rethrow);
    }
  }

  private static String[] options(Path root) {
    return new String[] {
      "--no-ops",
      "--log-write-buffer=1MiB",
      "--index-write-buffer=1MiB",
      "--archive-folder=" + root.resolve("archive"),
      "--archive-segment=64KiB"
    };
  }

  /** Until it has written a table of the log, and promised more than is in that. */
  private void untilItHasDoneAllKindsOfThings(Path data) throws Exception {
    long tables = Folders.files(data.resolve("log"), ".sst").size();
    await()
        .atMost(StoreOnFaultyDisk.PATIENCE)
        .until(() -> Folders.files(data.resolve("log"), ".sst").size() > tables);
    int enough = told(ledger).promises() + 300;
    await()
        .atMost(StoreOnFaultyDisk.PATIENCE)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> told(ledger).promises() >= enough);
  }

  private static void archive(Channel channel) {
    try {
      AdminGrpc.newBlockingStub(channel)
          .archive(ArchiveRequest.newBuilder().setPosition(Long.MAX_VALUE).build())
          .forEachRemaining(_ -> {});
    } catch (StatusRuntimeException gone) {
      // The server was killed.
    }
  }

  private static <T> T told(@Nullable T promises) {
    if (promises == null) {
      throw new IllegalStateException("nothing has been promised yet");
    }
    return promises;
  }

  // ---- the cuts

  /**
   * Changes after which the power is to go, rising: a row of them, as they come in the commits of
   * one moment; then of each kind of change in turn any one; and the last.
   */
  private SortedSet<Integer> cuts(DiskHistory history) {
    SortedSet<Integer> cuts = new TreeSet<>();
    cuts.add(history.changes() - 1);
    int row = CUTS / 3;
    int begin = random.nextInt(history.changes() / 2, history.changes() - row);
    for (int i = 0; i < row; i++) {
      cuts.add(begin + i);
    }
    List<List<Integer>> turns = new ArrayList<>(history.kinds().values());
    int most = Math.min(CUTS, history.changes());
    while (cuts.size() < most) {
      Collections.shuffle(turns, random);
      for (List<Integer> turn : turns) {
        if (cuts.size() < most) {
          cuts.add(turn.get(random.nextInt(turn.size())));
        }
      }
    }
    return cuts;
  }

  private void cutAndCheck(DiskHistory history, int change, Loss loss) throws Exception {
    Path left = folder.resolve("left-" + images++);
    history.cutPowerAfter(change, loss, random, left);
    String what =
        "power lost after change %d (%s), loss of %s, seed %d"
            .formatted(change, history.kindOf(change), loss, SEED);
    long latest = history.momentAfter(change);
    Path data = left.resolve("data");
    try (TestServer server = TestServer.withArchive(data, left.resolve("archive"))) {
      ManagedChannel channel = server.connect();
      told(ledger)
          .asOf(latest)
          .check(EventStoreGrpc.newBlockingStub(channel), new Follower(), random);
      told(group).check(channel, latest);
      told(snapshots).check(channel);
    } catch (AssertionError | Exception e) {
      throw new AssertionError(what + ": " + e.getMessage(), e);
    }
    assertThat(Folders.findings(data, left.resolve("archive"))).as(what).isEmpty();
    Folders.delete(left);
  }

  // ---- whether the disk can be believed

  /** With no loss at all its image is the folder, byte for byte: nothing has passed it by. */
  private void theDiskHasSeenEverything(FaultyDisk disk, Path root) throws Exception {
    DiskHistory history = disk.history();
    Path image = folder.resolve("image");
    history.cutPowerAfter(history.changes() - 1, Loss.NOTHING, random, image);
    assertThat(filesIn(image)).isEqualTo(filesIn(root));
    for (String name : filesIn(root)) {
      assertThat(Files.mismatch(root.resolve(name), image.resolve(name))).as(name).isEqualTo(-1);
    }
  }

  /** All files but those that RocksDB writes by the C library's streams. */
  private static List<String> filesIn(Path root) throws Exception {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .filter(Files::isRegularFile)
          .map(path -> root.relativize(path).toString())
          .filter(name -> !name.contains("/LOG"))
          .sorted()
          .toList();
    }
  }

  /**
   * Were a sync left out, this test would fail: what it was for is lost, and that is noticed. Not
   * after each change: where all that was promised has just come into tables or the archive,
   * nothing rests on the sync of a log.
   */
  private void aDiskThatDoesNotSyncIsFoundOut(FaultyDisk disk, String sync) throws Exception {
    Predicate<String> believed = kind -> !kind.startsWith(sync);
    AssertionError found = null;
    for (int tries = 0; found == null && tries < TRIES_WITHOUT_SYNC; tries++) {
      DiskHistory history = disk.history(believed);
      assertThat(history.kinds().keySet()).as("what is left out").anyMatch(believed.negate());
      int last = history.changes() - 1;
      int change = tries == 0 ? last : random.nextInt(last / 2, last);
      try {
        cutAndCheck(history, change, Loss.ALL_UNSYNCED);
      } catch (AssertionError e) {
        found = e;
      }
    }
    assertThat(found).as("it is found out that there was no %s", sync).isNotNull();
  }
}
