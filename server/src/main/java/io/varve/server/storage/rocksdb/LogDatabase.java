package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteOptions;

/**
 * The log: every event in commit order, in chunks keyed by their first position. The truth; synced
 * at every commit.
 *
 * <p>Column families: {@code log} (first position → {@link Chunk}) and {@code meta} (the number of
 * the data format, the store's id).
 */
final class LogDatabase implements AutoCloseable {
  /** The data format that this release writes, and the only one it knows. */
  static final int DATA_FORMAT = 1;

  private static final String LOG = "log";
  private static final String META = "meta";
  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  private static final byte[] STORE_ID_KEY = "store_id".getBytes(StandardCharsets.UTF_8);
  private static final byte[] LAST_KEY = Keys.ofLong(Long.MAX_VALUE);

  private final Database database;
  private final int logId;
  private final UUID storeId;

  private LogDatabase(Database database, UUID storeId) {
    this.database = database;
    this.logId = database.idOf(LOG);
    this.storeId = storeId;
  }

  /**
   * Opens the log, or creates it.
   *
   * @param newStoreId the id that a new store gets
   */
  static LogDatabase open(Path folder, StorageSettings settings, Cache cache, UUID newStoreId) {
    DBOptions options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            // Written over, a file need not grow with each commit, and a sync need not write its
            // new size.
            .setRecycleLogFileNum(2)
            // What was torn by a crash was never acknowledged: recovery stops there.
            .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
            .setAllowConcurrentMemtableWrite(false) // one writer
            .setEnableWriteThreadAdaptiveYield(false)
            .setMaxBackgroundJobs(settings.backgroundJobs())
            .setBytesPerSync(1024 * 1024)
            .setStatsDumpPeriodSec(0)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(3);
    Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
    families.put(
        LOG,
        new ColumnFamilyOptions()
            .setWriteBufferSize(settings.logWriteBufferBytes())
            .setCompressionType(CompressionType.LZ4_COMPRESSION)
            .setTableFormatConfig(
                new BlockBasedTableConfig()
                    .setBlockCache(cache)
                    .setCacheIndexAndFilterBlocks(true)
                    .setBlockSize(32 * 1024)));
    families.put(META, new ColumnFamilyOptions().setWriteBufferSize(64 * 1024));
    Database database =
        Database.open(
            "log", folder.toString(), options, families, new WriteOptions().setSync(true));
    try {
      return new LogDatabase(database, readOrCreateIdentity(database, newStoreId));
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static UUID readOrCreateIdentity(Database database, UUID newStoreId) {
    byte[] format = database.get(META, FORMAT_KEY);
    if (format == null) {
      BatchBytes batch = new BatchBytes(128);
      int meta = database.idOf(META);
      batch.put(meta, FORMAT_KEY, ByteBuffer.allocate(Integer.BYTES).putInt(DATA_FORMAT).array());
      batch.put(meta, STORE_ID_KEY, newStoreId.toString().getBytes(StandardCharsets.UTF_8));
      database.write(batch);
      database.flush(); // or these two would keep the first write-ahead log file alive
      return newStoreId;
    }
    int found = ByteBuffer.wrap(format).getInt();
    if (found != DATA_FORMAT) {
      throw new StorageException(
          "the data folder has data format "
              + found
              + "; this release reads format "
              + DATA_FORMAT
              + " only. Use the release that wrote it, or a newer one.");
    }
    byte[] storeId = database.get(META, STORE_ID_KEY);
    if (storeId == null) {
      throw new DamagedDataException(0, "the log has a data format but no store id");
    }
    return UUID.fromString(new String(storeId, StandardCharsets.UTF_8));
  }

  UUID storeId() {
    return storeId;
  }

  /** The newest event; null while the log is empty. */
  @Nullable EncodedEvent lastEvent() {
    EventPage page = readBackwards(Long.MAX_VALUE, 1, 1);
    return page.isEmpty() ? null : page.runs().getFirst().events().getFirst();
  }

  /** Adds a chunk to a batch for {@link #write}. */
  void addTo(BatchBytes batch, EventRun run) {
    batch.put(
        logId,
        Keys.ofLong(run.firstPosition()),
        Chunk.header(run),
        run.bytes(),
        run.offset(),
        run.length());
  }

  /** Writes a batch; durable once this returns. */
  void write(BatchBytes batch) {
    database.write(batch);
  }

  EventPage read(long from, long to, int maxBytes) {
    List<EventRun> runs = new ArrayList<>();
    int[] bytes = {0};
    database.visitFromFloor(
        LOG,
        Keys.ofLong(from),
        (key, value) -> {
          if (Keys.toLong(key, 0) > to) {
            return Database.Visit.STOP;
          }
          EventRun run = Chunk.read(key, value).clip(from, to);
          if (run != null) {
            runs.add(run);
            bytes[0] += run.length();
          }
          return bytes[0] >= maxBytes ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    return new EventPage(runs);
  }

  EventPage readBackwards(long from, long to, int maxBytes) {
    List<EventRun> runs = new ArrayList<>();
    int[] bytes = {0};
    database.visitBackwards(
        LOG,
        from == Long.MAX_VALUE ? LAST_KEY : Keys.ofLong(from),
        null,
        (key, value) -> {
          EventRun chunk = Chunk.read(key, value);
          if (chunk.lastPosition() < to) {
            return Database.Visit.STOP;
          }
          EventRun run = chunk.clip(to, from);
          if (run != null) {
            for (EncodedEvent event : run.events().reversed()) {
              EventRun single = event.toRun();
              runs.add(single);
              bytes[0] += single.length();
              if (bytes[0] >= maxBytes) {
                return Database.Visit.STOP;
              }
            }
          }
          return Database.Visit.CONTINUE;
        });
    return new EventPage(runs);
  }

  @Override
  public void close() {
    database.close();
  }
}
