package io.varve.server.storage.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.group.GroupChange;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStop;
import io.varve.server.group.GroupStore;
import io.varve.server.group.GroupStrategy;
import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import io.varve.server.group.StoredGroup;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

class RocksDbGroupStoreTest {
  private static final UUID STORE = UUID.fromString("00000000-0000-7000-8000-000000000001");
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000, 123_456_789);

  @TempDir private Path temp;

  // ---- words

  private static GroupStore open(Path folder) {
    return RocksDbGroupStore.open(folder, STORE);
  }

  private Path folder() throws IOException {
    return Files.createDirectories(temp.resolve("data"));
  }

  private static GroupDefinition onLog(String name) {
    return new GroupDefinition(
        name,
        new GroupSource.OfLog(
            new Query(
                List.of(
                    new Query.Item(
                        Set.of("B", "A", "C"), Set.of("t:ü"), List.of("p-", "a"), Set.of("c")),
                    new Query.Item(Set.of(), Set.of("x"), List.of(), Set.of())))),
        new GroupStart.Now(),
        new GroupSettings(
            GroupStrategy.PINNED, Duration.ofMillis(1_500), 3, 250, 20, 1, Duration.ofMillis(100)),
        TIME);
  }

  private static GroupDefinition onStream(String name) {
    return new GroupDefinition(
        name,
        new GroupSource.OfStream(new StreamId("konto-ß")),
        new GroupStart.After(7),
        GroupSettings.defaults(),
        TIME);
  }

  private static Progress progress(@Nullable GroupStop stop) {
    return new Progress(
        1_000,
        12,
        List.of(
            new Progress.Open(3, 1, 17, 0),
            new Progress.Open(900, 2, 1_023, 4),
            new Progress.Open(901, 9, 0, 1_000_000)),
        2,
        5,
        4,
        1,
        stop,
        "was set back");
  }

  private static Parked parked(long position, String reason) {
    return new Parked(position, position + 1, new StreamId("a-1"), reason, TIME, 10, 3);
  }

  private static GroupChange change(
      long number,
      @Nullable GroupDefinition definition,
      @Nullable Progress progress,
      @Nullable Long unparkedAfter,
      List<Long> unparked,
      List<Parked> parked) {
    return new GroupChange(number, false, definition, progress, unparkedAfter, unparked, parked);
  }

  private static void writeAll(GroupStore store) {
    store.write(
        List.of(
            change(1, onLog("eins"), progress(null), null, List.of(), List.of(parked(4, "bad"))),
            change(
                2,
                onStream("zwei"),
                progress(new GroupStop("worker ü", "no schema", TIME, 900)),
                null,
                List.of(),
                List.of(parked(4, ""), parked(Long.MAX_VALUE - 1, "x".repeat(40))))),
        1_000);
  }

  // ---- kept

  @Test
  void what_was_written_is_there_whole_before_and_after_reopening() throws IOException {
    try (GroupStore store = open(folder())) {
      assertThat(store.groups()).isEmpty();
      assertThat(store.lastNumber()).isZero();
      assertThat(store.reached()).isZero();
      writeAll(store);
      check(store);
    }
    try (GroupStore store = open(folder())) {
      check(store);
      assertThat(store.diskBytes()).isPositive();
    }
  }

  @Test
  void what_an_edge_keeps_with_a_group_comes_back() throws IOException {
    GroupDefinition group =
        new GroupDefinition(
            "drei",
            new GroupSource.OfStream(new StreamId("a")),
            new GroupStart.Now(),
            GroupSettings.defaults(),
            TIME,
            Map.of("b", "", "a", "ü"));
    try (GroupStore store = open(folder())) {
      store.write(List.of(change(1, group, progress(null), null, List.of(), List.of())), 1_000);
    }
    try (GroupStore store = open(folder())) {
      assertThat(store.groups()).extracting(StoredGroup::definition).containsExactly(group);
    }
  }

  private static void check(GroupStore store) {
    assertThat(store.groups())
        .containsExactly(
            new StoredGroup(1, onLog("eins"), progress(null), ""),
            new StoredGroup(
                2,
                onStream("zwei"),
                progress(new GroupStop("worker ü", "no schema", TIME, 900)),
                ""));
    assertThat(store.group(1)).isEqualTo(store.groups().getFirst());
    assertThat(store.group(3)).isNull();
    assertThat(store.lastNumber()).isEqualTo(2);
    assertThat(store.reached()).isEqualTo(1_000);
    assertThat(store.parkedAfter(1, 0, 10)).containsExactly(parked(4, "bad"));
    assertThat(store.parkedAfter(2, 0, 10))
        .containsExactly(parked(4, ""), parked(Long.MAX_VALUE - 1, "x".repeat(40)));
    assertThat(store.parkedAfter(2, 0, 1)).containsExactly(parked(4, ""));
    assertThat(store.parkedAfter(2, 4, 10)).hasSize(1);
    assertThat(store.parkedAfter(2, Long.MAX_VALUE, 10)).isEmpty();
    assertThat(store.parked(1, 4)).isEqualTo(parked(4, "bad"));
    assertThat(store.parked(1, 5)).isNull();
  }

  @Test
  void of_a_change_the_parts_that_are_given_take_effect_and_the_others_stay() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
      Progress later = Progress.startingAfter(77, 0);
      store.write(
          List.of(
              change(
                  2,
                  null,
                  later,
                  null,
                  List.of(4L, 99L),
                  List.of(parked(9, "new"), parked(10, "new")))),
          1_200);

      StoredGroup two = requireNonNull(store.group(2));
      assertThat(two.definition()).isEqualTo(onStream("zwei"));
      assertThat(two.progress()).isEqualTo(later);
      assertThat(store.parkedAfter(2, 0, 10))
          .extracting(Parked::position)
          .containsExactly(9L, 10L, Long.MAX_VALUE - 1);
      assertThat(store.parkedAfter(1, 0, 10)).hasSize(1);
      assertThat(store.reached()).isEqualTo(1_200);
    }
  }

  @Test
  void what_is_forgotten_after_a_position_goes_before_what_is_added() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
      store.write(List.of(change(2, null, null, 4L, List.of(), List.of(parked(50, "new")))), 1_000);
      assertThat(store.parkedAfter(2, 0, 10)).extracting(Parked::position).containsExactly(4L, 50L);
      store.write(List.of(change(2, null, null, 0L, List.of(), List.of())), 1_000);

      assertThat(store.parkedAfter(2, 0, 10)).isEmpty();
      assertThat(store.parkedAfter(1, 0, 10)).hasSize(1);
    }
  }

  @Test
  void a_deleted_group_leaves_nothing_behind_and_its_number_is_not_given_again()
      throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
      store.write(List.of(new GroupChange(2, true, null, null, null, List.of(), List.of())), 1_000);
    }
    try (GroupStore store = open(folder())) {
      assertThat(store.groups()).extracting(StoredGroup::number).containsExactly(1L);
      assertThat(store.parkedAfter(2, 0, 10)).isEmpty();
      assertThat(store.lastNumber()).isEqualTo(2);
    }
  }

  @Test
  void a_write_survives_the_loss_of_power_as_soon_as_it_has_returned() throws IOException {
    Path copy = temp.resolve("copy");
    try (GroupStore store = open(folder())) {
      writeAll(store);
      Folders.copy(folder(), copy); // the process is there still: nothing has been flushed
    }
    try (GroupStore store = open(copy)) {
      check(store);
    }
  }

  // ---- refused

  @Test
  void groups_of_another_store_are_refused_and_stay_as_they_are() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
    }

    assertThatThrownBy(() -> RocksDbGroupStore.open(folder(), new UUID(9, 9)))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("belong to another store");
    try (GroupStore store = open(folder())) {
      check(store);
    }
  }

  @Test
  void an_unknown_format_is_refused() throws IOException {
    open(folder()).close();
    replace("meta", "format".getBytes(UTF_8), Keys.ofLong(2));

    assertThatThrownBy(() -> open(folder()))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("a format that this release does not know");
  }

  private void replace(String family, byte[] key, byte[] value) throws IOException {
    Folders.open(
        folder().resolve("groups"),
        false,
        (rocks, families) -> {
          try {
            rocks.put(families.get(family), key, value);
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
  }

  // ---- damaged

  @Test
  void damaged_progress_is_told_and_never_guessed() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
    }
    byte[] key = GroupBytes.key(1);
    byte[] value = GroupBytes.value(key, progress(null));
    value[value.length - 1] ^= 1;
    replace("progress", key, value);

    try (GroupStore store = open(folder())) {
      assertThat(store.groups().getFirst().damage())
          .contains("does not match its checksum")
          .contains("nothing is delivered");
      assertThat(store.groups().get(1).damage()).isEmpty();
    }
  }

  @Test
  void a_damaged_definition_leaves_the_others_alone() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
    }
    replace("groups", GroupBytes.key(1), new byte[] {1, 0, 0, 0, 0, 7});

    try (GroupStore store = open(folder())) {
      assertThat(store.groups()).extracting(StoredGroup::number).containsExactly(2L);
    }
  }

  @Test
  void every_flipped_byte_of_every_value_is_noticed() {
    byte[] number = GroupBytes.key(5);
    byte[] place = GroupBytes.key(5, 77);
    GroupStop stop = new GroupStop("c", "r", TIME, 3);
    for (boolean inKey : new boolean[] {false, true}) {
      flip(number, GroupBytes.value(number, onLog("g")), inKey, GroupBytes::toDefinition);
      flip(number, GroupBytes.value(number, progress(stop)), inKey, GroupBytes::toProgress);
      flip(place, GroupBytes.value(place, parked(77, "bad")), inKey, GroupBytes::toParked);
    }
  }

  private interface Reading {
    Object read(byte[] key, byte[] value);
  }

  private static void flip(byte[] key, byte[] value, boolean inKey, Reading reading) {
    byte[] target = inKey ? key : value;
    for (int i = 0; i < target.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = target.clone();
        flipped[i] ^= (byte) (1 << bit);
        byte[] asKey = inKey ? flipped : key;
        byte[] asValue = inKey ? value : flipped;
        assertThatThrownBy(() -> reading.read(asKey, asValue))
            .isInstanceOf(DamagedDataException.class);
      }
    }
  }

  @Test
  void every_value_that_was_cut_is_noticed() {
    byte[] key = GroupBytes.key(5);
    byte[] value = GroupBytes.value(key, onStream("g"));
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThatThrownBy(() -> GroupBytes.toDefinition(key, cut))
          .isInstanceOf(DamagedDataException.class);
    }
  }

  // ---- golden bytes

  /**
   * Held against the bytes of the release that introduced the format, see {@link GoldenBytesTest}.
   */
  @Test
  void every_entry_is_byte_for_byte_what_it_has_always_been() throws IOException {
    try (GroupStore store = open(folder())) {
      writeAll(store);
    }
    Map<String, String> entries = new TreeMap<>();
    Folders.visit(
        folder().resolve("groups"),
        (family, key, value) ->
            entries.put(
                family + " " + HexFormat.of().formatHex(key), HexFormat.of().formatHex(value)));
    List<String> actual = new ArrayList<>();
    entries.forEach((key, value) -> actual.add(key + " = " + value));

    assertThat(actual).isEqualTo(golden());
  }

  private static List<String> golden() throws IOException {
    try (InputStream in =
        RocksDbGroupStoreTest.class.getResourceAsStream("golden-groups-format-1.txt")) {
      return new String(requireNonNull(in).readAllBytes(), UTF_8).lines().toList();
    }
  }
}
