package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.server.disk.DiskHistory;
import io.varve.server.disk.DiskImage.Loss;
import io.varve.server.disk.FaultyDisk;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A store on a disk that fails when it is told to, with those who write to it and what they know.
 */
final class StoreOnFaultyDisk implements AutoCloseable {
  /** How long it may take to write some thousand events on a slow machine. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  final FaultyDisk disk;
  final Path data;
  final Ledger ledger;
  final GroupPromises group;
  final SnapshotPromises snapshots = new SnapshotPromises("single-0");
  private final Path folder;
  private final Random random;
  private final List<Writer> writers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable ServerProcess server;
  private @Nullable ManagedChannel channel;

  /**
   * @param folder is made, and holds all of it
   */
  StoreOnFaultyDisk(Path folder, Random random) throws Exception {
    this.folder = folder;
    this.random = random;
    Path root = Files.createDirectories(folder.resolve("disk"));
    this.data = root.resolve("data");
    this.disk =
        FaultyDisk.below(root, Files.createDirectory(folder.resolve("work")), Duration.ZERO);
    this.ledger = new Ledger(disk::moment);
    this.group = new GroupPromises(disk::moment, "single");
    disk.begin();
    writers.add(new Writer.Single("single-0", ledger, random.nextLong()));
    writers.add(new Writer.Pipelined("pipelined-0", ledger, random.nextLong()));
    writers.add(new Writer.Transfers("transfers-0", ledger, random.nextLong()));
    writers.add(new Writer.Batches("batches-0", ledger, random.nextLong()));
  }

  /** Starts a server, and does not wait. */
  ServerProcess launch() throws Exception {
    ServerProcess launched =
        ServerProcess.launchOn(
            disk,
            data,
            "--ops-port-file=" + folder.resolve("ops"),
            "--disk-reserve=0",
            "--log-write-buffer=1MiB",
            "--index-write-buffer=1MiB");
    server = launched;
    return launched;
  }

  /** Starts a server and connects to it. */
  ManagedChannel start() throws Exception {
    return connectTo(launch().untilServing());
  }

  /** Connects to a server that serves. */
  ManagedChannel connectTo(ServerProcess serving) throws Exception {
    ManagedChannel connected = serving.connect();
    channel = connected;
    return connected;
  }

  ServerProcess server() {
    ServerProcess running = server;
    if (running == null) {
      throw new IllegalStateException("no server has been started");
    }
    return running;
  }

  OpsClient ops() throws Exception {
    return new OpsClient(Integer.parseInt(Files.readString(folder.resolve("ops"), UTF_8).strip()));
  }

  /** Everybody begins to write, and goes on until the server is gone or takes nothing more. */
  void beginToWrite() {
    ManagedChannel connected = channel();
    for (Writer writer : writers) {
      threads.add(Thread.ofPlatform().start(() -> writer.writeUntilCut(connected)));
    }
  }

  /** A consumer group, and snapshots, until there is no more getting on. */
  void beginWithGroupAndSnapshots() {
    ManagedChannel connected = channel();
    group.create(connected);
    threads.add(Thread.ofPlatform().start(() -> group.consumeUntilCut(connected)));
    threads.add(Thread.ofPlatform().start(() -> snapshots.saveUntilCut(connected)));
  }

  private ManagedChannel channel() {
    ManagedChannel connected = channel;
    if (connected == null) {
      throw new IllegalStateException("nobody is connected");
    }
    return connected;
  }

  /** Waits until so many more events have been promised. */
  void untilPromised(int more) {
    int enough = ledger.promises() + more;
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> ledger.promises() >= enough);
  }

  /** Waits for those who write to end, which they do when the server has or takes nothing more. */
  void untilNobodyWrites() throws Exception {
    for (Thread thread : threads) {
      assertThat(thread.join(PATIENCE)).isTrue();
    }
    threads.clear();
    writers.forEach(Writer::rethrow);
  }

  void disconnect() throws Exception {
    ManagedChannel connected = channel;
    if (connected != null) {
      connected.shutdownNow();
      connected.awaitTermination(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      channel = null;
    }
  }

  /** Reads everything that was promised from a server. */
  void check(ManagedChannel from) {
    ledger.check(EventStoreGrpc.newBlockingStub(from), new Follower(), random);
  }

  /** What the power would have left had it gone now: all promises, and nothing that is wrong. */
  void checkWhatALossOfPowerLeaves(boolean withGroup) throws Exception {
    DiskHistory history = disk.history();
    for (Loss loss : List.of(Loss.ALL_UNSYNCED, Loss.SOME_UNSYNCED)) {
      Path left = folder.resolve("left-" + loss);
      history.cutPowerAfter(history.changes() - 1, loss, random, left);
      checkIn(left.resolve("data"), withGroup);
      Folders.delete(left);
    }
  }

  /**
   * Starts a server on the folder as the system has it and lets those who had no answer ask again.
   */
  void checkAfterRestart(boolean withGroup) throws Exception {
    try (TestServer restarted = TestServer.start(TestServer.config(data))) {
      ManagedChannel again = restarted.connect();
      check(again);
      if (withGroup) {
        group.check(again, Long.MAX_VALUE - 1);
        snapshots.check(again);
      }
      for (Writer writer : writers) {
        writer.repeatWhatIsOpen(again);
        writer.rethrow();
      }
      check(again);
    }
    assertThat(Folders.findings(data)).isEmpty();
  }

  /** Starts a server on a folder, and looks for everything that was promised. */
  void checkIn(Path folder, boolean withGroup) throws Exception {
    try (TestServer left = TestServer.start(TestServer.config(folder))) {
      ManagedChannel to = left.connect();
      ledger.asOf(Long.MAX_VALUE).check(EventStoreGrpc.newBlockingStub(to), new Follower(), random);
      if (withGroup) {
        group.check(to, Long.MAX_VALUE - 1);
        snapshots.check(to);
      }
    }
    assertThat(Folders.findings(folder)).isEmpty();
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.shutdownNow();
    }
    if (server != null) {
      server.close();
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the test took too long, and says so
    }
    Folders.delete(folder);
  }
}
