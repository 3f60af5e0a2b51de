package io.varve.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bit that has gone bad in any file of a store, whatever the file is for: a server does not start
 * and says why, or it serves, and then no answer that it gives is wrong. What a reader is told is
 * found by {@code verify}.
 *
 * <p>{@code -Dvarve.flips=1000} for more, {@code -Dvarve.seed=N} for the same choices.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class FlippedBitsIT {
  private static final int FLIPS = Integer.getInteger("varve.flips", 6);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);
  private static final int EVENTS = 1_000;

  @TempDir Path folder;

  private final Random random = new Random(SEED);
  private final Ledger ledger = new Ledger();
  private int refused;
  private int told;
  private int harmless;

  @Test
  void no_answer_is_wrong_whichever_bit_has_gone_bad() throws Exception {
    System.out.println("FlippedBitsIT: seed " + SEED + ", flips " + FLIPS);
    // What is in the write-ahead logs, and what is in tables and the archive once it was closed.
    List<Path> stores = List.of(folder.resolve("killed"), folder.resolve("closed"));
    write(stores.getFirst(), stores.getLast());

    Map<String, List<Path>> kinds = new TreeMap<>();
    for (Path store : stores) {
      for (Path file : files(store)) {
        kinds.computeIfAbsent(kindOf(store, file), _ -> new ArrayList<>()).add(file);
      }
    }
    List<List<Path>> turns = new ArrayList<>(kinds.values());
    Collections.shuffle(turns, random);
    for (int i = 0; i < FLIPS; i++) {
      List<Path> turn = turns.get(i % turns.size());
      Path file = turn.get(random.nextInt(turn.size()));
      flip(file.startsWith(stores.getFirst()) ? stores.getFirst() : stores.getLast(), file);
    }
    System.out.println(
        "FlippedBitsIT: seed %d, a bit in each of %d files of %d kinds: %d starts refused, of %d readers were told, %d changed nothing"
            .formatted(SEED, FLIPS, kinds.size(), refused, told, harmless));
  }

  // ---- the store

  /** Writes a store, and copies it as a kill and as a stop would leave it. */
  private void write(Path killed, Path closed) throws Exception {
    Path live = folder.resolve("live");
    Files.createDirectories(live.resolve("archive"));
    try (TestServer server = TestServer.start(config(live))) {
      ManagedChannel channel = server.connect();
      List<Writer> writers =
          List.of(
              new Writer.Single("single-0", ledger, random.nextLong()),
              new Writer.Pipelined("pipelined-0", ledger, random.nextLong()),
              new Writer.Transfers("transfers-0", ledger, random.nextLong()),
              new Writer.Batches("batches-0", ledger, random.nextLong()));
      List<Thread> threads = new ArrayList<>();
      for (Writer writer : writers) {
        threads.add(Thread.ofPlatform().start(() -> writer.writeUntilCut(channel)));
      }
      await().atMost(StoreOnFaultyDisk.PATIENCE).until(() -> ledger.promises() >= EVENTS / 2);
      AdminGrpc.newBlockingStub(channel)
          .archive(ArchiveRequest.newBuilder().setPosition(EVENTS / 4).build())
          .forEachRemaining(_ -> {});
      await().atMost(StoreOnFaultyDisk.PATIENCE).until(() -> ledger.promises() >= EVENTS);
      channel.shutdownNow();
      for (Thread thread : threads) {
        assertThat(thread.join(StoreOnFaultyDisk.PATIENCE)).isTrue();
      }
      ManagedChannel again = server.connect();
      for (Writer writer : writers) {
        writer.repeatWhatIsOpen(again);
        writer.rethrow();
      }
      ledger.check(EventStoreGrpc.newBlockingStub(again), new Follower(), random);
      Folders.copy(live, killed);
    }
    Folders.copy(live, closed);
  }

  private static ServerConfig config(Path store) {
    return TestServer.config(store.resolve("data"))
        .with(Settings.ARCHIVE_FOLDER, store.resolve("archive"))
        .with(Settings.ARCHIVE_SEGMENT, 64L << 10)
        .with(Settings.LOG_WRITE_BUFFER, 1L << 20)
        .with(Settings.INDEX_WRITE_BUFFER, 1L << 20);
  }

  /** Those that a server reads. */
  private static List<Path> files(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().matches("LOG.*|LOCK|lock|OPTIONS.*"))
          .filter(file -> lengthInUse(file) > 0)
          .sorted()
          .toList();
    }
  }

  private static String kindOf(Path store, Path file) {
    String name = store.relativize(file).toString();
    return name.startsWith("archive") ? "archive" : name.replaceAll("\\d+", "*");
  }

  /** A file's length without the zeros behind what was written. */
  private static int lengthInUse(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] == 0) {
        end--;
      }
      return end;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  // ---- the damage

  private void flip(Path store, Path file) throws Exception {
    Path damaged = Folders.copy(store, folder.resolve("damaged"));
    Path victim = damaged.resolve(store.relativize(file).toString());
    byte[] bytes = Files.readAllBytes(victim);
    int at = random.nextInt(lengthInUse(victim));
    int bit = random.nextInt(8);
    bytes[at] ^= (byte) (1 << bit);
    Files.write(victim, bytes);
    String what =
        "bit %d of byte %d of %s of the %s store, seed %d"
            .formatted(
                bit, at, damaged.relativize(victim), requireNonNull(store.getFileName()), SEED);
    List<String> findings = Folders.findings(damaged.resolve("data"), damaged.resolve("archive"));
    try (TestServer server = TestServer.start(config(damaged))) {
      int unanswered = EveryRead.of(server.connect(), ledger, random);
      if (unanswered > 0) {
        told++;
        assertThat(findings).as(what + ": " + unanswered + " reads were told").isNotEmpty();
      } else {
        harmless++;
      }
    } catch (StartFailure sentence) {
      refused++;
      assertThat(sentence.getMessage()).as(what).isNotBlank();
    } catch (AssertionError | Exception e) {
      throw new AssertionError(what, e);
    }
    Folders.delete(damaged);
  }
}
