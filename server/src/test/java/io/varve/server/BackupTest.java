package io.varve.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.Transaction;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.CreateBackupResponse;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.server.OfflineTools.Restored;
import io.varve.server.backup.BackupException;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupManifest;
import io.varve.server.storage.rocksdb.FolderPart;
import io.varve.server.storage.rocksdb.Folders;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backups of a running server, and what is made of them again. */
class BackupTest {
  @TempDir private Path temp;

  private Path backups = Path.of("");

  private TestServer start() throws Exception {
    backups = Files.createDirectories(temp.resolve("backups"));
    return TestServer.backingUpTo(temp.resolve("data"), backups);
  }

  // ---- making one

  @Test
  void a_restored_store_has_what_the_store_had_and_nothing_else() throws Exception {
    List<String> events;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      write(store, 50);
      store.snapshots().save(Snapshot.json("s-1", 1, "{}"));
      store.consumerGroups().create(ConsumerGroup.ofLog("group", Query.all()));
      events = log(store);

      CreateBackupResponse made = back(server, "daily");

      assertThat(made.getPosition()).isEqualTo(server.headPosition());
      assertThat(made.getFolder()).isEqualTo(backups.toRealPath().resolve("daily").toString());
      assertThat(temp.resolve("data/backup.frozen")).doesNotExist();
    }
    assertThat(restore("daily", RestoreBound.NONE).position()).isEqualTo(events.size());
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
    assertThat(Folders.notes(temp.resolve("restored"))).isEmpty();
    try (TestServer server = TestServer.start(temp.resolve("restored"))) {
      VarveClient store = server.ownClient();
      assertThat(log(store)).isEqualTo(events);
      assertThat(store.snapshots().newest("s-1")).isPresent();
      assertThat(store.consumerGroups().get("group")).isPresent();
      write(store, 3);
      assertThat(log(store)).hasSize(events.size() + 3);
    }
  }

  @Test
  void a_second_backup_copies_only_what_has_changed_and_the_first_one_is_no_more()
      throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      store.append("big", ExpectedVersion.any(), large(200));
      CreateBackupResponse first = back(server, "daily");
      store.append("small", ExpectedVersion.any(), NewEvent.json("T", "{}"));

      CreateBackupResponse second = back(server, "daily");
      CreateBackupResponse third = back(server, "daily");

      assertThat(first.getBytesDone()).isEqualTo(first.getBytesTotal()).isGreaterThan(1 << 20);
      assertThat(second.getPosition()).isEqualTo(first.getPosition() + 1);
      assertThat(second.getBytesDone()).isLessThan(first.getBytesTotal() / 10);
      assertThat(third.getPosition()).isEqualTo(second.getPosition());
      try (Stream<Path> files = Files.list(backups.resolve("daily/files"))) {
        assertThat(files.mapToLong(file -> file.toFile().length()).sum())
            .isEqualTo(third.getBytesTotal());
      }
    }
    restore("daily", RestoreBound.NONE);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
  }

  @Test
  void a_file_of_the_backup_that_has_gone_bad_is_copied_again() throws Exception {
    try (TestServer server = start()) {
      server.ownClient().append("big", ExpectedVersion.any(), large(20));
      back(server, "daily");
      Path file = largest(backups.resolve("daily/files"));
      Folders.damage(file, Files.size(file) / 2);

      back(server, "daily");
    }
    restore("daily", RestoreBound.NONE);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
  }

  @Test
  void a_backup_made_under_full_load_is_the_log_up_to_its_position() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    List<String> all;
    List<Long> positions = new ArrayList<>();
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      List<Thread> writers = new ArrayList<>();
      for (int w = 0; w < 4; w++) {
        String stream = "w-" + w;
        writers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 1; !stop.get(); i++) {
                        store.transact(
                            Transaction.builder()
                                .append(
                                    stream,
                                    ExpectedVersion.any(),
                                    NewEvent.json("T", tracked(stream, i)))
                                .tracking(stream, i)
                                .build());
                      }
                    }));
      }
      for (int i = 0; i < 4; i++) {
        long last = positions.isEmpty() ? 0 : positions.getLast();
        await().until(() -> server.headPosition() > last);
        positions.add(back(server, "daily").getPosition());
      }
      stop.set(true);
      for (Thread writer : writers) {
        writer.join();
      }
      all = log(store);
    }
    assertThat(positions).isSorted().doesNotHaveDuplicates();
    restore("daily", RestoreBound.NONE);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
    assertIsThePrefix(temp.resolve("restored"), all, positions.getLast());
  }

  // ---- to a position, to a time

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void a_restore_to_a_position_is_a_fold_of_the_log_up_to_there(long seed) throws Exception {
    Random random = new Random(seed);
    List<String> all;
    List<Instant> times = new ArrayList<>();
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      for (int i = 1; i <= 30; i++) {
        List<NewEvent> batch = new ArrayList<>();
        for (int n = 1 + random.nextInt(20); n > 0; n--) {
          batch.add(NewEvent.json("T" + random.nextInt(3), "{\"n\":" + random.nextInt() + "}"));
        }
        batch.add(NewEvent.json("Last", tracked("w-" + i % 4, i)));
        store.transact(
            Transaction.builder()
                .append("w-" + random.nextInt(3), ExpectedVersion.any(), batch)
                .tracking("w-" + i % 4, i)
                .build());
      }
      store.snapshots().save(Snapshot.json("w-0", 1, "{}"));
      all = log(store);
      try (EventReader events = store.readLog(ReadLog.all())) {
        events.forEach(event -> times.add(event.recordedAt()));
      }
      back(server, "b");
    }
    for (int i = 0; i < 3; i++) {
      long position = random.nextInt(all.size() + 1);
      assertThat(restore("b", new RestoreBound(position, null)).position()).isEqualTo(position);
      assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
      assertIsThePrefix(temp.resolve("restored"), all, position);
      Folders.delete(temp.resolve("restored"));
    }
    Instant time = times.get(random.nextInt(times.size()));
    long expected = times.stream().filter(at -> !at.isAfter(time)).count();
    assertThat(restore("b", new RestoreBound(null, time)).position()).isEqualTo(expected);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
    assertIsThePrefix(temp.resolve("restored"), all, expected);
  }

  /** The events, and what consumers' positions were; and it goes on from there. */
  private static void assertIsThePrefix(Path folder, List<String> all, long position)
      throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      VarveClient store = server.ownClient();
      assertThat(log(store)).isEqualTo(all.subList(0, (int) position));
      for (int source = 0; source < 4; source++) {
        String name = "w-" + source;
        assertThat(store.tracking(name)).isEqualTo(trackedIn(all, name, position));
      }
      write(store, 5);
      assertThat(store.statistics().eventCount()).isEqualTo(position + 5);
    }
    assertThat(Folders.findings(folder)).isEmpty();
  }

  /** What was tracked last: a transaction's last event says what came with it. */
  private static OptionalLong trackedIn(List<String> all, String source, long position) {
    Pattern tracked = Pattern.compile("\"" + source + "\":(\\d+)");
    OptionalLong found = OptionalLong.empty();
    for (String event : all.subList(0, (int) position)) {
      Matcher matcher = tracked.matcher(event);
      if (matcher.find()) {
        found = OptionalLong.of(Long.parseLong(matcher.group(1)));
      }
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void after_whatever_damage_a_restore_brings_back_what_the_backup_had(long seed) throws Exception {
    Random random = new Random(seed);
    List<String> all;
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      write(store, 200);
      all = log(store);
      back(server, "daily");
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(temp.resolve("data"))) {
      files =
          walk.filter(Files::isRegularFile)
              .filter(file -> file.toString().matches(".*/(log|index)/.*|.*/head"))
              .filter(file -> file.toFile().length() > 0)
              .sorted()
              .toList();
    }
    for (int i = 0; i < 5; i++) {
      Path file = files.get(random.nextInt(files.size()));
      Folders.damage(file, random.nextLong(Files.size(file)));
    }

    restore("daily", RestoreBound.NONE);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
    assertIsThePrefix(temp.resolve("restored"), all, all.size());
  }

  @Test
  void a_store_is_verified_and_compacted_while_it_is_used() throws Exception {
    try (TestServer server = start()) {
      VarveClient store = server.ownClient();
      AtomicBoolean stop = new AtomicBoolean();
      Thread writer = Thread.ofPlatform().start(() -> writeUntil(stop, store));
      store.append("s", ExpectedVersion.any(), large(50));
      List<String> findings = new ArrayList<>();

      long found = store.admin().verify(progress -> findings.addAll(progress.findings()));

      assertThat(found).isZero();
      assertThat(findings).isEmpty();
      assertThat(store.admin().compact()).isTrue();
      stop.set(true);
      writer.join();
      var admin = AdminGrpc.newBlockingStub(server.connect());
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  admin
                      .getStatistics(GetStatisticsRequest.getDefaultInstance())
                      .hasLastCompactionAt());
      assertThat(log(store)).hasSize((int) server.headPosition());
    }
    assertThat(Folders.findings(temp.resolve("data"))).isEmpty();
  }

  private static void writeUntil(AtomicBoolean stop, VarveClient store) {
    while (!stop.get()) {
      write(store, 5);
    }
  }

  @Test
  void everything_in_a_data_folder_is_on_the_list_and_every_database_on_it_is_in_the_backup()
      throws Exception {
    try (TestServer server = start()) {
      write(server.ownClient(), 5);
      back(server, "daily");
      BackupManifest manifest =
          requireNonNull(new BackupFolder(backups.resolve("daily")).manifest());
      List<String> kept = manifest.files().stream().map(BackupManifest.Entry::path).toList();
      try (Stream<Path> list = Files.list(temp.resolve("data"))) {
        for (String name : list.map(path -> path.getFileName().toString()).toList()) {
          FolderPart part =
              Arrays.stream(FolderPart.values())
                  .filter(known -> known.fileName().equals(name))
                  .findAny()
                  .orElseThrow(() -> new AssertionError("FolderPart does not know " + name));
          assertThat(kept.stream().anyMatch(path -> path.startsWith(name + "/")))
              .as(name)
              .isEqualTo(part.inBackup() == FolderPart.InBackup.DATABASE);
        }
      }
    }
  }

  // ---- refusing

  @Test
  void a_folder_outside_of_the_one_that_is_allowed_is_refused() throws Exception {
    try (TestServer server = start()) {
      Files.createSymbolicLink(backups.resolve("link"), temp.resolve("data"));
      for (String folder : List.of("../x", "/etc", "a/../../x", "link", "link/x", temp + "/y")) {
        assertThatThrownBy(() -> back(server, folder))
            .as(folder)
            .hasMessageContaining("FAILED_PRECONDITION")
            .hasMessageContaining("backup-folder");
      }
      assertThat(back(server, backups + "/absolute").hasPosition()).isTrue();
    }
  }

  @Test
  void without_a_folder_that_is_allowed_the_sentence_says_which_setting_is_missing()
      throws Exception {
    try (TestServer server = TestServer.start(temp.resolve("data"))) {
      assertThatThrownBy(() -> back(server, "daily"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION))
          .hasMessageContaining("backup-folder");
    }
  }

  @Test
  void a_folder_that_holds_something_else_or_another_stores_backup_is_refused() throws Exception {
    try (TestServer server = start()) {
      Files.createDirectories(backups.resolve("photos"));
      Files.writeString(backups.resolve("photos/cat.jpg"), "meow");
      assertThatThrownBy(() -> back(server, "photos")).hasMessageContaining("something else");
      assertThat(backups.resolve("photos/cat.jpg")).hasContent("meow");
      back(server, "daily");
    }
    try (TestServer other = TestServer.backingUpTo(temp.resolve("other"), backups)) {
      assertThatThrownBy(() -> back(other, "daily")).hasMessageContaining("another store");
    }
  }

  @Test
  void a_folder_that_is_gone_is_told_and_costs_nothing() throws Exception {
    try (TestServer server = start()) {
      back(server, "daily");
      Folders.delete(backups);
      assertThatThrownBy(() -> back(server, "daily")).hasMessageContaining("ABORTED");
      Files.createDirectories(backups);
      assertThat(back(server, "daily").hasPosition()).isTrue();
    }
  }

  @Test
  void a_restore_needs_an_empty_folder_and_a_whole_backup() throws Exception {
    try (TestServer server = start()) {
      server.ownClient().append("big", ExpectedVersion.any(), large(20));
      back(server, "daily");
    }
    Files.createDirectories(temp.resolve("restored"));
    Files.writeString(temp.resolve("restored/mine"), "x");
    assertThatThrownBy(() -> restore("daily", RestoreBound.NONE))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("not empty");
    Files.delete(temp.resolve("restored/mine"));
    assertThatThrownBy(() -> restore("nothing", RestoreBound.NONE))
        .hasMessageContaining("no backup");
    assertThatThrownBy(() -> restore("daily", new RestoreBound(21L, null)))
        .hasMessageContaining("ends at position 20");

    Path file = largest(backups.resolve("daily/files"));
    Folders.damage(file, 100);
    assertThatThrownBy(() -> restore("daily", RestoreBound.NONE))
        .hasMessageContaining("does not match its checksum");
    assertThatThrownBy(() -> TestServer.start(temp.resolve("restored")))
        .as("half a store")
        .hasMessageContaining("restore");
    Folders.damage(file, 100); // as it was
    restore("daily", RestoreBound.NONE);
    assertThat(Folders.findings(temp.resolve("restored"))).isEmpty();
  }

  @Test
  void a_list_of_files_that_was_changed_or_cut_is_no_backup() throws Exception {
    try (TestServer server = start()) {
      write(server.ownClient(), 3);
      back(server, "daily");
    }
    Path list = backups.resolve("daily/backup");
    String text = Files.readString(list);
    for (String wrong :
        List.of(
            "", text.substring(0, text.length() / 2), text.replace("position 3", "position 2"))) {
      Files.writeString(list, wrong);
      assertThatThrownBy(() -> restore("daily", RestoreBound.NONE))
          .isInstanceOf(BackupException.class);
    }
    Files.writeString(list, text.replace("varve-backup 1", "varve-backup 2"));
    assertThatThrownBy(() -> restore("daily", RestoreBound.NONE))
        .hasMessageContaining("newer release");
  }

  // ---- means

  private static CreateBackupResponse back(TestServer server, String folder) {
    ManagedChannel channel = server.connect();
    Iterator<CreateBackupResponse> messages =
        AdminGrpc.newBlockingStub(channel)
            .createBackup(CreateBackupRequest.newBuilder().setFolder(folder).build());
    CreateBackupResponse last = CreateBackupResponse.getDefaultInstance();
    while (messages.hasNext()) {
      assertThat(last.hasPosition()).as("only the last message has a position").isFalse();
      last = messages.next();
    }
    assertThat(last.hasPosition()).isTrue();
    return last;
  }

  private Restored restore(String backup, RestoreBound bound) throws Exception {
    return OfflineTools.restore(
        backups.resolve(backup),
        temp.resolve("restored"),
        bound,
        null,
        (_, _, _) -> {},
        (_, _) -> {});
  }

  private static String tracked(String source, long position) {
    return "{\"" + source + "\":" + position + "}";
  }

  private static void write(VarveClient store, int events) {
    for (int i = 0; i < events; i++) {
      store.append(
          "s-" + i % 5, ExpectedVersion.any(), NewEvent.json("T" + i % 3, "{\"i\":" + i + "}"));
    }
  }

  private static List<NewEvent> large(int count) {
    Random random = new Random(1);
    List<NewEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] data = new byte[10_000];
      random.nextBytes(data);
      events.add(NewEvent.of("Large", data));
    }
    return events;
  }

  private static List<String> log(VarveClient store) {
    List<String> log = new ArrayList<>();
    try (EventReader events = store.readLog(ReadLog.all())) {
      events.forEach(
          event ->
              log.add(
                  event.position()
                      + " "
                      + event.stream()
                      + " "
                      + event.version()
                      + " "
                      + event.id()
                      + " "
                      + event.type()
                      + " "
                      + event.dataAsString()));
    }
    return log;
  }

  private static Path largest(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.max(Comparator.comparingLong(file -> file.toFile().length())).orElseThrow();
    }
  }
}
