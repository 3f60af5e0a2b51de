package io.varve.server.storage.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.LRUCache;

/** Progress that came with events which nobody may see yet is no progress yet. */
class TrackingAtHeadTest {
  @TempDir Path folder;

  private LRUCache cache;
  private LogDatabase log;

  @BeforeEach
  void open() {
    NativeLibrary.load(folder.resolve("native"));
    cache = new LRUCache(1 << 20);
    log =
        LogDatabase.open(
            folder.resolve("log"), StorageSettings.defaults(), cache, UUID.randomUUID());
    track("orders", 70, 10);
    track("orders", 90, 20);
    track("orders-2", 5, 30);
  }

  @AfterEach
  void close() {
    log.close();
    cache.close();
  }

  private void track(String source, long position, long at) {
    BatchBytes batch = new BatchBytes(128);
    log.addTracking(batch, source, position, at);
    log.write(batch);
  }

  @Test
  void it_is_what_it_was_at_the_head() {
    assertThat(log.tracking("orders", 30)).isEqualTo(90);
    assertThat(log.tracking("orders", 20)).isEqualTo(90);
    assertThat(log.tracking("orders", 19)).isEqualTo(70);
    assertThat(log.tracking("orders", 10)).isEqualTo(70);
    assertThat(log.tracking("orders", 9)).isZero();
  }

  @Test
  void one_source_is_not_taken_for_another() {
    assertThat(log.tracking("orders-2", 30)).isEqualTo(5);
    assertThat(log.tracking("orders-2", 29)).isZero();
    assertThat(log.tracking("order", 30)).isZero();
    assertThat(log.tracking("orders-3", 30)).isZero();
  }

  @Test
  void what_was_written_before_there_was_a_history_counts() {
    BatchBytes batch = new BatchBytes(128);
    log.setBackTracking(batch, "old".getBytes(UTF_8), Keys.ofLong(3));
    log.write(batch);

    assertThat(log.tracking("old", 30)).isEqualTo(3);
  }
}
