package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.ArchiveSegment;
import io.varve.client.streams.BackupResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.proto.v1.ScavengeRequest;
import io.varve.server.OfflineTools.Restored;
import io.varve.server.backup.BackupException;
import io.varve.server.config.Settings;
import io.varve.server.storage.rocksdb.Folders;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backups of stores that have an archive, and what is made of them again. */
class ArchiveBackupTest {
  /** In archive segments of positions 1 to 20 and 21 to 40, and the rest in the database. */
  private static final int EVENTS = 60;

  @TempDir private Path temp;

  private Path data = Path.of("");
  private Path archive = Path.of("");
  private Path backups = Path.of("");
  private Path restored = Path.of("");

  @BeforeEach
  void makeFolders() throws IOException {
    data = temp.resolve("data");
    archive = Files.createDirectory(temp.resolve("archive"));
    backups = Files.createDirectory(temp.resolve("backups"));
    restored = temp.resolve("restored");
  }

  private TestServer start() throws StartFailure {
    return TestServer.start(
        TestServer.config(data)
            .with(Settings.ARCHIVE_FOLDER, archive)
            .with(Settings.BACKUP_FOLDER, backups));
  }

  @Test
  void a_backup_has_the_archives_files_and_copies_each_once() throws Exception {
    List<RecordedEvent> log;
    List<ArchiveSegment> segments;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      log = log(store);
      segments = store.archive().segments().toList();
      BackupResult first = store.admin().createBackup("daily", _ -> {});
      BackupResult second = store.admin().createBackup("daily", _ -> {});

      long archived = segments.stream().mapToLong(ArchiveSegment::fileBytes).sum();
      assertThat(segments).hasSize(2);
      assertThat(first.bytesCopied()).isGreaterThan(archived);
      assertThat(second.bytes()).isGreaterThan(archived);
      assertThat(second.bytesCopied()).isLessThan(archived);
    }
    Path other = Files.createDirectory(temp.resolve("other"));

    Restored made = restore(RestoreBound.NONE, other);

