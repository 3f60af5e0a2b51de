package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.CreateBackupResponse;
import io.varve.server.backup.BackupWriter;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups that do not come to their end: nothing is published, nothing is left lying. */
class BackupCutShortIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path temp;

  @Test
  void at_whatever_step_it_ends_the_backup_before_stays_and_nothing_is_left_of_the_new_one()
      throws Exception {
    Path data = temp.resolve("data");
    Path backup = temp.resolve("backup");
    withEvents(data, 3);
    int steps = endedAtEachStep(data, backup, Map.of());
    assertThat(steps).isGreaterThan(10);
    Map<String, Integer> first = whatIsIn(backup);
    withEvents(data, 3);

    endedAtEachStep(data, backup, first);

    assertThat(whatIsIn(backup)).isNotEqualTo(first);
    assertThat(
            OfflineTools.restore(
                    backup,
                    temp.resolve("restored"),
                    RestoreBound.NONE,
                    null,
                    (_, _, _) -> {},
                    (_, _) -> {})
                .position())
        .isEqualTo(6);
  }

  /**
   * Begins a backup again and again, ends it at one step further each time, and looks at what is
   * there; until it comes to its end.
   *
   * @return how many steps it takes, at least
   */
  private static int endedAtEachStep(Path data, Path backup, Map<String, Integer> before)
      throws Exception {
    for (int last = 1; ; last += 4) {
      int[] left = {last};
      try {
        BackupWriter.Made made =
            OfflineTools.backup(
                data,
                null,
                backup,
                (_, _, _) -> {
                  if (left[0]-- == 0) {
                    throw new CancellationException("at this step");
                  }
                });
        assertThat(made.bytesCopied()).isPositive();
        return last;
      } catch (CancellationException e) {
        assertThat(whatIsIn(backup)).as("ended at step %d", last).isEqualTo(before);
        assertThat(data.resolve("backup.frozen")).doesNotExist();
      }
    }
  }

  @Test
  void when_the_caller_goes_the_server_ends_it_and_goes_on() throws Exception {
    Path backups = Files.createDirectories(temp.resolve("backups"));
    try (TestServer server = TestServer.backingUpTo(temp.resolve("data"), backups)) {
      VarveClient store = server.ownClient();
      for (int i = 0; i < 10; i++) {
        store.append("big", ExpectedVersion.any(), large(200));
      }

      // A call may be cancelled too late. Then there is a backup, and another one is cancelled.
      int cutShort = 0;
      for (int i = 0; cutShort == 0 && i < 50; i++) {
        Path folder = backups.resolve("b" + i);
        callAndGo(server, "b" + i);
        // The next one is refused while the one before is under way.
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> back(server, "other").hasPosition());
        if (Files.notExists(folder.resolve("backup"))) {
          cutShort++;
          assertThat(whatIsIn(folder)).isEmpty();
        }
      }

      assertThat(cutShort).as("backups that were cut short").isPositive();
      assertThat(temp.resolve("data/backup.frozen")).doesNotExist();
      store.append("s", ExpectedVersion.noStream(), NewEvent.json("T", "{}"));
    }
  }

  @Test
  void a_full_disk_is_told_and_given_back_and_the_store_goes_on() throws Exception {
    Path disk = Files.createDirectories(temp.resolve("disk"));
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("user.name").equals("root")
            && run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString()) == 0,
        "there must be a small disk to be filled, which only root makes");
    try (TestServer server = TestServer.backingUpTo(temp.resolve("data"), disk)) {
      VarveClient store = server.ownClient();
      store.append("s0", ExpectedVersion.noStream(), NewEvent.json("T", "{}"));
      back(server, "daily");
      Map<String, Integer> before = whatIsIn(disk.resolve("daily"));
      store.append("big", ExpectedVersion.any(), large(200));

      assertThatThrownBy(() -> back(server, "daily"))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("ABORTED")
          .hasMessageContaining("No space left");

      assertThat(whatIsIn(disk.resolve("daily"))).isEqualTo(before);
      assertThat(temp.resolve("data/backup.frozen")).doesNotExist();
      store.append("s", ExpectedVersion.noStream(), NewEvent.json("T", "{}"));
      assertThat(run("mount", "-o", "remount,size=20m", disk.toString())).isZero();
      assertThat(back(server, "daily").getPosition()).isEqualTo(server.headPosition());
    } finally {
      assertThat(run("umount", disk.toString())).isZero();
    }
  }

  // ---- means

  private static int run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(said).isTrue();
    return process.exitValue();
  }

  /** Begins a backup, hears that it goes on, and cancels the call. */
  private static void callAndGo(TestServer server, String folder) {
    ManagedChannel channel = server.connect();
    try (Context.CancellableContext call = Context.current().withCancellation()) {
      call.run(() -> messages(channel, folder).next());
    }
  }

  private static CreateBackupResponse back(TestServer server, String folder) {
    CreateBackupResponse last = CreateBackupResponse.getDefaultInstance();
    for (Iterator<CreateBackupResponse> messages = messages(server.connect(), folder);
        messages.hasNext(); ) {
      last = messages.next();
    }
    return last;
  }

  private static Iterator<CreateBackupResponse> messages(ManagedChannel channel, String folder) {
    return AdminGrpc.newBlockingStub(channel)
        .createBackup(CreateBackupRequest.newBuilder().setFolder(folder).build());
  }

  /** The files that take space, with a digest of each; none: the folder is not there either. */
  private static Map<String, Integer> whatIsIn(Path backup) throws IOException {
    Map<String, Integer> files = new TreeMap<>();
    if (Files.exists(backup)) {
      try (Stream<Path> walk = Files.walk(backup)) {
        for (Path file : walk.filter(Files::isRegularFile).toList()) {
          if (!file.endsWith("lock")) {
            byte[] content = Files.readAllBytes(file);
            files.put(backup.relativize(file) + " " + content.length, Arrays.hashCode(content));
          }
        }
      }
    }
    return files;
  }

  /** Appends events by a server that is stopped again. */
  private static void withEvents(Path data, int events) throws Exception {
    try (TestServer server = TestServer.start(data)) {
      VarveClient store = server.ownClient();
      for (int i = 0; i < events; i++) {
        store.append("s", ExpectedVersion.any(), NewEvent.json("T", "{\"i\":" + i + "}"));
      }
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
}
