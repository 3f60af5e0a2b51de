package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.AbstractComparator;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.ComparatorOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.WriteOptions;

/** Compactions of a database that is closed meanwhile. */
class CompactionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> FAMILIES = List.of("one", "other");

  private static final String CALLER = "test-compacts-";

  @TempDir private Path temp;

  @Test
  void closing_the_database_ends_every_compaction_that_is_in_progress() throws Exception {
    NativeLibrary.load(temp.resolve("native"));
    Path folder = Files.createDirectory(temp.resolve("database"));
    try (ComparatorOptions options = new ComparatorOptions();
        HeldOrder one = new HeldOrder(options);
        HeldOrder other = new HeldOrder(options)) {
      Database database = open(folder, Map.of("one", one, "other", other));
      List<Thread> threads = new ArrayList<>();
      List<String> before;
      try {
        write(database);
        before = files(folder);
        assertThat(before).hasSize(4);

        one.hold();
        other.hold();
        for (String family : FAMILIES) {
          threads.add(
              Thread.ofPlatform().name(CALLER + family).start(() -> database.compact(family)));
        }
        one.awaitCompaction();
        other.awaitCompaction();
        Thread closing = Thread.ofPlatform().start(database::close);
        threads.add(closing);
        await().atMost(PATIENCE).until(() -> closing.getState() == Thread.State.WAITING);
      } finally {
        one.letGo();
        other.letGo();
        for (Thread thread : threads) {
          thread.join(PATIENCE);
        }
        database.close();
      }
      assertThat(files(folder)).as("none of them has come to its end").isEqualTo(before);
    }
  }

  private static Database open(Path folder, Map<String, HeldOrder> orders) {
    Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
    for (String family : FAMILIES) {
      families.put(
          family,
          new ColumnFamilyOptions()
              .setDisableAutoCompactions(true)
              .setComparator(orders.get(family)));
    }
    DBOptions options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setMaxBackgroundJobs(6);
    return Database.open("test", folder.toString(), options, families, new WriteOptions());
  }

  /** Two files in each family, of the same keys. */
  private static void write(Database database) {
    for (int file = 0; file < 2; file++) {
      BatchBytes batch = new BatchBytes(1 << 20);
      for (String family : FAMILIES) {
        for (int key = 0; key < 1_000; key++) {
          batch.put(database.idOf(family), Keys.ofLong(key), new byte[20]);
        }
      }
      database.write(batch);
      database.flush();
    }
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".sst"))
          .sorted()
          .toList();
    }
  }

  /**
   * The order of bytes; a compaction is held when a test says so. Only once it is reading keys:
   * what it compares before, files and all, it does with the database's lock.
   */
  private static final class HeldOrder extends AbstractComparator {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger compared = new AtomicInteger();
    private volatile boolean held;

    HeldOrder(ComparatorOptions options) {
      super(options);
    }

    void hold() {
      held = true;
    }

    void letGo() {
      released.countDown();
    }

    void awaitCompaction() {
      await().atMost(PATIENCE).until(() -> arrived.getCount() == 0);
    }

    @Override
    public String name() {
      return "bytes";
    }

    @Override
    public int compare(ByteBuffer one, ByteBuffer other) {
      if (held
          && !Thread.currentThread().getName().startsWith(CALLER)
          && compared.incrementAndGet() > 100) {
        arrived.countDown();
        try {
          released.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return one.compareTo(other); // of positive numbers
    }
  }
}
