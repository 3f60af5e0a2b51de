package io.varve.server.storage.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.TestServer;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.group.GroupChange;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStore;
import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;

/** What {@code varve verify} finds in consumer groups. */
class GroupsVerificationTest {
  private static final int EVENTS = 10;
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);

  @TempDir private static Path stores;
  private static Path sound = Path.of("");

  @TempDir private Path temp;
  private Path folder = Path.of("");

  /** Two groups: the one has parked positions 2 to 5, of which two are to be replayed. */
  @BeforeAll
  static void write_a_store() throws Exception {
    sound = stores.resolve("data");
    UUID storeId;
    try (TestServer server = TestServer.start(sound)) {
      VarveClient store = server.ownClient();
      for (int i = 0; i < EVENTS; i++) {
        store.append("s", ExpectedVersion.any(), NewEvent.json("T", "{}"));
      }
      storeId = store.serverInfo().storeId();
    }
    try (GroupStore groups = RocksDbGroupStore.open(sound, storeId)) {
      List<Parked> parked = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        parked.add(new Parked(i + 1, i + 1, new StreamId("s"), "bad", TIME, 3, i));
      }
      groups.write(
          List.of(
              new GroupChange(1, false, definition("one"), progress(4, 2), null, List.of(), parked),
              new GroupChange(
                  2, false, definition("two"), progress(0, 0), null, List.of(), List.of())),
          EVENTS);
    }
  }

  private static GroupDefinition definition(String name) {
    return new GroupDefinition(
        name,
        new GroupSource.OfLog(Query.everything()),
        new GroupStart.After(0),
        GroupSettings.defaults(),
        TIME);
  }

  private static Progress progress(long parked, long replaying) {
    return new Progress(7, 0, List.of(), parked, parked, replaying, replaying, null, "");
  }

  @BeforeEach
  void copy() throws IOException {
    folder = Folders.copy(sound, temp.resolve("data"));
  }

  @Test
  void sound_groups_have_no_findings_and_nothing_worth_noting() {
    assertThat(Folders.findings(folder)).isEmpty();
    assertThat(Folders.notes(folder)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"groups", "progress", "parked"})
  void every_changed_byte_of_a_value_is_found(String family) {
    byte[] key = family.equals("parked") ? GroupBytes.key(1, 3) : GroupBytes.key(1);
    byte[] value = value(family, key);
    for (int i = 0; i < value.length; i += 5) {
      byte[] changed = value.clone();
      changed[i] ^= 0x15;
      put(family, key, changed);
      assertThat(Folders.findings(folder))
          .as("byte %s", i)
          .anySatisfy(finding -> assertThat(finding).contains("consumer group number 1"));
    }
    put(family, key, value);
    assertThat(Folders.findings(folder)).isEmpty();
  }

  @Test
  void lost_progress_is_found() {
    put("progress", GroupBytes.key(2), null);

    assertFinding("the progress of consumer group two is missing");
  }

  @Test
  void a_lost_group_is_found_by_what_it_has_left() {
    put("groups", GroupBytes.key(1), null);

    assertFinding("there is progress of a consumer group that there is not");
    assertFinding("there is a parked event of a consumer group that there is not");
  }

  @Test
  void a_lost_parked_event_is_found() {
    put("parked", GroupBytes.key(1, 4), null);

    assertFinding("consumer group one has 3 parked events, and its progress says 4");
  }

  @Test
  void a_parked_event_too_many_is_found() {
    byte[] key = GroupBytes.key(2, 3);
    put(
        "parked",
        key,
        GroupBytes.value(key, new Parked(3, 3, new StreamId("s"), "bad", TIME, 0, 1)));

    assertFinding("consumer group two has 1 parked events, and its progress says 0");
  }

  @Test
  void a_wrong_count_of_what_is_to_be_replayed_is_found() {
    byte[] key = GroupBytes.key(1, 4);
    put(
        "parked",
        key,
        GroupBytes.value(key, new Parked(4, 4, new StreamId("s"), "bad", TIME, 3, 0)));

    assertFinding("of the parked events of consumer group one 3 are to be replayed");
  }

  @Test
  void groups_of_another_store_or_of_another_format_are_found() {
    put("meta", "store_id".getBytes(UTF_8), new UUID(3, 3).toString().getBytes(UTF_8));
    assertFinding("belong to another store");
    put("meta", "format".getBytes(UTF_8), Keys.ofLong(9));
    assertFinding("a format that this release does not know");
  }

  @ParameterizedTest
  @ValueSource(strings = {"reached", "last_number"})
  void what_stands_beside_the_groups_must_be_there_and_be_a_number(String key) {
    put("meta", key.getBytes(UTF_8), new byte[] {1, 2, 3});
    assertFinding("is missing or damaged");
    put("meta", key.getBytes(UTF_8), null);
    assertFinding("is missing or damaged");
  }

  @Test
  void a_number_that_would_be_given_again_is_found() {
    put("meta", "last_number".getBytes(UTF_8), Keys.ofLong(1));

    assertFinding("the last number that was given is 1");
  }

  @Test
  void groups_that_know_a_longer_log_are_noted() {
    put("meta", "reached".getBytes(UTF_8), Keys.ofLong(EVENTS + 1));

    assertThat(Folders.findings(folder)).isEmpty();
    assertThat(Folders.notes(folder))
        .singleElement()
        .asString()
        .contains("up to position " + (EVENTS + 1), "ends at " + EVENTS);
  }

  @Test
  void a_running_server_finds_it_as_well() throws Exception {
    put("parked", GroupBytes.key(1, 4), null);
    try (TestServer server = TestServer.start(folder)) {
      List<String> findings = new ArrayList<>();

      long found = server.ownClient().admin().verify(p -> findings.addAll(p.findings()));

      assertThat(found).isEqualTo(1);
      assertThat(findings).singleElement().asString().contains("group one has 3 parked events");
    }
  }

  // ---- little things

  private void assertFinding(String words) {
    assertThat(Folders.findings(folder)).anySatisfy(finding -> assertThat(finding).contains(words));
  }

  private byte[] value(String family, byte[] key) {
    byte[][] found = {null};
    Folders.visit(
        folder.resolve("groups"),
        (of, at, value) -> {
          if (of.equals(family) && java.util.Arrays.equals(at, key)) {
            found[0] = value;
          }
        });
    return requireNonNull(found[0]);
  }

  /** Null deletes. */
  private void put(String family, byte[] key, byte @Nullable [] value) {
    Folders.open(
        folder.resolve("groups"),
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
