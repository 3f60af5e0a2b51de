package io.varve.server.storage.rocksdb;

import io.varve.server.storage.BackupSource;
import io.varve.server.storage.LogExtent;
import io.varve.server.storage.VerifyWatch;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;

/** An open database of the data folder but the log, for a backup to copy. */
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
}
