package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.fixture.Pages;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.StreamHead;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;

class RocksDbEventStorageTest {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;
  private static final StorageSettings SMALL =
      new StorageSettings(4 * MIB, 256 * KIB, 256 * KIB, 2);
  private static final UUID STORE = new UUID(1, 1);
  private static final StreamId ACCOUNT = new StreamId("account-1");
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);

  @TempDir private Path temp;

  private final LogModel model = new LogModel();

  /** Folders that a test has written to and closed; each is held against its log in the end. */
  private final List<Path> closed = new ArrayList<>();

  @AfterEach
  void every_folder_that_was_closed_has_an_index_that_equals_its_log() {
    closed.forEach(folder -> Folders.verify(folder, model.head()));
    closed.forEach(folder -> assertThat(Folders.findings(folder)).isEmpty());
  }

  // ---- written and read back

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void what_was_written_is_read_back_before_and_after_reopening(long seed) {
    Path folder = folder("data");
    Random random = new Random(seed);
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, random, 60);
      assertHoldsTheModel(storage, random);
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.lastRecordedAt()).isEqualTo(model.entries().getLast().recordedAt());
      assertHoldsTheModel(storage, random);
      writeRandomly(storage, random, 10);
      assertHoldsTheModel(storage, random);
    }
    closed.add(folder);
  }

  @Test
  void an_empty_store_has_no_head_no_streams_and_no_time() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.head().position()).isZero();
      assertThat(storage.lastStreamNumber()).isZero();
      assertThat(storage.lastRecordedAt()).isEqualTo(Instant.MIN);
      assertThat(storage.streamHead(new StreamId("s"))).isEqualTo(StreamHead.NONE);
      assertThat(storage.placeOf(new UUID(1, 2))).isNull();
      assertThat(storage.readLog(1, 0, 100).isEmpty()).isTrue();
      assertThat(storage.readLogBackwards(0, 1, 100).isEmpty()).isTrue();
    }
    closed.add(folder);
  }

  @Test
  void a_store_keeps_the_id_that_it_was_given_first() {
    Path folder = folder("data");
    open(folder).close();

    try (RocksDbEventStorage storage = RocksDbEventStorage.open(folder, SMALL, new UUID(2, 2))) {
      assertThat(storage.storeId()).isEqualTo(STORE);
    }
  }

  @Test
  void every_range_of_positions_is_cut_exactly_though_it_begins_and_ends_within_chunks() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int events : new int[] {1, 5, 1, 7, 3}) {
        commit(storage, drafts(events, 50));
      }
      for (long from = 1; from <= 17; from++) {
        for (long to = from; to <= 17; to++) {
          assertThat(Pages.positions(storage.readLog(from, to, MIB))).isEqualTo(range(from, to));
          assertThat(Pages.positions(storage.readLogBackwards(to, from, MIB)))
              .isEqualTo(range(from, to).reversed());
        }
      }
    }
  }

  @Test
  void a_page_stops_once_its_bytes_are_there_but_has_an_event_at_least() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int i = 0; i < 20; i++) {
        commit(storage, drafts(1, 1000));
      }
      assertThat(storage.readLog(1, 20, 1).count()).isEqualTo(1);
      assertThat(storage.readLogBackwards(20, 1, 1).count()).isEqualTo(1);
      assertThat(storage.readStream(1, 1, 20, 1).count()).isEqualTo(1);
      assertThat(storage.readStreamBackwards(1, 20, 1, 1).count()).isEqualTo(1);
      assertThat(storage.readLog(1, 20, 3000).count()).isEqualTo(3);
      assertThat(storage.readLogBackwards(20, 1, 3000).count()).isEqualTo(3);
      assertThat(storage.readStream(1, 1, 20, 3000).count()).isEqualTo(3);
      assertThat(storage.readStreamBackwards(1, 20, 1, 3000).count()).isEqualTo(3);
    }
  }

  // ---- without waiting

  @Test
  void what_has_just_been_written_is_at_hand() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      commit(storage, drafts(20, 50));
      assertThat(versionsAtHand(storage, 1, 20)).isEqualTo(range(1, 20));
      storage.atHand(() -> assertThat(storage.streamHead(ACCOUNT).version()).isEqualTo(20));
    }
  }

  @Test
  void what_takes_long_is_not_at_hand_though_it_is_in_memory() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      commit(storage, drafts(1, 256 * KIB));
      commit(storage, drafts(1, 50));
      assertThatThrownBy(() -> versionsAtHand(storage, 1, 2))
          .isInstanceOf(NotAtHandException.class);
      assertThatThrownBy(() -> storage.atHand(() -> storage.headerOf(1, 1)))
          .isInstanceOf(NotAtHandException.class);
      assertThat(versionsAtHand(storage, 2, 2)).isEqualTo(range(2, 2));
    }
  }

  @Test
  void what_only_the_disk_has_is_at_hand_once_it_has_been_read() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(20, 50));
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertThatThrownBy(() -> versionsAtHand(storage, 1, 20))
          .isInstanceOf(NotAtHandException.class);
      assertThatThrownBy(() -> storage.atHand(() -> storage.streamHead(ACCOUNT)))
          .isInstanceOf(NotAtHandException.class);

      assertThat(storage.streamHead(ACCOUNT).version()).isEqualTo(20);
      assertThat(storage.readStream(1, 1, 20, MIB).count()).isEqualTo(20);

      assertThat(versionsAtHand(storage, 1, 20)).isEqualTo(range(1, 20));
      storage.atHand(() -> assertThat(storage.streamHead(ACCOUNT).version()).isEqualTo(20));
    }
  }

  /** Blocks come and go: it is all that was asked for, or nothing. */
  @Test
  void a_read_that_does_not_wait_leaves_nothing_out() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 60; i++) {
        commit(storage, drafts(5, 20 * KIB));
      }
    }
    int there = 0;
    int notThere = 0;
    Random random = new Random(1);
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 300; i++) {
        long from = 1L + random.nextInt(300);
        long to = Math.min(300, from + random.nextInt(5));
        try {
          assertThat(versionsAtHand(storage, from, to)).isEqualTo(range(from, to));
          there++;
        } catch (NotAtHandException e) {
          notThere++;
          assertThat(storage.readStream(1, from, to, MIB).count()).isEqualTo((int) (to - from + 1));
        }
      }
    }
    assertThat(there).isPositive();
    assertThat(notThere).isPositive();
  }

  private static List<Long> versionsAtHand(RocksDbEventStorage storage, long from, long to) {
    List<Long> read = new ArrayList<>();
    storage.atHand(() -> read.addAll(Pages.positions(storage.readStream(1, from, to, MIB))));
    return read;
  }

  // ---- pages

  @ParameterizedTest
  @ValueSource(ints = {1, 1_500, 5_000})
  void pages_follow_one_another_in_either_direction(int maxBytes) {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int i = 0; i < 20; i++) {
        commit(storage, drafts(1, 1000));
      }
      List<Long> read = new ArrayList<>();
      for (long next = 1; next <= 20; ) {
        EventPage page = storage.readStream(1, next, 20, maxBytes);
        read.addAll(Pages.positions(page));
        next = page.reached() + 1;
      }
      assertThat(read).isEqualTo(range(1, 20));
      read.clear();
      for (long next = 20; next >= 1; ) {
        EventPage page = storage.readStreamBackwards(1, next, 1, maxBytes);
        read.addAll(Pages.positions(page));
        next = page.reached() - 1;
      }
      assertThat(read).isEqualTo(range(1, 20).reversed());
      read.clear();
      for (long next = 1; next <= 20; ) {
        EventPage page = storage.readLog(next, 20, maxBytes);
        read.addAll(Pages.positions(page));
        next = page.reached() + 1;
      }
      assertThat(read).isEqualTo(range(1, 20));
      read.clear();
      for (long next = 20; next >= 1; ) {
        EventPage page = storage.readLogBackwards(next, 1, maxBytes);
        read.addAll(Pages.positions(page));
        next = page.reached() - 1;
      }
      assertThat(read).isEqualTo(range(1, 20).reversed());
    }
  }

  @Test
  void events_larger_than_a_chunk_have_chunks_of_their_own() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      List<Draft> drafts = new ArrayList<>();
      for (int size : new int[] {10, 70 * KIB, 10, 4 * MIB, 4 * MIB, 64 * KIB, 0, 3 * MIB}) {
        drafts.addAll(drafts(1, size));
      }
      commit(storage, drafts);
      assertHoldsTheModel(storage, new Random(4));
    }
    closed.add(folder);
  }

  @Test
  void thousands_of_small_commits_across_many_files_are_all_there() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 3_000; i++) {
        commit(storage, drafts(1, 300));
      }
      assertHoldsTheModel(storage, new Random(5));
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, new Random(6));
    }
    closed.add(folder);
  }

  @Test
  void two_streams_whose_names_begin_alike_stay_apart() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (String name : List.of("a", "a-1", "a-10", "a-1\u0000", "ä", "A")) {
        commit(storage, List.of(new Draft(new StreamId(name), event(10))));
        commit(storage, List.of(new Draft(new StreamId(name), event(10))));
      }
      assertHoldsTheModel(storage, new Random(7));
    }
  }

  // ---- commits

  @Test
  void a_commit_that_leaves_a_gap_is_turned_away_and_nothing_is_written() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(3, 10));
      Commit ahead = storage.begin();
      assertThatThrownBy(() -> ahead.add(assigned(5))).isInstanceOf(IllegalStateException.class);
      Commit torn = storage.begin();
      torn.add(assigned(4));
      assertThatThrownBy(() -> torn.add(assigned(6))).isInstanceOf(IllegalStateException.class);

      assertThat(storage.head().position()).isEqualTo(3);
    }
    closed.add(folder);
  }

  @Test
  void a_commit_is_sealed_once_its_runs_have_been_seen() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      Commit commit = storage.begin();
      commit.add(assigned(1));
      assertThat(commit.runs()).hasSize(1);

      assertThatThrownBy(() -> commit.add(assigned(2))).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void a_commit_without_events_writes_nothing() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      Commit commit = storage.begin();
      commit.write();
      assertThat(commit.count()).isZero();
      assertThat(storage.head().position()).isZero();
    }
    closed.add(folder);
  }

  @Test
  void a_closed_storage_refuses_instead_of_taking_the_process_down() {
    RocksDbEventStorage storage = open(folder("data"));
    commit(storage, drafts(1, 10));
    storage.close();

    assertThatThrownBy(() -> storage.readLog(1, 1, 10)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> storage.readStream(1, 1, 1, 10))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> storage.placeOf(STORE)).isInstanceOf(IllegalStateException.class);
    Commit commit = storage.begin();
    commit.add(assigned(2));
    assertThatThrownBy(commit::write).isInstanceOf(IllegalStateException.class);
  }

  // ---- crashes

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void a_killed_process_leaves_everything_that_was_written(long seed) throws IOException {
    Random random = new Random(seed);
    Path folder = folder("data");
    Path killed = temp.resolve("killed");
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, random, 1 + random.nextInt(60));
      Folders.copy(folder, killed);
    }
    try (RocksDbEventStorage storage = open(killed)) {
      assertHoldsTheModel(storage, random);
    }
    closed.add(killed);
  }

  @Test
  void a_process_killed_time_and_again_loses_nothing() throws IOException {
    Random random = new Random(14);
    Path folder = folder("0");
    for (int life = 1; life <= 8; life++) {
      Path next = temp.resolve(Integer.toString(life));
      try (RocksDbEventStorage storage = open(folder)) {
        assertHoldsTheModel(storage, random);
        writeRandomly(storage, random, random.nextInt(30));
        Folders.copy(folder, next);
      }
      folder = next;
    }
    open(folder).close();
    closed.add(folder);
  }

  @Test
  void a_killed_process_leaves_an_index_whose_parts_have_all_come_to_one_position()
      throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 1; i <= 1_200; i++) { // some times as much as is held in memory
        commit(storage, drafts(1, 1_000));
        if (i % 400 == 0) {
          Path killed = Folders.copy(folder, temp.resolve("killed-" + i));
          open(killed).close(); // which replays what had not been flushed
          Folders.verify(killed, model.head());
        }
      }
    }
    closed.add(folder);
  }

  @Test
  void an_index_that_was_removed_is_built_again_from_the_log() throws IOException {
    Path folder = folder("data");
    Random random = new Random(15);
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, random, 80);
    }
    Folders.delete(folder.resolve("index"));

    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, random);
      writeRandomly(storage, random, 5);
    }
    closed.add(folder);
  }

  @Test
  void an_index_older_than_the_log_is_brought_level() throws IOException {
    Path folder = folder("data");
    Random random = new Random(16);
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, random, 30);
    }
    Folders.copy(folder.resolve("index"), temp.resolve("old"));
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, random, 30);
      commit(storage, List.of(new Draft(new StreamId("late-1"), event(10))));
    }
    Folders.delete(folder.resolve("index"));
    Folders.copy(temp.resolve("old"), folder.resolve("index"));

    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, random);
      writeRandomly(storage, random, 5);
    }
    closed.add(folder);
  }

  @Test
  void a_log_in_which_a_stream_leaves_out_a_version_is_no_log_to_build_an_index_from()
      throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      Commit commit = storage.begin();
      commit.add(versioned(1, 1));
      commit.add(versioned(3, 2));
      commit.write();
    }
    Folders.delete(folder.resolve("index"));

    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DamagedDataException.class)
        .hasMessageContainingAll("version 3", "position 2", "version 2 was due");
  }

  private static AssignedEvent versioned(long version, long position) {
    NewEvent event = event(10);
    StreamId stream = new StreamId("account-1");
    return new AssignedEvent(
        stream,
        1,
        version,
        position,
        TIME,
        event.id(),
        event.type(),
        event.tags(),
        EventCodec.encodeBody(stream, event));
  }

  @Test
  void an_index_of_another_format_is_built_again() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, new Random(17), 20);
    }
    putInto(folder.resolve("index"), "progress", "progress", new byte[] {0, 0, 0, 99});

    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, new Random(18));
    }
    closed.add(folder);
  }

  @Test
  void an_index_of_a_later_release_with_more_column_families_is_built_again() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, new Random(19), 20);
    }
    addFamily(folder.resolve("index"), "by_colour");
    putInto(folder.resolve("index"), "progress", "progress", new byte[40]);

    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, new Random(20));
    }
    closed.add(folder);
  }

  @Test
  void an_index_that_cannot_be_opened_is_named_as_what_may_be_removed() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, new Random(23), 20);
    }
    Files.delete(Folders.files(folder.resolve("index"), ".sst").getFirst());

    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("remove the folder " + folder.resolve("index"));

    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, new Random(24));
    }
    closed.add(folder);
  }

  // ---- refusals

  @Test
  void data_of_an_unknown_format_is_refused_in_a_sentence() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      writeRandomly(storage, new Random(21), 3);
    }
    addFamily(
        folder.resolve("log"), "by_colour"); // a later release's data has what we know nothing of
    putInto(folder.resolve("log"), "meta", "format", new byte[] {0, 0, 0, 3});

    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(StorageException.class)
        .hasMessageContainingAll("data format 3", "this release reads formats 1 and 2 only");
  }

  @Test
  void a_log_that_has_lost_its_end_is_refused_and_left_as_it_is() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(5, 100));
    }
    Folders.copy(folder.resolve("log"), temp.resolve("old"));
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(5, 100));
    }
    Folders.delete(folder.resolve("log"));
    Folders.copy(temp.resolve("old"), folder.resolve("log"));

    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(StorageException.class)
        .hasMessageContainingAll("position 5", "position 10", "backup");
    Files.delete(folder.resolve("head")); // the index knows it too
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(StorageException.class)
        .hasMessageContainingAll("position 5", "position 10", "backup");
  }

  @Test
  void a_log_that_is_gone_is_not_begun_anew() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(5, 100));
    }
    Folders.delete(folder.resolve("log"));
    Folders.delete(folder.resolve("index"));

    assertThatThrownBy(() -> open(folder)).hasMessageContainingAll("position 0", "position 5");
    assertThat(folder.resolve("log")).doesNotExist();
  }

  @Test
  void a_folder_from_before_there_was_a_mark_is_opened() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(5, 100));
    }
    Files.delete(folder.resolve("head"));

    try (RocksDbEventStorage storage = open(folder)) {
      assertHoldsTheModel(storage, new Random(22));
    }
    assertThat(folder.resolve("head")).isNotEmptyFile();
  }

  // ---- damage

  @Test
  void a_byte_that_went_bad_in_the_write_ahead_log_never_costs_an_event_silently()
      throws IOException {
    Path folder = folder("data");
    Path killed = temp.resolve("killed");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 50; i++) {
        commit(storage, drafts(1 + i % 3, 100));
      }
      Folders.copy(folder, killed);
    }
    Path wal = Folders.files(killed.resolve("log"), ".log").getLast();
    assertThat(Files.size(wal)).isGreaterThan(5_000);
    int refused = 0;
    for (int i = 0; i < 25; i++) {
      Path damaged = Folders.copy(killed, temp.resolve("damaged"));
      Path damagedWal = damaged.resolve("log").resolve(wal.getFileName());
      Folders.damage(damagedWal, Files.size(wal) * i / 25);
      byte[] before = Files.readAllBytes(damagedWal);
      try (RocksDbEventStorage storage = open(damaged)) {
        assertHoldsTheModel(storage, new Random(i));
      } catch (StorageException e) {
        assertThat(e).hasMessageContaining("position 99");
        assertThat(damagedWal)
            .hasBinaryContent(before); // whoever wants to rescue the rest still can
        refused++;
      }
      Folders.delete(damaged);
    }
    assertThat(refused).isGreaterThan(20);
  }

  @Test
  void a_write_that_a_crash_tore_is_left_out_and_all_before_it_is_there() throws IOException {
    Path folder = folder("data");
    Path before = temp.resolve("before");
    Path after = temp.resolve("after");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 10; i++) {
        commit(storage, drafts(2, 100));
      }
      Folders.copy(folder, before);
      storageWritesOneMore(storage);
      Folders.copy(folder, after);
    }
    Path wal = Folders.files(before.resolve("log"), ".log").getLast();
    Path longer = after.resolve("log").resolve(wal.getFileName());
    byte[] whole = Files.readAllBytes(longer);
    int acknowledged = (int) Files.size(wal);
    assertThat(whole.length).isGreaterThan(acknowledged);
    for (int length = acknowledged; length < whole.length; length += 37) {
      Path torn = Folders.copy(before, temp.resolve("torn"));
      Files.write(torn.resolve("log").resolve(wal.getFileName()), Arrays.copyOf(whole, length));

      try (RocksDbEventStorage storage = open(torn)) {
        assertHoldsTheModel(storage, new Random(length));
      }
      Folders.verify(torn, model.head());
      Folders.delete(torn);
    }
  }

  @Test
  void a_byte_that_went_bad_in_a_file_of_the_log_never_shows_a_wrong_event() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 40; i++) {
        commit(storage, drafts(3, 200));
      }
    }
    Path table = Folders.files(folder.resolve("log"), ".sst").getLast();
    assertThat(Files.size(table)).isGreaterThan(5_000);
    int noticed = 0;
    for (int i = 0; i < 25; i++) {
      Path damaged = Folders.copy(folder, temp.resolve("damaged"));
      Folders.damage(
          damaged.resolve("log").resolve(table.getFileName()), Files.size(table) * i / 25);
      try (RocksDbEventStorage storage = open(damaged)) {
        assertThat(Pages.bytes(storage.readLog(1, model.head(), Integer.MAX_VALUE)))
            .usingElementComparator(Arrays::compare)
            .isEqualTo(model.entries().stream().map(Entry::encoded).toList());
      } catch (StorageException e) {
        noticed++;
      }
      Folders.delete(damaged);
    }
    assertThat(noticed).isGreaterThan(15);
  }

  @Test
  void a_chunk_that_is_missing_from_the_log_is_noticed_in_either_direction() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 5; i++) {
        commit(storage, drafts(2, 100));
      }
      commit(
          storage,
          drafts(IndexBounds.STANDARD.segmentEvents(), 0)); // or opening would look at them
    }
    deleteFrom(folder.resolve("log"), "log", Keys.ofLong(5));

    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.readLog(1, 4, MIB).count()).isEqualTo(4);
      assertThatThrownBy(() -> storage.readLog(1, 10, MIB))
          .hasMessageContaining("no event at position 5");
      assertThatThrownBy(() -> storage.readLog(6, 10, MIB))
          .hasMessageContaining("no event at position 6");
      assertThatThrownBy(() -> storage.readLogBackwards(10, 1, MIB))
          .hasMessageContaining("no event at position 6");
    }
  }

  @Test
  void positions_that_the_log_does_not_have_are_damage_and_not_its_end() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      commit(storage, drafts(5, 100));

      assertThatThrownBy(() -> storage.readLog(1, 6, MIB))
          .isInstanceOf(DamagedDataException.class)
          .hasMessageContaining("position 6");
      assertThatThrownBy(() -> storage.readLog(6, 6, MIB)).isInstanceOf(DamagedDataException.class);
      assertThatThrownBy(() -> storage.readLogBackwards(6, 1, MIB))
          .isInstanceOf(DamagedDataException.class)
          .hasMessageContaining("position 6");
    }
  }

  @Test
  void a_log_whose_front_is_missing_is_noticed_in_either_direction() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 5; i++) {
        commit(storage, drafts(2, 100));
      }
      commit(
          storage,
          drafts(IndexBounds.STANDARD.segmentEvents(), 0)); // or opening would look at them
    }
    deleteFrom(folder.resolve("log"), "log", Keys.ofLong(1));
    deleteFrom(folder.resolve("log"), "log", Keys.ofLong(3));

    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.readLogBackwards(10, 5, MIB).count()).isEqualTo(6);
      assertThatThrownBy(() -> storage.readLogBackwards(10, 4, MIB))
          .hasMessageContaining("no event at position 4");
      assertThatThrownBy(() -> storage.readLogBackwards(10, 1, MIB))
          .hasMessageContaining("no event at position 4");
      assertThatThrownBy(() -> storage.readLogBackwards(2, 1, MIB))
          .hasMessageContaining("no event at position 2");
      assertThatThrownBy(() -> storage.readLog(1, 10, MIB))
          .hasMessageContaining("no event at position 1");
    }
  }

  @Test
  void an_event_that_is_missing_from_the_index_is_noticed_in_either_direction() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      commit(storage, drafts(5, 100));
    }
    deleteFrom(folder.resolve("index"), "streams", Keys.ofStreamVersion(1, 3));

    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.readStream(1, 1, 2, MIB).count()).isEqualTo(2);
      assertThatThrownBy(() -> storage.readStream(1, 1, 5, MIB))
          .hasMessageContaining("no version 3");
      assertThatThrownBy(() -> storage.readStreamBackwards(1, 5, 1, MIB))
          .hasMessageContaining("no version 3");
    }
  }

  // ---- helpers

  private Path folder(String name) {
    try {
      return Files.createDirectories(temp.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RocksDbEventStorage open(Path folder) {
    return RocksDbEventStorage.open(folder, SMALL, STORE);
  }

  private void commit(RocksDbEventStorage storage, List<Draft> drafts) {
    model.commit(storage, TIME.plusMillis(model.head()), drafts);
  }

  /** A commit that the model knows nothing of. */
  private void storageWritesOneMore(RocksDbEventStorage storage) {
    Commit commit = storage.begin();
    commit.add(
        new AssignedEvent(
            new StreamId("late"),
            storage.head().position() + 100,
            1,
            storage.head().position() + 1,
            TIME.plusSeconds(1000),
            new UUID(9, 9),
            "T",
            List.of(),
            EventCodec.encodeBody(new StreamId("late"), event(500))));
    commit.write();
  }

  private static AssignedEvent assigned(long position) {
    NewEvent event = event(10);
    StreamId stream = new StreamId("other");
    return new AssignedEvent(
        stream,
        77,
        1,
        position,
        TIME.plusSeconds(1000),
        event.id(),
        "T",
        List.of(),
        EventCodec.encodeBody(stream, event));
  }

  private static List<Draft> drafts(int count, int bytes) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drafts.add(new Draft(ACCOUNT, event(bytes)));
    }
    return drafts;
  }

  private static NewEvent event(int bytes) {
    byte[] data = new byte[bytes];
    UUID id = UUID.randomUUID();
    new Random(id.getLeastSignificantBits()).nextBytes(data);
    return new NewEvent(id, false, "T", data, "", Map.of(), List.of(), null);
  }

  private void writeRandomly(RocksDbEventStorage storage, Random random, int commits) {
    RandomEvents events = new RandomEvents(random);
    for (int i = 0; i < commits; i++) {
      List<Draft> drafts = new ArrayList<>();
      for (int j = 1 + random.nextInt(1 + random.nextInt(20)); j > 0; j--) {
        drafts.add(new Draft(new StreamId("stream-" + random.nextInt(8)), events.next()));
      }
      commit(storage, drafts);
    }
  }

  private void assertHoldsTheModel(RocksDbEventStorage storage, Random random) {
    List<Entry> all = model.entries();
    assertThat(storage.head().position()).isEqualTo(model.head());
    List<byte[]> expected = all.stream().map(Entry::encoded).toList();
    int pageBytes = 1 + random.nextInt(200_000);
    assertSame(readForwards(storage, pageBytes), expected);
    assertSame(readBackwards(storage, pageBytes), expected.reversed());
    for (StreamId stream : all.stream().map(Entry::stream).distinct().toList()) {
      List<Entry> events = model.stream(stream);
      List<byte[]> bytes = events.stream().map(Entry::encoded).toList();
      StreamHead head = storage.streamHead(stream);
      assertThat(head)
          .isEqualTo(
              new StreamHead(
                  events.getFirst().streamNumber(),
                  events.size(),
                  events.getLast().position(),
                  events.getLast().recordedAt(),
                  events.getFirst().recordedAt(),
                  StreamState.UNTOUCHED));
      long number = head.number();
      assertSame(
          Pages.bytes(storage.readStream(number, 1, events.size(), Integer.MAX_VALUE)), bytes);
      assertSame(
          Pages.bytes(storage.readStreamBackwards(number, events.size(), 1, Integer.MAX_VALUE)),
          bytes.reversed());
      long from = 1L + random.nextInt(events.size());
      long to = from + random.nextInt(events.size() - (int) from + 1);
      assertSame(
          Pages.bytes(storage.readStream(number, from, to, Integer.MAX_VALUE)),
          bytes.subList((int) from - 1, (int) to));
    }
    for (int i = 0; i < Math.min(200, all.size()); i++) {
      Entry entry = all.get(random.nextInt(all.size()));
      assertThat(storage.placeOf(entry.id()))
          .isEqualTo(new EventPlace(entry.position(), entry.streamNumber(), entry.version()));
    }
    assertThat(storage.placeOf(new UUID(random.nextLong(), 3))).isNull();
  }

  private List<byte[]> readForwards(RocksDbEventStorage storage, int pageBytes) {
    List<byte[]> read = new ArrayList<>();
    for (long next = 1; next <= model.head(); ) {
      EventPage page = storage.readLog(next, model.head(), pageBytes);
      read.addAll(Pages.bytes(page));
      next = page.reached() + 1;
    }
    return read;
  }

  private List<byte[]> readBackwards(RocksDbEventStorage storage, int pageBytes) {
    List<byte[]> read = new ArrayList<>();
    for (long next = model.head(); next >= 1; ) {
      EventPage page = storage.readLogBackwards(next, 1, pageBytes);
      read.addAll(Pages.bytes(page));
      next = page.reached() - 1;
    }
    return read;
  }

  private static void assertSame(List<byte[]> actual, List<byte[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(Arrays.equals(actual.get(i), expected.get(i)))
          .as("event %d of %d", i, actual.size())
          .isTrue();
    }
  }

  private static List<Long> range(long from, long to) {
    List<Long> range = new ArrayList<>();
    for (long i = from; i <= to; i++) {
      range.add(i);
    }
    return range;
  }

  private static void putInto(Path database, String family, String key, byte[] value) {
    Folders.open(
        database,
        false,
        (rocks, families) -> {
          try {
            rocks.put(families.get(family), key.getBytes(StandardCharsets.UTF_8), value);
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void deleteFrom(Path database, String family, byte[] key) {
    Folders.open(
        database,
        false,
        (rocks, families) -> {
          try {
            rocks.delete(families.get(family), key);
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void addFamily(Path database, String family) {
    Folders.open(
        database,
        false,
        (rocks, families) -> {
          try (ColumnFamilyHandle added =
              rocks.createColumnFamily(
                  new ColumnFamilyDescriptor(family.getBytes(StandardCharsets.UTF_8)))) {
            rocks.put(added, new byte[] {1}, new byte[] {2});
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }
}
