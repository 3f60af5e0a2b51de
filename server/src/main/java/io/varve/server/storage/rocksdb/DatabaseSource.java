package io.varve.server.storage.rocksdb;

import io.varve.server.storage.BackupSource;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.LogExtent;
import io.varve.server.storage.VerifyWatch;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;

/** An open database of the data folder, for a backup to copy. */
record DatabaseSource(FolderPart part, Database database) implements BackupSource {
  private static final int STEP_BYTES = 1024 * 1024;

  @Override
  public String name() {
    return part.fileName();
  }

  @Override
  public void freeze(Path target) {
    database.freeze(target);
  }

  @Override
  public @Nullable LogExtent examine(Path frozen, VerifyWatch watch) {
    if (part == FolderPart.LOG) {
      return examineLog(frozen, watch);
    }
    // RocksDB compares each block with its checksum. A merge that nobody asks for is not carried
    // out.
    Map<String, ColumnFamilyOptions> families =
        Map.of("meta", new ColumnFamilyOptions().setMergeOperatorName("max"));
    try (Database copy = Database.openReadOnly(name(), frozen, new DBOptions(), families);
        Database.View view = copy.view()) {
      for (String family : copy.families()) {
        Database.Cursor cursor = view.cursor(family);
        long bytes = 0;
        for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
          bytes += cursor.key().length + cursor.value().length;
          if (bytes >= STEP_BYTES) {
            watch.read(bytes);
            bytes = 0;
          }
        }
        watch.read(bytes);
      }
    }
    return null;
  }

  private static LogExtent examineLog(Path frozen, VerifyWatch watch) {
    try (Database copy = LogDatabase.openReadOnly(frozen);
        Database.View view = copy.view()) {
      UUID storeId = LogDatabase.storeIdOf(copy);
      if (storeId == null) {
        throw new DamagedDataException(0, "the log has no store id");
      }
      Findings findings = new Findings(watch);
      LogCheck check = new LogCheck(view, findings);
      check.run(0, (_, _) -> {});
      check.runBeside();
      findings.finish();
      return new LogExtent(
          storeId,
          LogDatabase.DATA_FORMAT,
          check.last(),
          check.events(),
          check.recordedAt().equals(Instant.MIN) ? null : check.recordedAt());
    }
  }
}
