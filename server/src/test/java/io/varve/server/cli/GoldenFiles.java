package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.Transaction;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Everything that a release of data format 2 writes: a data folder with its archive, a backup of
 * it, and an export; and what is to be read of them.
 */
final class GoldenFiles {
  static final int MOVED = 30;
  private static final int EVENTS = 40;

  private GoldenFiles() {}

  /**
   * Makes the files anew, for a release with another format: {@code golden-files-format-2.zip} and
   * {@code golden-files-format-2.txt} in a folder. Those of older formats stay.
   */
  public static void main(String[] arguments) throws Exception {
    Path to = Path.of(arguments[0]);
    Path temp = Files.createTempDirectory("varve-golden-");
    Files.write(to.resolve("golden-files-format-2.txt"), write(temp), UTF_8);
    try (OutputStream out = Files.newOutputStream(to.resolve("golden-files-format-2.zip"));
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(9);
      pack(temp, zip);
    }
  }

  private static void pack(Path folder, ZipOutputStream zip) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted().toList()) {
        String name = folder.relativize(path).toString();
        if (Files.isRegularFile(path) && !name.contains("native") && !name.contains("LOG")) {
          zip.putNextEntry(new ZipEntry(name));
          Files.copy(path, zip);
          zip.closeEntry();
        }
      }
    }
  }

  /** Writes all of it to a folder; what is to be read of it, line by line. */
  static List<String> write(Path folder) throws Exception {
    Path data = folder.resolve("data");
    Path archive = Files.createDirectory(folder.resolve("archive"));
    Path backups = Files.createDirectory(folder.resolve("backups"));
    TestServer.addUser(data, "zoe", Role.WRITER, "the secret of zoe");
    try (TestServer server =
            TestServer.start(
                TestServer.config(data)
                    .with(Settings.ARCHIVE_FOLDER, archive)
                    .with(Settings.BACKUP_FOLDER, backups));
        VarveClient store = server.client()) {
      for (int i = 1; i <= EVENTS; i++) {
        store.append("account-" + i % 4, ExpectedVersion.any(), event(i));
      }
      store.transact(
          Transaction.builder()
              .append("account-1", ExpectedVersion.any(), NewEvent.json("Out", "{}"))
              .append("konto-ß", ExpectedVersion.any(), NewEvent.json("In", "{}"))
              .tracking("orders", 10)
              .build());
      store.snapshots().save(Snapshot.json("account-2", 5, "{\"balance\": 12.50}"));
      park(store);
      store.streams().truncate("account-0", 3);
      store.streams().setRetention("account-1", Retention.within(Duration.ofDays(36_500)));
      store.streams().delete("account-3");
      store.streams().tombstone("konto-ß");
      new Tool(server)
          .run("export", folder.resolve("export.jsonl").toString(), "--with-system")
          .succeeds();
      store.archive().moveBefore(MOVED, _ -> {});
      var _ = store.admin().createBackup("daily", _ -> {});
      return read(store);
    }
  }

  private static NewEvent event(int i) {
    NewEvent.Builder event = NewEvent.builder("Type" + i % 3).tag("tag:" + i % 5);
    switch (i % 3) {
      case 0 -> event.json("{\"amount\": " + i + ".50}");
      case 1 -> event.data(new byte[] {0, (byte) i, -1}).contentType("application/octet-stream");
      default ->
          event.metadata("user", "zoë").occurredAt(Instant.ofEpochSecond(1_600_000_000L + i));
    }
    return event.build();
  }

  private static void park(EventStore store) {
    store.consumerGroups().create(ConsumerGroup.ofLog("group", Query.types("Type1")));
    CompletableFuture<Void> answered = new CompletableFuture<>();
    GroupConsumer consumer =
        store
            .consumerGroups()
            .consume(
                JoinGroup.of("group").credit(3),
                (event, answers) -> {
                  if (event.position() < 7) {
                    answers.ack(event);
                  } else {
                    answers.nack(event, NackAction.PARK, "no such mailbox");
                    answered.complete(null);
                  }
                });
    answered.join();
    consumer.close();
    await().until(() -> store.consumerGroups().get("group").orElseThrow().parked() == 1);
  }

  /** What is to be read of a store, whatever there is of it on disk. */
  static List<String> read(VarveClient store) {
    List<String> lines = new ArrayList<>(log(store));
    for (StreamInfo stream : store.streams().all().toList()) {
      lines.add(
          "stream "
              + stream.stream()
              + " "
              + stream.version()
              + " "
              + stream.firstKeptVersion()
              + " "
              + stream.eventCount()
              + " "
              + stream.createdAt());
    }
    lines.add("tracking " + store.tracking("orders").orElse(0));
    store
        .snapshots()
        .newest("account-2")
        .ifPresent(
            snapshot ->
                lines.add(
                    "snapshot "
                        + snapshot.version()
                        + " "
                        + HexFormat.of().formatHex(snapshot.data())));
    store
        .consumerGroups()
        .listParked("group")
        .forEach(parked -> lines.add("parked " + parked.position() + " " + parked.reason()));
    lines.add("group " + store.consumerGroups().get("group").orElseThrow().checkpoint());
    return lines;
  }

  static List<String> log(EventStore store) {
    List<String> lines = new ArrayList<>();
    try (EventReader events = store.readLog(ReadLog.all())) {
      events.forEach(event -> lines.add(event.position() + " " + text(event)));
    }
    return lines;
  }

  /** An event without what another store gives it anew. */
  static String text(RecordedEvent event) {
    return event.stream()
        + " "
        + event.version()
        + " "
        + event.id()
        + " "
        + event.type()
        + " "
        + event.recordedAt()
        + " "
        + event.contentType()
        + " "
        + event.tags()
        + " "
        + event.metadata()
        + " "
        + event.occurredAt()
        + " "
        + HexFormat.of().formatHex(event.data());
  }
}
