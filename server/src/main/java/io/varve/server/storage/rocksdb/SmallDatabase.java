package io.varve.server.storage.rocksdb;

import java.nio.file.Path;
import java.util.Map;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.WriteOptions;

/**
 * How the databases beside log and index are opened: those that hold little, and must not take
 * memory or file descriptors from what holds much.
 */
final class SmallDatabase {
  private static final long MIB = 1024 * 1024;
  private static final long CACHE_BYTES = 16 * MIB;
  private static final long WRITE_BUFFER_BYTES = 16 * MIB;
  private static final long WAL_BYTES = 32 * MIB;
  private static final int BLOCK_BYTES = 16 * 1024;

  /** Each takes a file descriptor, and those belong to connections and to the log. */
  private static final int OPEN_FILES = 128;

  private SmallDatabase() {}

  /** A cache for one such database. Whoever gets it closes it, after the database. */
  static LRUCache cache() {
    return new LRUCache(CACHE_BYTES);
  }

  /** A column family whose blocks are in that cache. */
  static ColumnFamilyOptions family(LRUCache cache) {
    return new ColumnFamilyOptions()
        .setWriteBufferSize(WRITE_BUFFER_BYTES)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setTableFormatConfig(
            new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setCacheIndexAndFilterBlocks(true)
                .setBlockSize(BLOCK_BYTES));
  }

  /**
   * Opens or creates such a database.
   *
   * @param name what to call it in messages
   * @param families its column families, which it takes over
   * @param synced whether each write is synced before it returns
   */
  static Database open(
      String name, Path folder, Map<String, ColumnFamilyOptions> families, boolean synced) {
    DBOptions options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setDbWriteBufferSize(WRITE_BUFFER_BYTES)
            .setMaxTotalWalSize(WAL_BYTES)
            .setMaxOpenFiles(OPEN_FILES)
            .setStatsDumpPeriodSec(0)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(3);
    return Database.open(
        name, folder.toString(), options, families, new WriteOptions().setSync(synced));
  }
}
