package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.TestServer;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveCommandTest {
  @TempDir private Path temp;

  @Test
  void events_are_moved_listed_and_verified() throws Exception {
    Path archive = Files.createDirectory(temp.resolve("archive"));
    try (TestServer server = TestServer.withArchive(temp.resolve("data"), archive);
        VarveClient store = server.client()) {
      for (int i = 0; i < 10; i++) {
        store.append("s", ExpectedVersion.any(), NewEvent.json("T", "{}"));
      }
      Tool tool = new Tool(server);
      assertThat(tool.run("archive", "list").succeeds().lines()).isEmpty();
      assertThat(tool.run("archive", "run", "--older-than", "1d").succeeds().line())
          .hasToString("{\"events_moved\":0,\"archived_position\":0}");
      assertThat(tool.run("archive", "run", "--before-position", "6").succeeds().line())
          .hasToString("{\"events_moved\":5,\"archived_position\":5}");
      assertThat(tool.run("archive", "run", "--before", "2999-01-01T00:00:00Z").succeeds().line())
          .hasToString("{\"events_moved\":5,\"archived_position\":10}");

      var segments = tool.run("archive", "list").succeeds().lines();
      assertThat(segments).hasSize(2);
      assertThat(segments.getFirst().get("first_position").getAsLong()).isEqualTo(1);
      assertThat(segments.getFirst().get("last_position").getAsLong()).isEqualTo(5);
      assertThat(segments.getFirst().get("events").getAsLong()).isEqualTo(5);
      assertThat(segments.getLast().get("sha256").getAsString()).hasSize(64);
      assertThat(tool.run("archive", "verify").succeeds().line()).hasToString("{\"files\":2}");

      Path file;
      try (var files = Files.walk(archive)) {
        file = files.filter(Files::isRegularFile).sorted().findFirst().orElseThrow();
      }
      Folders.damage(file, 50);
      Tool.Run damaged = tool.run("archive", "verify");
      damaged.fails(ExitCode.STORAGE_UNUSABLE, "the archive is damaged");
      assertThat(damaged.line().get("findings").getAsJsonArray()).isNotEmpty();
    }
  }

  @Test
  void what_is_asked_for_wrongly_or_cannot_be_done_is_told_in_a_sentence() throws Exception {
    try (TestServer server = TestServer.start(temp.resolve("data"))) {
      Tool tool = new Tool(server);
      tool.run("archive", "run", "--before-position", "5")
          .fails(ExitCode.REFUSED, "archive-folder");
      tool.run("archive", "run", "--before-position", "0")
          .fails(ExitCode.USAGE, "--before-position");
      tool.run("archive", "run", "--older-than", "long").fails(ExitCode.USAGE, "--older-than");
      tool.run("archive", "run", "--before", "yesterday").fails(ExitCode.USAGE, "--before");
      tool.run("archive", "run").fails(ExitCode.USAGE, "--older-than");
      assertThat(tool.run("archive", "list").succeeds().errors()).contains("no archive folder");
    }
  }
}
