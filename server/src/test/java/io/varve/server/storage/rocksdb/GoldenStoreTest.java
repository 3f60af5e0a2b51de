package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.server.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A data folder of format 1, written by a release that knew nothing of archives: 41 events in four
 * streams and one about a stream, tags, a truncated stream, a tracked position, a snapshot and a
 * consumer group.
 */
class GoldenStoreTest {
  private static final String ZIP = "golden-store-format-1.zip";
  private static final String LOG = "golden-store-format-1.txt";

  @TempDir private Path temp;

  @Test
  void a_store_of_format_1_opens_and_becomes_one_of_format_2_when_events_are_moved()
      throws Exception {
    Path folder = unpack();
    Path archive = Files.createDirectory(temp.resolve("archive"));
    List<String> golden = golden();
    assertThat(Folders.findings(folder)).isEmpty();
    assertThat(golden).hasSize(42);

    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      assertThat(store.serverInfo().dataFormat()).isEqualTo(1);
      assertThat(log(store)).isEqualTo(golden);
      assertThat(store.snapshots().newest("account-2")).isPresent();
      assertThat(store.consumerGroups().get("group")).isPresent();
      assertThat(store.tracking("orders")).hasValue(7);

      store.archive().moveBefore(30, _ -> {});

      assertThat(store.serverInfo().dataFormat()).isEqualTo(2);
      assertThat(log(store)).isEqualTo(golden);
      assertThat(
              store
                  .append("account-0", ExpectedVersion.exactly(14), NewEvent.json("Paid", "{}"))
                  .position())
          .isEqualTo(43);
    }
    assertThat(Folders.findings(folder, archive)).isEmpty();
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      assertThat(store.serverInfo().dataFormat()).isEqualTo(2);
      assertThat(log(store).subList(0, 42)).isEqualTo(golden);
    }
  }

  @Test
  void a_store_of_format_1_without_an_archive_stays_one() throws Exception {
    Path folder = unpack();
    try (TestServer server = TestServer.start(folder);
        VarveClient store = server.client()) {
      store.append("account-0", ExpectedVersion.any(), NewEvent.json("Paid", "{}"));
      assertThat(store.serverInfo().dataFormat()).isEqualTo(1);
      assertThat(log(store).subList(0, 42)).isEqualTo(golden());
    }
    assertThat(Folders.findings(folder)).isEmpty();
  }

  private Path unpack() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("data"));
    try (InputStream in = requireNonNull(getClass().getResourceAsStream(ZIP));
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = folder.resolve(entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(file);
        } else {
          Files.createDirectories(requireNonNull(file.getParent()));
          Files.copy(zip, file);
        }
      }
    }
    return folder;
  }

  private static List<String> golden() throws IOException {
    try (InputStream in = requireNonNull(GoldenStoreTest.class.getResourceAsStream(LOG))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static List<String> log(VarveClient store) {
    try (EventReader events = store.readLog(ReadLog.all())) {
      List<String> log = new ArrayList<>();
      events.forEach(
          e ->
              log.add(
                  e.position()
                      + " "
                      + e.stream()
                      + " "
                      + e.version()
                      + " "
                      + e.id()
                      + " "
                      + e.type()
                      + " "
                      + e.recordedAt()
                      + " "
                      + e.tags()
                      + " "
                      + e.metadata()
                      + " "
                      + e.dataAsString()));
      return log;
    }
  }
}
