package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the release of data format 2 wrote: a data folder with users, groups, parked events,
 * snapshots and an archive; a backup; an export. When this fails, data that is already out there
 * can no longer be read: write a migration, or take the change back. Do not correct the files.
 */
class GoldenFilesTest {
  private static final String ZIP = "golden-files-format-2.zip";
  private static final String TEXT = "golden-files-format-2.txt";

  @TempDir private Path temp;

  @Test
  void a_data_folder_and_its_archive_are_sound_and_read_as_they_were_written() throws Exception {
    Path folder = unpack();
    isWhatWasWritten(folder.resolve("data"), folder.resolve("archive"), golden());
  }

  @Test
  void a_backup_restores_to_what_was_written() throws Exception {
    Path folder = unpack();
    Path data = temp.resolve("restored");
    Path archive = Files.createDirectory(temp.resolve("restored-archive"));
    new Tool("127.0.0.1:1")
        .runAsIs(
            "restore",
            folder.resolve("backups/daily").toString(),
            "--data",
            data.toString(),
            "--archive-folder",
            archive.toString())
        .succeeds();

    isWhatWasWritten(data, archive, golden());
  }

  @Test
  void what_this_release_writes_is_read_likewise() throws Exception {
    List<String> written = GoldenFiles.write(temp);

    assertThat(written).hasSameSizeAs(golden());
    isWhatWasWritten(temp.resolve("data"), temp.resolve("archive"), written);
  }

  private static void isWhatWasWritten(Path data, Path archive, List<String> written)
      throws Exception {
    assertThat(Folders.findings(data, archive)).isEmpty();
    try (TestServer server = TestServer.withArchive(data, archive);
        VarveClient store = server.client()) {
      assertThat(store.serverInfo().dataFormat()).isEqualTo(2);
      assertThat(GoldenFiles.read(store)).isEqualTo(written);
      assertThat(store.archive().status().archivedPosition()).isPositive();
      long head = server.headPosition();
      assertThat(
              store
                  .append("account-1", ExpectedVersion.any(), NewEvent.json("Paid", "{}"))
                  .position())
          .isEqualTo(head + 1);
    }
    assertThat(Folders.findings(data, archive)).isEmpty();
    try (TestServer server =
            TestServer.start(
                TestServer.config(data)
                    .with(Settings.ARCHIVE_FOLDER, archive)
                    .with(Settings.ACCESS_CONTROL, true));
        VarveClient zoe =
            VarveClient.builder()
                .endpoint("127.0.0.1", server.port())
                .user("zoe", "the secret of zoe")
                .build()) {
      assertThat(zoe.access().whoAmI().name()).contains("zoe");
    }
  }

  @Test
  void an_export_is_imported_as_it_was_written() throws Exception {
    Path folder = unpack();
    try (TestServer server = TestServer.start(temp.resolve("other"));
        VarveClient store = server.client()) {
      new Tool(server)
          .run("import", folder.resolve("export.jsonl").toString(), "--renumber")
          .succeeds();

      List<String> imported = new ArrayList<>();
      try (EventReader events = store.readLog(ReadLog.all())) {
        events.forEach(event -> imported.add(event.id() + " " + event.type()));
      }
      assertThat(imported).hasSizeGreaterThan(40);
      String all = String.join("\n", golden());
      assertThat(imported).allSatisfy(event -> assertThat(all).contains(event));
    }
  }

  private Path unpack() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("golden"));
    try (InputStream in = requireNonNull(getClass().getResourceAsStream(ZIP));
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = folder.resolve(entry.getName());
        Files.createDirectories(requireNonNull(file.getParent()));
        Files.copy(zip, file);
      }
    }
    return folder;
  }

  private static List<String> golden() throws IOException {
    try (InputStream in = requireNonNull(GoldenFilesTest.class.getResourceAsStream(TEXT))) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }
}
