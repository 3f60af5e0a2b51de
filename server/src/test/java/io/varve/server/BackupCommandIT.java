package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.ServerProcess.Exit;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How backup, restore, verify and rebuild-indexes are used, and how they end. */
class BackupCommandIT {
  @TempDir private Path folder;

  private Exit varve(String... arguments) throws Exception {
    return ServerProcess.run(folder, arguments);
  }

  @Test
  void a_store_is_backed_up_restored_verified_and_its_indexes_are_made_anew() throws Exception {
    Path data = folder.resolve("data");
    Path backups = Files.createDirectories(folder.resolve("backups"));
    String restored = folder.resolve("restored").toString();
    try (ServerProcess server = ServerProcess.backingUpTo(data, backups)) {
      try (VarveClient store = server.client()) {
        for (int i = 0; i < 10; i++) {
          store.append("s", ExpectedVersion.any(), NewEvent.json("T", "{}"));
        }
      }
      String address = "127.0.0.1:" + server.port();
      Exit backup = varve("backup", "daily", "--address", address);
      assertThat(backup.code()).as(backup.errors()).isZero();
      assertThat(backup.output()).contains("\"position\":10");
      Exit online = varve("verify", "--address", address);
      assertThat(online.code()).as(online.errors()).isZero();
      ends(varve("verify", data.toString()), 75, data.toString());
      ends(varve("backup", "../x", "--address", address), 65, "backup-folder");
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
    ends(varve("verify", backups.resolve("daily").toString()), 0, "nothing is damaged");
    Exit restore = varve("restore", backups + "/daily", "--data", restored, "--to-position", "7");
    assertThat(restore.code()).as(restore.errors()).isZero();
    assertThat(restore.output()).contains("\"position\":7");
    ends(varve("verify", restored), 0, "nothing is damaged");
    ends(varve("restore", backups + "/daily", "--data", restored), 65, "not empty");

    Exit offline = varve("backup", folder + "/cold", "--data", restored);
    assertThat(offline.code()).as(offline.errors()).isZero();
    assertThat(offline.output()).contains("\"position\":7");

    Path sst = Folders.files(Path.of(restored, "index"), ".sst").getLast();
    Files.delete(sst);
    Exit damaged = varve("verify", restored);
    assertThat(damaged.code()).isEqualTo(74);
    assertThat(damaged.output()).contains("rebuild-indexes");
    Exit rebuilt = varve("rebuild-indexes", restored);
    assertThat(rebuilt.code()).as(rebuilt.errors()).isZero();
    ends(varve("verify", restored), 0, "nothing is damaged");
  }

  @Test
  void what_is_not_there_or_contradicts_itself_is_told() throws Exception {
    String nothing = folder.resolve("nothing").toString();
    ends(varve("verify", nothing), 73, nothing);
    ends(varve("rebuild-indexes", nothing), 73, nothing);
    ends(varve("restore", nothing, "--data", folder + "/d"), 65, "no backup");
    ends(varve("backup", folder + "/b", "--data", nothing), 73, nothing);
    ends(
        varve(
            "restore",
            nothing,
            "--data",
            "d",
            "--to-position",
            "1",
            "--to-time",
            "2026-01-01T00:00:00Z"),
        64,
        "exclude each other");
    ends(varve("restore", nothing, "--data", "d", "--to-time", "yesterday"), 64, "yesterday");
    assertThat(Files.exists(Path.of(nothing))).isFalse();
  }

  private static void ends(Exit exit, int code, String word) {
    assertThat(exit.code()).as(exit.errors()).isEqualTo(code);
    List<String> lines = exit.errors().lines().filter(line -> line.startsWith("varve: ")).toList();
    assertThat(lines).last().asString().contains(word).doesNotContain("Exception");
  }
}
