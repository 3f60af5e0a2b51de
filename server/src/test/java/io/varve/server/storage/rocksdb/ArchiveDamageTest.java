package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.TestServer;
import io.varve.server.storage.ArchiveSegment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;

/** Every kind of damage to an archive, to its catalogue and to what is left in the database. */
class ArchiveDamageTest {
  /** In archive segments of positions 1 to 20 and 21 to 40, and the rest in the database. */
  private static final int EVENTS = 60;

  @TempDir private static Path stores;
  private static Path sound = Path.of("");
  private static Path soundArchive = Path.of("");

  @TempDir private Path temp;
  private Path folder = Path.of("");
  private Path archive = Path.of("");

  @BeforeAll
  static void write_a_store() throws Exception {
    sound = stores.resolve("data");
    soundArchive = Files.createDirectory(stores.resolve("archive"));
    write(sound, soundArchive);
  }

  private static void write(Path data, Path archive) throws Exception {
    try (TestServer server = TestServer.withArchive(data, archive);
        VarveClient store = server.client()) {
      Random random = new Random(1);
      for (int i = 0; i < EVENTS; i++) {
        byte[] bytes = new byte[4_000];
        random.nextBytes(bytes);
        store.append(
            "s-" + i % 5,
            ExpectedVersion.any(),
            NewEvent.of("T" + i % 3, bytes).toBuilder().tag("tag:" + i % 2).build());
      }
      store.streams().truncate("s-0", 3);
      store.archive().moveBefore(21, _ -> {});
      store.archive().moveBefore(41, _ -> {});
    }
  }

  @BeforeEach
  void copy() throws IOException {
    folder = Folders.copy(sound, temp.resolve("data"));
    archive = Folders.copy(soundArchive, temp.resolve("archive"));
  }

  // ---- what is no damage

  @Test
  void a_sound_store_has_no_findings_and_nothing_worth_noting() {
    assertThat(findings()).isEmpty();
    assertThat(Folders.notes(folder, archive)).isEmpty();
  }

  @Test
  void without_the_archives_folder_the_rest_is_verified_and_that_is_noted() {
    assertThat(Folders.findings(folder)).isEmpty();
    assertThat(Folders.notes(folder)).singleElement().asString().contains("2 files in an archive");
  }

  @Test
  void a_file_that_is_not_in_the_catalogue_is_noted() throws IOException {
    Files.copy(segment(0), segment(0).resolveSibling("stray.segment"));

    assertThat(findings()).isEmpty();
    assertThat(Folders.notes(folder, archive))
        .singleElement()
        .asString()
        .contains("stray", "not in the archive's catalogue");
  }

  @Test
  void an_index_made_anew_from_outlines_is_the_same_index() throws IOException {
    new OfflineStore(folder, StorageSettings.defaults()).rebuildIndexes((_, _) -> {});

    assertThat(findings()).isEmpty();
    try (RocksDbEventStorage storage =
        RocksDbEventStorage.open(folder, StorageSettings.defaults(), new UUID(0, 0))) {
      assertThat(storage.archive().isUnfinished()).isFalse();
      storage.compact();
    }
    assertThat(findings()).isEmpty();
  }

  // ---- files

  @Test
  void a_missing_file_is_found() throws IOException {
    Files.delete(segment(1));

    assertFinding("positions 21 to 40", "is missing");
  }

