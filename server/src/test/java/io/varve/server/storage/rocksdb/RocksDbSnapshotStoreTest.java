package io.varve.server.storage.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.StreamId;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.snapshot.VersionRange;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDBException;

class RocksDbSnapshotStoreTest {
  private static final UUID STORE = new UUID(1, 1);
  private static final long HEAD = 1_000;
  private static final StreamId STREAM = new StreamId("account-42");

  @TempDir private Path temp;

  // ---- words

  private Path folder(String name) {
    try {
      return Files.createDirectories(temp.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static SnapshotStore open(Path folder) {
    return open(folder, 0);
  }

  private static SnapshotStore open(Path folder, int kept) {
    return RocksDbSnapshotStore.open(folder, STORE, HEAD, kept);
  }

  private static Snapshot snapshot(StreamId stream, long version, String state) {
    return new Snapshot(
        stream,
        new SnapshotSummary(version, 3, "text/plain", Instant.ofEpochSecond(1_700_000_000, 5)),
        state.getBytes(UTF_8));
  }

  private static void save(SnapshotStore store, long version, String state) {
    store.save(snapshot(STREAM, version, state), HEAD);
  }

  private static @Nullable String newest(SnapshotStore store, StreamId stream, VersionRange range) {
    Snapshot found = store.newest(stream, range);
    return found == null ? null : found.version() + " " + new String(found.data(), UTF_8);
  }

  private static @Nullable String newest(SnapshotStore store) {
    return newest(store, STREAM, VersionRange.all());
  }

  private static List<Long> versions(SnapshotStore store, StreamId stream) {
    return store.list(stream, VersionRange.all(), 10_000).stream()
        .map(SnapshotSummary::version)
        .toList();
  }

  private static List<Long> versions(SnapshotStore store) {
    return versions(store, STREAM);
  }

  /** Replaces a value behind the store's back. */
  private static void replace(Path data, String family, byte[] key, byte[] value) {
    open(data).close(); // makes a file of the log, which RocksDB cannot replay without our options
    Folders.open(
        data.resolve("snapshots"),
        false,
        (rocks, families) -> {
          try {
            rocks.put(families.get(family), key, value);
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }

  // ---- saved and found

  @Test
  void a_snapshot_is_found_whole_before_and_after_reopening() {
    Snapshot saved = snapshot(STREAM, 7, "state at 7");
    try (SnapshotStore store = open(folder("data"))) {
      store.save(saved, HEAD);
    }
    try (SnapshotStore store = open(folder("data"))) {
      Snapshot found = requireNonNull(store.newest(STREAM, VersionRange.all()));

      assertThat(found.stream()).isEqualTo(STREAM);
      assertThat(found.summary()).isEqualTo(saved.summary());
      assertThat(found.data()).isEqualTo(saved.data());
      assertThat(store.list(STREAM, VersionRange.all(), 5)).containsExactly(saved.summary());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void the_store_holds_what_a_map_holds(long seed) {
    Random random = new Random(seed);
    Map<StreamId, TreeMap<Long, String>> model = new HashMap<>();
    List<StreamId> streams =
        List.of(new StreamId("a"), new StreamId("a-"), new StreamId("aé"), new StreamId("b"));
    for (int round = 0; round < 3; round++) {
      try (SnapshotStore store = open(folder("data"))) {
        for (int i = 0; i < 200; i++) {
          StreamId stream = streams.get(random.nextInt(streams.size()));
          TreeMap<Long, String> expected = model.computeIfAbsent(stream, _ -> new TreeMap<>());
          long low = random.nextLong(1, 61);
          long high = low + random.nextLong(-2, 38);
          VersionRange range = new VersionRange(low, high);
          Map<Long, String> within = high < low ? Map.of() : expected.subMap(low, true, high, true);
          switch (random.nextInt(8)) {
            case 0 -> {
              assertThat(store.delete(stream, range)).isEqualTo(within.size());
              new ArrayList<>(within.keySet()).forEach(expected::remove);
            }
            case 1 -> {
              int max = random.nextInt(5);
              assertThat(store.list(stream, range, max))
                  .extracting(SnapshotSummary::version)
                  .isEqualTo(
                      new ArrayList<>(within.keySet()).reversed().stream().limit(max).toList());
            }
            case 2, 3, 4 -> {
              String state = "state " + random.nextInt();
              store.save(snapshot(stream, low, state), HEAD);
              expected.put(low, state);
            }
            default -> {
              Long version = high < low ? null : expected.floorKey(high);
              assertThat(newest(store, stream, range))
                  .isEqualTo(
                      version == null || version < low
                          ? null
                          : version + " " + expected.get(version));
            }
          }
        }
      }
    }
    try (SnapshotStore store = open(folder("data"))) {
      model.forEach(
          (stream, expected) ->
              assertThat(versions(store, stream))
                  .isEqualTo(new ArrayList<>(expected.keySet()).reversed()));
    }
  }

  @Test
  void only_the_newest_few_by_version_are_kept() {
    try (SnapshotStore store = open(folder("data"), 3)) {
      StreamId other = new StreamId("account-4");
      store.save(snapshot(other, 1, "of another"), HEAD);
      for (long version : new long[] {5, 1, 9, 7, 3, 8}) {
        save(store, version, "x");
      }

      assertThat(versions(store)).containsExactly(9L, 8L, 7L);
      assertThat(newest(store, STREAM, VersionRange.all().upTo(6))).isNull();
      assertThat(versions(store, other)).containsExactly(1L);
    }
  }

  @Test
  void of_saves_at_the_same_time_the_newest_few_are_left() throws Exception {
    try (SnapshotStore store = open(folder("data"), 4);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> saves = new ArrayList<>();
      for (long version = 1; version <= 200; version++) {
        long saved = version;
        saves.add(threads.submit(() -> save(store, saved, "state at " + saved)));
      }
      for (Future<?> save : saves) {
        save.get();
      }

      assertThat(versions(store)).containsExactly(200L, 199L, 198L, 197L);
      assertThat(newest(store)).isEqualTo("200 state at 200");
    }
  }

  @Test
  void thousands_of_snapshots_are_deleted_in_one_call() {
    try (SnapshotStore store = open(folder("data"))) {
      LongStream.rangeClosed(1, 2_500).forEach(version -> save(store, version, ""));

      assertThat(store.delete(STREAM, VersionRange.all().upTo(2_400))).isEqualTo(2_400);
      assertThat(versions(store)).hasSize(100);
    }
  }

  @Test
  void its_size_on_the_disk_is_that_of_its_files() {
    try (SnapshotStore store = open(folder("data"))) {
      long before = store.diskBytes();
      byte[] noise = new byte[300_000];
      new Random(1).nextBytes(noise);
      store.save(new Snapshot(STREAM, new SnapshotSummary(1, 0, "", Instant.EPOCH), noise), HEAD);

      assertThat(store.diskBytes() - before).isBetween(300_000L, 400_000L);
    }
  }

  // ---- crashes and damage

  @Test
  void what_was_saved_survives_the_death_of_the_process() throws IOException {
    try (SnapshotStore store = open(folder("data"))) {
      save(store, 1, "one");
      save(store, 2, "two");
      Folders.copy(folder("data").resolve("snapshots"), temp.resolve("killed/snapshots"));
    }
    try (SnapshotStore store = open(folder("killed"))) {
      assertThat(newest(store)).isEqualTo("2 two");
      assertThat(versions(store)).containsExactly(2L, 1L);
    }
  }

  @Test
  void the_loss_of_power_takes_the_latest_saves_and_nothing_else() throws IOException {
    try (SnapshotStore store = open(folder("data"), 5)) {
      for (long version = 1; version <= 20; version++) {
        save(store, version, "state at " + version);
      }
      Folders.copy(folder("data").resolve("snapshots"), temp.resolve("whole/snapshots"));
    }
    Path log = Folders.files(temp.resolve("whole/snapshots"), ".log").getLast();
    long length = Files.size(log);
    for (long cut = 0; cut < length; cut += 97) {
      Path torn = temp.resolve("torn-" + cut);
      Folders.copy(temp.resolve("whole"), torn);
      try (var file =
          Files.newByteChannel(
              torn.resolve("snapshots").resolve(log.getFileName()), StandardOpenOption.WRITE)) {
        file.truncate(cut);
      }
      try (SnapshotStore store = open(torn, 5)) {
        List<Long> left = versions(store);
        if (!left.isEmpty()) {
          long last = left.getFirst();
          assertThat(newest(store)).isEqualTo(last + " state at " + last);
          // Between a save and the dropping of what is too old there may be one more.
          assertThat(left.size()).isBetween((int) Math.min(5, last), 6);
          assertThat(left.getLast()).isEqualTo(last - left.size() + 1);
        }
      }
      Folders.delete(torn);
    }
  }

  @Test
  void a_database_that_is_damaged_is_emptied_and_works_again() throws IOException {
    List<Damage> damages =
        List.of(
            folder -> Files.writeString(folder.resolve("CURRENT"), "nonsense"),
            folder -> Files.write(Folders.files(folder, "").getFirst(), new byte[0]),
            folder -> {
              for (Path file : Folders.files(folder, "")) {
                if (file.getFileName().toString().startsWith("MANIFEST")) {
                  Files.write(file, new byte[100]);
                }
              }
            },
            folder -> {
              Folders.delete(folder);
              Files.writeString(folder, "a file where the folder was");
            },
            folder -> {
              for (Path file : Folders.files(folder, ".sst")) {
                Files.delete(file);
              }
            });
    for (int i = 0; i < damages.size(); i++) {
      Path data = folder("data-" + i);
      try (SnapshotStore store = open(data)) {
        save(store, 1, "before");
      }
      try (SnapshotStore store = open(data)) { // replaying makes a file of what was in the log
        save(store, 2, "before");
      }
      damages.get(i).to(data.resolve("snapshots"));

      try (SnapshotStore store = open(data)) {
        save(store, 3, "after");
        assertThat(newest(store)).isEqualTo("3 after");
      }
      try (SnapshotStore store = open(data)) {
        assertThat(newest(store)).as("after damage %s", i).isEqualTo("3 after");
      }
    }
  }

  interface Damage {
    void to(Path folder) throws IOException;
  }

  @Test
  void no_flipped_byte_in_its_files_is_ever_returned_or_stops_anything() throws IOException {
    Path data = folder("data");
    try (SnapshotStore store = open(data)) {
      for (long version = 1; version <= 5; version++) {
        save(store, version, "state at " + version);
      }
    }
    open(data).close(); // replaying makes a file of what was in the log
    int found = 0;
    for (Path file : Folders.files(data.resolve("snapshots"), "")) {
      for (int part = 0; part < 3 && Files.size(file) > 0; part++) {
        Path damaged = Folders.copy(data, temp.resolve("damaged"));
        Path inCopy = damaged.resolve("snapshots").resolve(file.getFileName());
        Folders.damage(inCopy, Files.size(file) * part / 3);
        for (int opening = 0; opening < 2; opening++) {
          try (SnapshotStore store = open(damaged)) {
            String newest = newest(store);
            if (newest != null) {
              assertThat(newest).matches("([1-5]) state at \\1");
              found++;
            }
            versions(store);
          }
        }
        Folders.delete(damaged);
      }
    }
    assertThat(found).as("openings after which there still was a snapshot").isPositive();
  }

  @Test
  void a_value_that_does_not_match_its_checksum_gives_way_to_the_one_before() {
    Path data = folder("data");
    try (SnapshotStore store = open(data)) {
      save(store, 1, "one");
      save(store, 2, "two");
    }
    byte[] key = SnapshotBytes.key(STREAM, 2);
    byte[] value = SnapshotBytes.value(key, snapshot(STREAM, 2, "two"));
    value[value.length - 1] ^= 1;
    replace(data, "snapshots", key, value);

    try (SnapshotStore store = open(data)) {
      assertThat(newest(store)).isEqualTo("1 one");
      assertThat(versions(store)).containsExactly(1L);
      save(store, 2, "two again");
      assertThat(newest(store)).isEqualTo("2 two again");
    }
  }

  @Test
  void a_value_under_another_key_is_damage() {
    byte[] key = SnapshotBytes.key(STREAM, 2);
    byte[] value = SnapshotBytes.value(key, snapshot(STREAM, 2, "two"));

    assertThat(SnapshotBytes.toSnapshot(STREAM, key, value).data())
        .isEqualTo("two".getBytes(UTF_8));
    assertThatThrownBy(() -> SnapshotBytes.toSnapshot(STREAM, SnapshotBytes.key(STREAM, 3), value))
        .isInstanceOf(DamagedDataException.class)
        .hasMessageContainingAll("account-42", "3");
    for (int length = 0; length < value.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(value, length);
      assertThatThrownBy(() -> SnapshotBytes.toSnapshot(STREAM, key, cut))
          .isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void a_folder_that_cannot_be_emptied_stops_nothing_but_saves() throws IOException {
    Path data = folder("data");
    Files.createSymbolicLink(data.resolve("snapshots"), temp.resolve("nowhere/at all"));

    try (SnapshotStore store = open(data)) {
      save(store, 1, "a link that leads nowhere is replaced");
      assertThat(newest(store)).startsWith("1 ");
    }

    Path readOnly = temp.resolve("a file");
    Files.writeString(readOnly, "where the data folder should be");
    try (SnapshotStore store = open(readOnly)) {
      assertThat(newest(store)).isNull();
      assertThat(versions(store)).isEmpty();
      assertThat(store.delete(STREAM, VersionRange.all())).isZero();
      assertThat(store.diskBytes()).isZero();
      assertThatThrownBy(() -> save(store, 1, "x")).isInstanceOf(StorageException.class);
    }
  }

  // ---- whose they are

  @Test
  void snapshots_of_another_store_are_not_used() {
    Path data = folder("data");
    try (SnapshotStore store = open(data)) {
      save(store, 1, "of the first store");
    }

    try (SnapshotStore store = RocksDbSnapshotStore.open(data, new UUID(2, 2), HEAD, 0)) {
      assertThat(newest(store)).isNull();
      save(store, 1, "of the second store");
    }
    try (SnapshotStore store = RocksDbSnapshotStore.open(data, new UUID(2, 2), HEAD, 0)) {
      assertThat(newest(store)).isEqualTo("1 of the second store");
    }
  }

  @Test
  void snapshots_of_a_log_that_has_been_set_back_are_not_used() {
    Path data = folder("data");
    try (SnapshotStore store = RocksDbSnapshotStore.open(data, STORE, 0, 0)) {
      store.save(snapshot(STREAM, 1, "early"), 256);
      store.save(snapshot(STREAM, 2, "late"), 70_000);
      store.save(snapshot(STREAM, 1, "early again"), 300);
    }

    try (SnapshotStore store = RocksDbSnapshotStore.open(data, STORE, 70_000, 0)) {
      assertThat(newest(store)).isEqualTo("2 late");
    }
    try (SnapshotStore store = RocksDbSnapshotStore.open(data, STORE, 69_999, 0)) {
      assertThat(newest(store)).isNull();
      assertThat(versions(store)).isEmpty();
    }
  }

  @Test
  void a_format_that_nobody_knows_is_not_used() {
    Path data = folder("data");
    try (SnapshotStore store = open(data)) {
      save(store, 1, "x");
    }
    replace(data, "meta", "format".getBytes(UTF_8), Keys.ofLong(1));
    try (SnapshotStore store = open(data)) {
      assertThat(newest(store)).isEqualTo("1 x");
    }
    replace(data, "meta", "format".getBytes(UTF_8), Keys.ofLong(99));

    try (SnapshotStore store = open(data)) {
      assertThat(newest(store)).isNull();
    }
  }

  @Test
  void what_it_says_of_itself_may_be_damaged_too() {
    Path data = folder("data");
    for (String about : List.of("format", "store_id", "reached")) {
      try (SnapshotStore store = open(data)) {
        save(store, 1, "before");
      }
      replace(data, "meta", about.getBytes(UTF_8), new byte[3]);

      try (SnapshotStore store = open(data)) {
        assertThat(newest(store)).as(about).isNull();
        save(store, 1, "after");
      }
      try (SnapshotStore store = open(data)) {
        assertThat(newest(store)).isEqualTo("1 after");
      }
    }
  }

  @Test
  void a_closed_store_says_so() {
    SnapshotStore store = open(folder("data"));
    store.close();

    assertThatThrownBy(() -> newest(store)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> save(store, 1, "x")).isInstanceOf(IllegalStateException.class);
  }
}
