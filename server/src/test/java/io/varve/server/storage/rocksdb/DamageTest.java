package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.Transaction;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.proto.v1.ScavengeRequest;
import io.varve.proto.v1.SetRetentionRequest;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TruncateRequest;
import io.varve.server.TestServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Every kind of damage is found, and named in a sentence; what is no damage is not. */
class DamageTest {
  @TempDir private static Path stores;

  /** Has everything that a data folder can have: closed, and untouched. */
  private static Path sound = Path.of("");

  /** The same store before it was closed: what a kill leaves. */
  private static Path killed = Path.of("");

  @TempDir private Path temp;

  @BeforeAll
  static void write_a_store() throws Exception {
    sound = stores.resolve("sound");
    killed = stores.resolve("killed");
    try (TestServer server = TestServer.start(sound)) {
      VarveClient store = server.ownClient();
      for (int batch = 0; batch < 12; batch++) {
        List<NewEvent> events = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
          events.add(
              NewEvent.builder("Type" + i % 3)
                  .json("{\"i\": " + i + "}")
                  .tag("tag:" + i % 7)
                  .build());
        }
        store.append("account-" + batch % 4, ExpectedVersion.any(), events);
      }
      for (int i = 1; i <= 3; i++) {
        store.transact(
            Transaction.builder()
                .append("out-" + i, ExpectedVersion.any(), NewEvent.json("Out", "{}"))
                .tracking("orders", 10L * i)
                .build());
      }
      Folders.copy(sound, killed);
      ManagedChannel channel = server.connect();
      var streams = StreamsGrpc.newBlockingStub(channel);
      streams.truncate(
          TruncateRequest.newBuilder().setStream("account-0").setTruncateBefore(100).build());
      streams.setRetention(
          SetRetentionRequest.newBuilder().setStream("account-1").setMaxCount(1_000).build());
      streams.delete(StreamsDeleteRequest.newBuilder().setStream("out-1").build());
      var admin = AdminGrpc.newBlockingStub(channel);
      admin.scavenge(ScavengeRequest.getDefaultInstance());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  admin
                          .getStatistics(GetStatisticsRequest.getDefaultInstance())
                          .getScavengedEvents()
                      > 500);
      for (int i = 1; i <= 3; i++) {
        store.snapshots().save(Snapshot.json("account-2", 500L * i, "{}"));
      }
    }
  }

  // ---- what is no damage

  @Test
  void a_sound_store_has_no_findings_and_nothing_worth_noting() {
    assertThat(Folders.findings(sound)).isEmpty();
    assertThat(Folders.notes(sound)).isEmpty();
  }

  @Test
  void what_a_kill_leaves_is_no_damage() throws IOException {
    Path folder = Folders.copy(killed, temp.resolve("data"));

    assertThat(Folders.findings(folder)).isEmpty();
  }

  @Test
  void a_missing_index_is_no_damage_and_is_noted() throws IOException {
    Path folder = copy();
    Folders.delete(folder.resolve("index"));

    assertThat(Folders.findings(folder)).isEmpty();
    assertThat(Folders.notes(folder)).singleElement().asString().contains("no index");
  }

  @Test
  void verifying_changes_nothing() throws IOException {
    Path folder = copy();
    Map<String, List<Byte>> before = contents(folder);
    Folders.findings(folder);

    assertThat(contents(folder)).isEqualTo(before);
  }

  // ---- the log

  @Test
  void a_changed_bit_of_a_chunk_is_found() throws IOException {
    Path folder = copy();
    change(folder, "log", "log", 5, value -> flip(value, value.length / 2));

    finds(folder, "chunk at position", "does not match its checksum");
  }

  @Test
  void a_missing_chunk_is_found() throws IOException {
    Path folder = copy();
    delete(folder, "log", "log", 5);

    finds(folder, "the log has no chunk for positions", "events are lost");
  }

  @Test
  void chunks_that_have_changed_places_are_found() throws IOException {
    Path folder = copy();
    edit(
        folder,
        "log",
        (rocks, families) -> {
          byte[][] keys = {
            keyAt(rocks, families.get("log"), 3), keyAt(rocks, families.get("log"), 4)
          };
          byte[] first = rocks.get(families.get("log"), keys[0]);
          byte[] second = rocks.get(families.get("log"), keys[1]);
          rocks.put(families.get("log"), keys[0], second);
          rocks.put(families.get("log"), keys[1], first);
        });

    finds(folder, "does not match its checksum");
  }

  @Test
  void a_log_that_has_lost_its_end_is_found_by_its_mark_and_by_the_index() throws IOException {
    Path folder = copy();
    edit(
        folder,
        "log",
        (rocks, families) -> {
          try (RocksIterator last = rocks.newIterator(families.get("log"))) {
            last.seekToLast();
            rocks.delete(families.get("log"), last.key());
          }
        });

    finds(folder, "its mark says", "the log has lost events");
    finds(folder, "but the index has seen position");
  }

  @Test
  void a_changed_tracked_position_is_found() throws IOException {
    Path folder = copy();
    change(folder, "log", "tracking", 0, _ -> Keys.ofLong(77));

    finds(folder, "tracked position of source orders");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log", "index"})
  void a_changed_bit_in_a_file_is_found(String database) throws IOException {
    Path folder = copy();
    // The largest holds most of it; its middle is a block of data.
    Path file = largest(folder.resolve(database), ".sst");
    Folders.damage(file, Files.size(file) / 2);

    finds(folder, "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log", "index"})
  void a_file_that_is_cut_off_or_gone_is_found(String database) throws IOException {
    Path cut = copy();
    Path file = largest(cut.resolve(database), ".sst");
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.setLength(bytes.length() / 2);
    }
    finds(cut, "the database " + database + " cannot be opened");

    Path gone = Folders.copy(sound, temp.resolve("gone"));
    Files.delete(largest(gone.resolve(database), ".sst"));
    finds(gone, "the database " + database + " cannot be opened");
  }

  @Test
  void a_list_of_files_that_is_gone_or_damaged_is_found() throws IOException {
    Path folder = copy();
    Files.delete(folder.resolve("log/CURRENT"));
    finds(folder, "there is no log");

    Path other = Folders.copy(sound, temp.resolve("other"));
    Path manifest = largest(other.resolve("log"), "");
    try (var files = Files.list(other.resolve("log"))) {
      manifest =
          files
              .filter(path -> path.getFileName().toString().startsWith("MANIFEST"))
              .findFirst()
              .orElse(manifest);
    }
    try (RandomAccessFile bytes = new RandomAccessFile(manifest.toFile(), "rw")) {
      bytes.seek(bytes.length() / 2);
      bytes.write("damaged".getBytes(StandardCharsets.UTF_8));
    }
    finds(other, "the list of files");
  }

  @Test
  void a_changed_bit_of_the_write_ahead_log_is_found_by_what_is_lost() throws IOException {
    Path folder = Folders.copy(killed, temp.resolve("data"));
    Path wal = largest(folder.resolve("log"), ".log");
    long end = lengthInUse(wal);
    assertThat(end).isGreaterThan(10_000);
    Folders.damage(wal, end / 3);

    finds(folder, "the log has lost events");
  }

  /** The file's length without the zeros behind what was written. */
  private static long lengthInUse(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  // ---- the mark

  @Test
  void a_mark_that_is_wrong_damaged_or_gone_is_found() throws IOException {
    Path folder = copy();
    Path mark = folder.resolve("head");
    long head = ByteBuffer.wrap(Files.readAllBytes(mark)).getLong();

    Files.write(mark, mark(head + 5));
    finds(folder, "its mark says that it has held position " + (head + 5));
    Files.write(mark, new byte[] {1, 2, 3});
    finds(folder, "the mark", "is damaged");
    Files.delete(mark);
    finds(folder, "the mark", "cannot be read");
    Files.write(mark, mark(head - 5));
    assertThat(Folders.findings(folder)).as("as after a loss of power").isEmpty();
    assertThat(Folders.notes(folder)).singleElement().asString().contains("loss of power");
  }

  private static byte[] mark(long position) {
    return ByteBuffer.allocate(16).putLong(position).putLong(~position).array();
  }

  // ---- the index

  @ParameterizedTest
  @ValueSource(
      strings = {
        "streams",
        "stream_names",
        "stream_states",
        "event_ids",
        "by_type",
        "by_tag",
        "by_category"
      })
  void an_entry_that_the_index_has_lost_is_found(String family) throws IOException {
    Path folder = copy();
    delete(folder, "index", family, 0);

    finds(
        folder,
        switch (family) {
          case "streams" -> "the index does not have version";
          case "stream_names" -> "the index has no name for stream";
          case "stream_states" -> "the index has no state of stream";
          case "event_ids" -> "the index does not find event id";
          default -> "the index does not find the event at position";
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "streams",
        "stream_names",
        "stream_states",
        "event_ids",
        "by_type",
        "by_tag",
        "by_category"
      })
  void an_entry_that_the_index_has_too_many_is_found(String family) throws IOException {
    Path folder = copy();
    edit(
        folder,
        "index",
        (rocks, families) -> {
          ColumnFamilyHandle handle = families.get(family);
          byte[] key = keyAt(rocks, handle, 0);
          byte[] value = rocks.get(handle, key);
          rocks.put(handle, another(family, key), value);
        });

    finds(
        folder,
        switch (family) {
          case "streams" -> "where it should have version";
          case "stream_names" -> "which was not given to it";
          case "stream_states" -> "and the log no decision about it";
          case "event_ids" -> "which the log does not have";
          default -> "where the log has no such event";
        });
  }

  /** A key like this one of something that is not there. */
  private static byte[] another(String family, byte[] key) {
    return switch (family) {
      case "streams" -> Keys.ofStreamVersion(Keys.toLong(key, 0), 1_000_000);
      case "event_ids" -> Keys.ofLong(42).length == 8 ? Keys.ofStreamVersion(42, 42) : key;
      case "by_type", "by_tag", "by_category" ->
          Postings.key(Postings.bytes("nothing"), Postings.segmentOf(key));
      default -> "zzz-1".getBytes(StandardCharsets.UTF_8);
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"streams", "stream_names", "stream_states", "event_ids", "by_tag"})
  void an_entry_that_the_index_has_changed_is_found(String family) throws IOException {
    Path folder = copy();
    change(folder, "index", family, 1, value -> flip(value, value.length - 1));

    finds(
        folder,
        switch (family) {
          case "by_tag" -> "the entry of tag";
          case "event_ids" -> "event id";
          default -> "stream";
        });
  }

  @Test
  void a_wrong_account_of_what_was_reclaimed_is_found() throws IOException {
    Path folder = copy();
    edit(
        folder,
        "index",
        (rocks, families) ->
            rocks.put(
                families.get("progress"),
                "reclaimed".getBytes(StandardCharsets.UTF_8),
                Keys.ofLong(1)));

    finds(folder, "its count of what was reclaimed");
  }

  @Test
  void an_index_without_any_entry_of_a_kind_is_told_in_a_few_sentences() throws IOException {
    Path folder = copy();
    edit(
        folder,
        "index",
        (rocks, families) ->
            rocks.deleteRange(families.get("event_ids"), new byte[0], flip(new byte[17], 0)));
    edit(
        folder,
        "index",
        (rocks, families) -> {
          try (RocksIterator keys = rocks.newIterator(families.get("event_ids"))) {
            for (keys.seekToFirst(); keys.isValid(); keys.next()) {
              rocks.delete(families.get("event_ids"), keys.key());
            }
          }
        });

    assertThat(finds(folder, "more findings of the kind")).hasSizeLessThan(30);
  }

  // ---- snapshots

  @Test
  void a_damaged_snapshot_and_one_ahead_of_its_stream_are_found() throws IOException {
    Path folder = copy();
    change(folder, "snapshots", "snapshots", 0, value -> flip(value, value.length - 1));
    finds(folder, "snapshot of stream account-2", "does not match its checksum");

    Path other = Folders.copy(sound, temp.resolve("other"));
    delete(other, "snapshots", "summaries", 0);
    finds(other, "is not listed as what it is");
  }

  // ---- whatever is damaged

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void a_changed_bit_anywhere_in_the_data_is_found_or_changes_nothing(long seed)
      throws IOException {
    Random random = new Random(seed);
    Path folder = copy();
    List<Path> files = new ArrayList<>();
    try (var walk = Files.walk(folder)) {
      walk.filter(path -> path.toString().endsWith(".sst")).sorted().forEach(files::add);
    }
    Path file = files.get(random.nextInt(files.size()));
    Map<String, Integer> before = entries(folder);
    Folders.damage(file, random.nextLong(Files.size(file)));

    List<String> findings = Folders.findings(folder);
    if (findings.isEmpty()) { // such as a filter, or a property of the file
      assertThat(entries(folder)).as("seed %s, %s", seed, file).isEqualTo(before);
    }
  }

  private static Map<String, Integer> entries(Path folder) {
    Map<String, Integer> entries = new java.util.TreeMap<>();
    for (String database : List.of("log", "index")) {
      Folders.visit(
          folder.resolve(database),
          (family, key, value) ->
              entries.merge(
                  database + "/" + family,
                  java.util.Arrays.hashCode(key) * 31 + java.util.Arrays.hashCode(value),
                  Integer::sum));
    }
    return entries;
  }

  // ---- means

  private Path copy() throws IOException {
    return Folders.copy(sound, temp.resolve("data"));
  }

  private static List<String> finds(Path folder, String... words) {
    List<String> findings = Folders.findings(folder);
    assertThat(findings)
        .anySatisfy(
            finding -> {
              for (String word : words) {
                assertThat(finding).contains(word);
              }
            });
    return findings;
  }

  private interface Edit {
    void run(RocksDB rocks, Map<String, ColumnFamilyHandle> families) throws RocksDBException;
  }

  private static void edit(Path folder, String database, Edit edit) {
    Folders.open(
        folder.resolve(database),
        false,
        (rocks, families) -> {
          try {
            edit.run(rocks, families);
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void delete(Path folder, String database, String family, int which) {
    edit(
        folder,
        database,
        (rocks, families) ->
            rocks.delete(families.get(family), keyAt(rocks, families.get(family), which)));
  }

  private static void change(
      Path folder,
      String database,
      String family,
      int which,
      java.util.function.UnaryOperator<byte[]> change) {
    edit(
        folder,
        database,
        (rocks, families) -> {
          byte[] key = keyAt(rocks, families.get(family), which);
          byte[] value = rocks.get(families.get(family), key);
          rocks.put(families.get(family), key, change.apply(value));
        });
  }

  private static byte[] keyAt(RocksDB rocks, @Nullable ColumnFamilyHandle of, int which) {
    ColumnFamilyHandle family = requireNonNull(of);
    try (RocksIterator keys = rocks.newIterator(family)) {
      keys.seekToFirst();
      for (int i = 0; i < which; i++) {
        keys.next();
      }
      assertThat(keys.isValid()).isTrue();
      return keys.key();
    }
  }

  private static byte[] flip(byte[] bytes, int at) {
    byte[] changed = bytes.clone();
    changed[at] ^= 0x15;
    return changed;
  }

  private static Path largest(Path folder, String ending) throws IOException {
    Path largest = null;
    for (Path file : Folders.files(folder, ending)) {
      if (largest == null || Files.size(file) > Files.size(largest)) {
        largest = file;
      }
    }
    return requireNonNull(largest, () -> "no file " + ending + " in " + folder);
  }

  private static Map<String, List<Byte>> contents(Path folder) throws IOException {
    Map<String, List<Byte>> contents = new java.util.TreeMap<>();
    try (var walk = Files.walk(folder)) {
      for (Path path : walk.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(path).toString();
        if (!name.startsWith("native")) {
          contents.put(name, List.of((byte) java.util.Arrays.hashCode(Files.readAllBytes(path))));
        }
      }
    }
    return contents;
  }
}