  @Test
  void a_file_that_was_cut_off_is_found() throws IOException {
    byte[] bytes = Files.readAllBytes(segment(0));
    Files.write(segment(0), Arrays.copyOf(bytes, bytes.length - 10));

    assertFinding("positions 1 to 20", "cut off");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.0, 0.0005, 0.3, 0.9, 0.998, 1.0})
  void a_changed_byte_anywhere_in_a_file_is_found(double place) throws IOException {
    Folders.damage(segment(1), (long) (place * (Files.size(segment(1)) - 1)));

    assertFinding("positions 21 to 40", "is not what was written");
  }

  @Test
  void a_file_of_another_store_is_found_and_named() throws Exception {
    Path other = Files.createDirectory(temp.resolve("other"));
    write(temp.resolve("other-data"), other);
    Files.copy(files(other).getFirst(), segment(0), StandardCopyOption.REPLACE_EXISTING);

    assertThat(findings()).anySatisfy(f -> assertThat(f).contains("of store "));
    assertFinding("positions 1 to 20");
  }

  @Test
  void a_file_of_other_positions_is_found_and_named() throws IOException {
    Files.copy(segment(1), segment(0), StandardCopyOption.REPLACE_EXISTING);

    assertThat(findings()).anySatisfy(f -> assertThat(f).contains("position", "21"));
    assertFinding("positions 1 to 20");
  }

  // ---- the catalogue

  @Test
  void a_lost_entry_of_the_catalogue_is_found() {
    change("archive", Keys.ofLong(1), null);

    assertFinding("no segment for positions 1 to 20");
  }

  @Test
  void outlines_whose_events_no_segment_has_are_found() {
    change("archive", Keys.ofLong(21), null);

    assertFinding("holds outlines", "the events are lost");
  }

  @Test
  void an_entry_of_the_catalogue_that_cannot_be_read_is_found() {
    change("archive", Keys.ofLong(21), new byte[] {1, 2, 3});

    assertFinding("the archive's catalogue has an unreadable entry at position 21");
  }

  @Test
  void a_wrong_entry_of_the_catalogue_is_found() {
    ArchiveSegment segment = entry(21);
    change(
        "archive",
        Keys.ofLong(21),
        StoredSegment.encode(
            new ArchiveSegment(
                segment.file(),
                21,
                39,
                segment.events(),
                segment.eventBytes(),
                segment.fileBytes(),
                segment.firstRecordedAt(),
                segment.lastRecordedAt(),
                segment.archivedAt(),
                segment.sha256())));

    assertFinding("the archive's catalogue goes up to 39");
    assertFinding("the catalogue says 20 up to 39");
  }

  @Test
  void an_older_data_format_beside_an_archive_is_found() {
    change("meta", "format".getBytes(StandardCharsets.UTF_8), new byte[] {0, 0, 0, 1});

    assertFinding("data format 1");
  }

  // ---- what is left in the database

  @Test
  void an_outline_of_another_event_is_found() {
    List<byte[]> chunks = new ArrayList<>();
    Folders.visit(
        folder.resolve("log"),
        (family, key, value) -> {
          if (family.equals("log") && Keys.toLong(key, 0) == 21) {
            chunks.add(value);
          }
        });
    Chunk chunk = Chunk.read(Keys.ofLong(21), chunks.getFirst());
    assertThat(chunk.outlined()).isTrue();
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    chunk
        .events()
        .forEach(event -> frames.write(event.bytes(), event.frameStart(), event.length()));
    byte[] changed = frames.toByteArray();
    changed[indexOf(changed, "tag:")] = 'b';
    change(
        "log",
        Keys.ofLong(21),
        Chunk.ofOutlines(21, chunk.lastPosition(), chunk.events().size(), changed));

    assertFinding("is not the one that its outline is of");
  }

  @Test
  void a_damaged_header_in_the_index_is_found() {
    byte[][] first = {null, null};
    Folders.visit(
        folder.resolve("index"),
        (family, key, value) -> {
          if (family.equals("streams") && value[0] == 0 && first[0] == null) {
            first[0] = key;
            first[1] = value;
          }
        });
    byte[] value = requireNonNull(first[1]).clone();
    value[value.length - 1] ^= 1;
    put(folder.resolve("index"), "streams", requireNonNull(first[0]), value);

    assertFinding("the index's copy of version");
  }

  // ---- little things

  private List<String> findings() {
    return Folders.findings(folder, archive);
  }

  private void assertFinding(String... words) {
    assertThat(findings()).anySatisfy(finding -> assertThat(finding).contains(words));
  }

  private Path segment(int number) throws IOException {
    return files(archive).get(number);
  }

  private static List<Path> files(Path of) throws IOException {
    try (Stream<Path> files = Files.walk(of)) {
      return files.filter(file -> file.toString().endsWith(".segment")).sorted().toList();
    }
  }

  private ArchiveSegment entry(long first) {
    List<ArchiveSegment> found = new ArrayList<>();
    Folders.visit(
        folder.resolve("log"),
        (family, key, value) -> {
          if (family.equals("archive") && Keys.toLong(key, 0) == first) {
            found.add(StoredSegment.decode(first, value));
          }
        });
    return found.getFirst();
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  /** Null deletes. */
  private void change(String family, byte[] key, byte @Nullable [] value) {
    put(folder.resolve("log"), family, key, value);
  }

  private static void put(Path database, String family, byte[] key, byte @Nullable [] value) {
    Folders.open(
        database,
        false,
        (rocks, families) -> {
          try {
            ColumnFamilyHandle handle = requireNonNull(families.get(family));
            if (value == null) {
              rocks.delete(handle, key);
            } else {
              rocks.put(handle, key, value);
            }
          } catch (RocksDBException e) {
            throw new UncheckedIOException(new IOException(e));
          }
        });
  }
}