    assertThat(made.position()).isEqualTo(EVENTS);
    assertThat(made.manifest().dataFormat()).isEqualTo(2);
    assertThat(Folders.findings(restored, other)).isEmpty();
    assertThat(Folders.notes(restored, other)).isEmpty();
    try (TestServer server = TestServer.withArchive(restored, other);
        VarveClient store = server.client()) {
      assertThat(log(store)).isEqualTo(log);
      assertThat(store.archive().segments().toList()).isEqualTo(segments);
      assertGoesOn(store, log);
    }
    assertThat(Folders.findings(restored, other)).isEmpty();
  }

  @Test
  void without_an_archive_folder_everything_is_put_back_into_the_database() throws Exception {
    List<RecordedEvent> log;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      store.streams().truncate("s-1", 4);
      var admin = AdminGrpc.newBlockingStub(server.connect());
      admin.scavenge(ScavengeRequest.getDefaultInstance());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  admin
                          .getStatistics(GetStatisticsRequest.getDefaultInstance())
                          .getScavengedEvents()
                      >= 3);
      log = log(store);
      store.admin().createBackup("daily", _ -> {});
    }

    restore(RestoreBound.NONE, null);

    assertThat(Folders.findings(restored)).isEmpty();
    assertThat(Folders.notes(restored)).isEmpty();
    try (TestServer server = TestServer.start(restored);
        VarveClient store = server.client()) {
      assertThat(store.serverInfo().dataFormat()).isEqualTo(1);
      assertThat(log(store)).isEqualTo(log);
      assertThat(store.archive().segments().toList()).isEmpty();
      assertThatThrownBy(() -> stream(store, ReadStream.of("s-1").fromVersion(1)))
          .isInstanceOf(VarveException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 19, 20, 21, 33, 40, 41, 60})
  void a_store_is_restored_to_a_position_on_either_side_of_the_archives_end(long position)
      throws Exception {
    List<RecordedEvent> log;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      log = log(store).subList(0, (int) position);
      store.admin().createBackup("daily", _ -> {});
    }
    Path other = Files.createDirectory(temp.resolve("other"));

    assertThat(restore(new RestoreBound(position, null), other).position()).isEqualTo(position);

    assertThat(Folders.findings(restored, other)).isEmpty();
    assertThat(Folders.notes(restored, other)).as("stray files").isEmpty();
    try (TestServer server = TestServer.withArchive(restored, other);
        VarveClient store = server.client()) {
      assertThat(log(store)).isEqualTo(log);
      assertThat(store.archive().segments()).hasSize(position < 20 ? 0 : position < 40 ? 1 : 2);
      assertGoesOn(store, log);
    }
    assertThat(Folders.findings(restored, other)).isEmpty();
  }

  @Test
  void a_store_is_restored_to_a_time_within_the_archive() throws Exception {
    List<RecordedEvent> log;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      log = log(store);
      store.admin().createBackup("daily", _ -> {});
    }
    Instant time = log.get(28).recordedAt();
    Path other = Files.createDirectory(temp.resolve("other"));

    restore(new RestoreBound(null, time), other);

    try (TestServer server = TestServer.withArchive(restored, other);
        VarveClient store = server.client()) {
      assertThat(log(store))
          .isEqualTo(log.stream().filter(event -> !event.recordedAt().isAfter(time)).toList());
    }
    assertThat(Folders.findings(restored, other)).isEmpty();
  }

  @Test
  void a_damaged_or_missing_archive_does_not_become_a_backup_and_leaves_the_one_before()
      throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      Path file = segment(archive, 0);
      Folders.damage(file, Files.size(file) / 2);
      assertThatThrownBy(() -> store.admin().createBackup("daily", _ -> {}))
          .isInstanceOf(VarveException.class)
          .hasMessageContainingAll("damaged", "is not what was written");
      Folders.damage(file, Files.size(file) / 2); // as it was
      Files.move(file, temp.resolve("away"));
      assertThatThrownBy(() -> store.admin().createBackup("daily", _ -> {}))
          .isInstanceOf(VarveException.class)
          .hasMessageContaining("is missing");
      Files.move(temp.resolve("away"), file);
      store.admin().createBackup("daily", _ -> {});
    }
    assertThatThrownBy(
            () -> OfflineTools.backup(data, null, temp.resolve("backups/daily"), (_, _, _) -> {}))
        .hasMessageContainingAll("are in the archive", "archive-folder");
    List<String> damage = new ArrayList<>();
    OfflineTools.verifyBackup(backups.resolve("daily"), (_, _, _) -> {}, damage::add);
    assertThat(damage).isEmpty();
    OfflineTools.backup(data, archive, temp.resolve("backups/daily"), (_, _, _) -> {});
  }

  @Test
  void a_file_of_the_archive_that_has_gone_bad_in_a_backup_is_found_and_copied_again()
      throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      store.admin().createBackup("daily", _ -> {});
      Path file;
      try (Stream<Path> files = Files.list(backups.resolve("daily/files"))) {
        file =
            files
                .filter(path -> path.getFileName().toString().contains("-archive-"))
                .findFirst()
                .orElseThrow();
      }
      Folders.damage(file, 500);
      List<String> damage = new ArrayList<>();
      OfflineTools.verifyBackup(backups.resolve("daily"), (_, _, _) -> {}, damage::add);
      assertThat(damage).singleElement().asString().contains("archive/", "checksum");
      assertThatThrownBy(() -> restore(RestoreBound.NONE, null))
          .isInstanceOf(BackupException.class)
          .hasMessageContaining("does not match its checksum");

      store.admin().createBackup("daily", _ -> {});
    }
    restore(RestoreBound.NONE, null);
    assertThat(Folders.findings(restored)).isEmpty();
  }

  @Test
  void files_that_are_in_the_archive_folder_already_are_kept_and_others_by_their_name_refused()
      throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      store.admin().createBackup("daily", _ -> {});
    }
    Path file = segment(archive, 0);
    Folders.damage(file, 500);
    assertThatThrownBy(() -> restore(RestoreBound.NONE, archive))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("is there already, and is not what was written");
    assertThatThrownBy(() -> TestServer.withArchive(restored, archive))
        .as("half a store")
        .hasMessageContaining("restore");
    Folders.damage(file, 500);

    restore(RestoreBound.NONE, archive);

    assertThat(Folders.findings(restored, archive)).isEmpty();
  }

  @Test
  void an_archive_folder_that_cannot_be_used_is_told_before_anything_is_restored()
      throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      fill(store);
      store.admin().createBackup("daily", _ -> {});
    }
    Path other = temp.resolve("other");
    assertUnusable(other);
    Files.writeString(other, "no folder");
    assertUnusable(other);
    Files.delete(other);
    Files.createDirectory(other);
    Path ofStore = other.resolve(archive.relativize(segment(archive, 0)).getName(0));
    Files.writeString(ofStore, "no folder");
    assertUnusable(other);
    Files.delete(ofStore);

    restore(RestoreBound.NONE, other);

    assertThat(Folders.findings(restored, other)).isEmpty();
  }

  private void assertUnusable(Path folder) {
    assertThatThrownBy(() -> restore(RestoreBound.NONE, folder))
        .isInstanceOfSatisfying(
            BackupException.class,
            e -> assertThat(e.kind()).isEqualTo(BackupException.Kind.FOLDER_UNUSABLE))
        .hasMessageContaining("the archive folder " + folder);
    assertThat(restored).doesNotExist();
  }

  // ---- little things

  private Restored restore(RestoreBound bound, @Nullable Path archiveFolder) throws Exception {
    return OfflineTools.restore(
        backups.resolve("daily"), restored, bound, archiveFolder, (_, _, _) -> {}, (_, _) -> {});
  }

  private static Path segment(Path archive, int number) throws IOException {
    try (Stream<Path> files = Files.walk(archive)) {
      return files
          .filter(file -> file.toString().endsWith(".segment"))
          .sorted()
          .skip(number)
          .findFirst()
          .orElseThrow();
    }
  }

  private static void fill(VarveClient store) {
    Random random = new Random(1);
    for (int i = 0; i < EVENTS; i++) {
      byte[] bytes = new byte[8_000];
      random.nextBytes(bytes);
      store.append("s-" + i % 5, ExpectedVersion.any(), NewEvent.of("T" + i % 3, bytes));
    }
    store.archive().moveBefore(21, _ -> {});
    store.archive().moveBefore(41, _ -> {});
  }

  /** Positions and versions go on where they were, and events can be moved again. */
  private static void assertGoesOn(VarveClient store, List<RecordedEvent> log) {
    long version = log.stream().filter(event -> event.stream().equals("s-3")).count();
    var next =
        store.append("s-3", ExpectedVersion.exactly(version), NewEvent.json("Next", "{\"n\":1}"));
    assertThat(next.position()).isEqualTo(log.size() + 1L);
    store.archive().moveBefore(Long.MAX_VALUE, _ -> {});
    assertThat(store.archive().status().archivedPosition()).isEqualTo(log.size() + 1L);
    assertThat(log(store).subList(0, log.size())).isEqualTo(log);
    assertThat(log(store)).hasSize(log.size() + 1);
  }

  private static List<RecordedEvent> log(VarveClient store) {
    try (EventReader events = store.readLog(ReadLog.all())) {
      List<RecordedEvent> all = new ArrayList<>();
      events.forEach(all::add);
      return all.stream().filter(event -> !event.stream().startsWith("$")).toList();
    }
  }

  private static List<RecordedEvent> stream(VarveClient store, ReadStream read) {
    try (EventReader events = store.readStream(read)) {
      List<RecordedEvent> all = new ArrayList<>();
      events.forEach(all::add);
      return all;
    }
  }
}
