package io.varve.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupManifest;
import io.varve.server.storage.rocksdb.Folders;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A backup is replaced by one of the same history only: a store that was restored to an earlier
 * position gives positions again.
 */
class BackupHistoryTest {
  private static final int EVENTS = 20;

  @TempDir private Path temp;
  private Path backups = Path.of("");
  private final List<NewEvent> events = new ArrayList<>();

  @BeforeEach
  void prepare() throws Exception {
    backups = Files.createDirectory(temp.resolve("backups"));
    for (int i = 0; i < EVENTS; i++) {
      events.add(NewEvent.builder("T").id(new UUID(7, i)).json("{\"i\":" + i + "}").build());
    }
  }

  @Test
  void the_backup_of_a_history_that_was_given_up_stays_and_another_folder_takes_the_new_one()
      throws Exception {
    List<String> all = backUpDaily();
    restore(new RestoreBound(10L, null), "again");
    try (TestServer server = start("again")) {
      for (int i = 10; i < EVENTS; i++) {
        append(server, NewEvent.json("Other", "{}"));
      }
      assertRefused(server);
      append(server, NewEvent.json("Other", "{}"));
      assertRefused(server);

      assertThat(back(server, "weekly")).isEqualTo(EVENTS + 1);
      append(server, NewEvent.json("Other", "{}"));
      assertThat(back(server, "weekly")).isEqualTo(EVENTS + 2);
    }
    restore(RestoreBound.NONE, "old");
    try (TestServer server = start("old")) {
      assertThat(log(server)).isEqualTo(all);
    }
  }

  @Test
  void the_same_events_sent_again_are_another_history_since_they_were_recorded_later()
      throws Exception {
    backUpDaily();
    restore(new RestoreBound(10L, null), "again");
    try (TestServer server = start("again")) {
      events.subList(10, EVENTS).forEach(event -> append(server, event));

      assertRefused(server);
    }
  }

  @Test
  void a_restore_of_an_older_backup_is_another_history_for_a_newer_one() throws Exception {
    try (TestServer server = start("data")) {
      events.subList(0, 10).forEach(event -> append(server, event));
      back(server, "weekly");
      events.subList(10, EVENTS).forEach(event -> append(server, event));
      back(server, "daily");
    }
    restore("weekly", RestoreBound.NONE, "again");
    try (TestServer server = start("again")) {
      for (int i = 10; i < EVENTS; i++) {
        append(server, NewEvent.json("Other", "{}"));
      }
      assertRefused(server);
      assertThat(back(server, "weekly")).isEqualTo(EVENTS);
    }
  }

  @Test
  void a_store_that_was_restored_whole_goes_on_with_its_backup() throws Exception {
    backUpDaily();
    restore(RestoreBound.NONE, "again");
    try (TestServer server = start("again")) {
      assertThat(back(server, "daily")).isEqualTo(EVENTS);
      append(server, NewEvent.json("T", "{}"));
      assertThat(back(server, "daily")).isEqualTo(EVENTS + 1);
    }
  }

  @Test
  void a_backup_whose_newest_events_have_been_reclaimed_since_is_brought_up_to_date()
      throws Exception {
    try (TestServer server = start("data")) {
      events.forEach(event -> append(server, event));
      VarveClient store = server.ownClient();
      store.append("gone", ExpectedVersion.any(), List.of(NewEvent.json("T", "{}"), event("x")));
      back(server, "daily");
      store.streams().delete("gone");
      scavenge(server);

      long position = back(server, "daily");

      assertThat(position).isEqualTo(EVENTS + 3);
      append(server, NewEvent.json("T", "{}"));
      assertThat(back(server, "daily")).isEqualTo(EVENTS + 4);
    }
  }

  @Test
  void of_a_backup_of_an_older_release_the_time_alone_tells() throws Exception {
    backUpDaily();
    BackupManifest manifest = requireNonNull(new BackupFolder(backups.resolve("daily")).manifest());
    assertThat(requireNonNull(manifest.newest()).position()).isEqualTo(EVENTS);
    assertThat(manifest.newest().id()).isEqualTo(new UUID(7, EVENTS - 1));
    withoutItsNewestEvent(backups.resolve("daily/backup"));
    assertThat(requireNonNull(new BackupFolder(backups.resolve("daily")).manifest()).newest())
        .isNull();
    restore(new RestoreBound(10L, null), "again");
    try (TestServer server = start("again")) {
      events.subList(10, EVENTS).forEach(event -> append(server, event));
      assertRefused(server);
    }
    try (TestServer server = start("data")) {
      append(server, NewEvent.json("T", "{}"));
      assertThat(back(server, "daily")).isEqualTo(EVENTS + 1);
    }
  }

  // ---- means

  private TestServer start(String folder) throws Exception {
    return TestServer.backingUpTo(temp.resolve(folder), backups);
  }

  private List<String> backUpDaily() throws Exception {
    try (TestServer server = start("data")) {
      events.forEach(event -> append(server, event));
      back(server, "daily");
      return log(server);
    }
  }

  private static NewEvent event(String text) {
    return NewEvent.json("T", "\"" + text + "\"");
  }

  private static void append(TestServer server, NewEvent event) {
    server.ownClient().append("s", ExpectedVersion.any(), event);
  }

  /** Returns up to which position it goes. */
  private static long back(TestServer server, String folder) {
    long[] position = {0};
    AdminGrpc.newBlockingStub(server.connect())
        .createBackup(CreateBackupRequest.newBuilder().setFolder(folder).build())
        .forEachRemaining(response -> position[0] = response.getPosition());
    return position[0];
  }

  private static void assertRefused(TestServer server) {
    assertThatThrownBy(() -> back(server, "daily"))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("another history of this store");
  }

  private static void scavenge(TestServer server) {
    assertThat(server.ownClient().admin().scavenge()).isTrue();
    var admin = AdminGrpc.newBlockingStub(server.connect());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                admin.getStatistics(GetStatisticsRequest.getDefaultInstance()).getScavengedEvents()
                    == 2);
  }

  private void restore(RestoreBound bound, String folder) throws Exception {
    restore("daily", bound, folder);
  }

  private void restore(String backup, RestoreBound bound, String folder) throws Exception {
    @Nullable Path noArchive = null;
    OfflineTools.restore(
        backups.resolve(backup),
        temp.resolve(folder),
        bound,
        noArchive,
        (_, _, _) -> {},
        (_, _) -> {});
    assertThat(Folders.findings(temp.resolve(folder))).isEmpty();
  }

  private static List<String> log(TestServer server) {
    List<String> log = new ArrayList<>();
    try (EventReader events = server.ownClient().readLog(ReadLog.all())) {
      events.forEach(event -> log.add(event.position() + " " + event.id() + event.recordedAt()));
    }
    return log;
  }

  /** As a release wrote it that did not know of that line. */
  private static void withoutItsNewestEvent(Path manifest) throws Exception {
    StringBuilder text = new StringBuilder();
    for (String line : Files.readAllLines(manifest)) {
      if (!line.startsWith("newest_event ") && !line.startsWith("end ")) {
        text.append(line).append('\n');
      }
    }
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(text.toString().getBytes(StandardCharsets.UTF_8));
    Files.writeString(manifest, text + "end " + HexFormat.of().formatHex(digest) + "\n");
  }
}
