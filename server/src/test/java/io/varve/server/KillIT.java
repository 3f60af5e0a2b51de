package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process is killed under full load, again and again, at random moments and while it starts.
 * Whatever it has acknowledged is there afterwards, once and in its place, transactions whole and
 * with their progress; what it has not may be repeated.
 *
 * <p>{@code -Dvarve.kills=200} for a long run, {@code -Dvarve.seed=N} for the same moments again
 * (as far as two runs of several processes can be the same).
 */
class KillIT {
  private static final int KILLS = Integer.getInteger("varve.kills", 5);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());

  @TempDir Path folder;

  @Test
  void what_was_acknowledged_survives_every_kill_once_and_in_its_place() throws Exception {
    System.out.println("KillIT: seed " + SEED + ", kills " + KILLS);
    Random random = new Random(SEED);
    Path data = folder.resolve("data");
    Ledger ledger = new Ledger();
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      writers.add(new Writer.Single("single-" + i, ledger, random.nextLong()));
      writers.add(new Writer.Hot("hot", ledger, random.nextLong()));
      writers.add(new Writer.Pipelined("pipelined-" + i, ledger, random.nextLong()));
      writers.add(new Writer.Transfers("transfers-" + i, ledger, random.nextLong()));
    }
    writers.add(new Writer.Batches("batches-1", ledger, random.nextLong()));
    writers.add(new Writer.Batches("batches-2", ledger, random.nextLong()));
    Follower follower = new Follower();

    for (int round = 0; round < KILLS; round++) {
      if (random.nextInt(3) == 0) {
        killWhileStarting(data, Duration.ofMillis(random.nextInt(900)));
      }
      try (ServerProcess server = ServerProcess.serve(data)) {
        ManagedChannel channel = server.connect();
        try {
          ledger.check(EventStoreGrpc.newBlockingStub(channel), follower, random);
          long enough = ledger.acknowledged() + 1 + random.nextInt(3_000);
          List<Thread> threads = new ArrayList<>();
          for (Writer writer : writers) {
            threads.add(Thread.ofPlatform().start(() -> writer.writeUntilCut(channel)));
          }
          threads.add(Thread.ofPlatform().start(() -> follower.followUntilCut(channel)));
          await()
              .atMost(ServerProcess.PATIENCE)
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .until(() -> ledger.acknowledged() >= enough);
          server.kill();
          for (Thread thread : threads) {
            assertThat(thread.join(ServerProcess.PATIENCE)).isTrue();
          }
        } finally {
          channel.shutdownNow();
          channel.awaitTermination(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
      }
      writers.forEach(Writer::rethrow);
      follower.rethrow();
      assertThat(Folders.findings(data))
          .as("what varve verify finds after kill %s", round)
          .isEmpty();
    }

    try (ServerProcess server = ServerProcess.serve(data)) {
      ManagedChannel channel = server.connect();
      try {
        writers.forEach(writer -> writer.repeatWhatIsOpen(channel));
        writers.forEach(Writer::rethrow);
        ledger.check(EventStoreGrpc.newBlockingStub(channel), follower, random);
        follower.catchUp(channel);
        ledger.check(EventStoreGrpc.newBlockingStub(channel), follower, random);
        follower.hasSeenEverything(ledger);
      } finally {
        channel.shutdownNow();
      }
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
    assertThat(Folders.findings(data)).isEmpty();
    assertThat(ServerProcess.leftInTemp(data)).isEmpty();
    assertThat(nativeLibraries(data)).hasSize(1);
    System.out.println("KillIT: " + ledger);
  }

  private static void killWhileStarting(Path data, Duration after) throws Exception {
    try (ServerProcess stillborn = ServerProcess.launch(data)) {
      long deadline = System.nanoTime() + after.toNanos();
      await()
          .atMost(ServerProcess.PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> System.nanoTime() - deadline >= 0);
      stillborn.kill();
    }
  }

  private static List<Path> nativeLibraries(Path data) throws Exception {
    try (Stream<Path> files = Files.walk(data.resolve("native"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
