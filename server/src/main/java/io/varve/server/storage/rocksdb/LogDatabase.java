package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventMark;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
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
 * <p>Column families: {@code log} (first position → {@link Chunk}), {@code tracking} (a consumer's
 * name for a source → its position there), {@code tracking_history} (what it was at which position
 * of the log, see {@link TrackingHistory}), {@code created} (a stream whose first event has been
 * reclaimed → when it was recorded), {@code archive} (first position of an archive segment → {@link
 * StoredSegment}) and {@code meta} (the number of the data format, the store's id, and up to which
 * position chunks have been replaced by outlines).
 *
 * <p>Events up to {@link #archivedThrough} are in the archive. Their chunks here are outlines, or
 * will be; so whoever reads events reads only behind that position, and those who are content with
 * outlines read anywhere.
 */
final class LogDatabase implements AutoCloseable {
  /** The data format of a log that is whole. */
  static final int DATA_FORMAT = 1;

  static final String LOG = "log";
  static final String META = "meta";
  static final String TRACKING = "tracking";
  static final String CREATED = "created";

  /**
   * The data format of a log whose beginning is in the archive: a release that knows nothing of
   * archives must not open it.
   */
  static final int DATA_FORMAT_WITH_ARCHIVE = 2;

  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  static final String ARCHIVE = "archive";
  private static final byte[] OUTLINED_KEY = "outlined".getBytes(StandardCharsets.UTF_8);
  private static final byte[] STORE_ID_KEY = "store_id".getBytes(StandardCharsets.UTF_8);

  /**
   * What was torn by a crash was never acknowledged: recovery stops there. That nothing else was
   * lost is seen by {@link HeadMark}.
   */
  private static final WALRecoveryMode RECOVERY = WALRecoveryMode.PointInTimeRecovery;

  private static final byte[] LAST_KEY = Keys.ofLong(Long.MAX_VALUE);

  private final Database database;
  private final int logId;
  private final int trackingId;
  private final int historyId;
  private final int createdId;
  private final int archiveId;
  private final int metaId;
  private final UUID storeId;
  private volatile long archivedThrough;
  private volatile long outlinedThrough;

  private LogDatabase(Database database, UUID storeId) {
    this.database = database;
    this.logId = database.idOf(LOG);
    this.trackingId = database.idOf(TRACKING);
    this.historyId = database.idOf(TrackingHistory.FAMILY);
    this.createdId = database.idOf(CREATED);
    this.archiveId = database.idOf(ARCHIVE);
    this.metaId = database.idOf(META);
    this.storeId = storeId;
    List<ArchiveSegment> archived = segments();
    this.archivedThrough = archived.isEmpty() ? 0 : archived.getLast().lastPosition();
    byte[] outlined = database.get(META, OUTLINED_KEY);
    this.outlinedThrough = outlined == null ? 0 : Keys.toLong(outlined, 0);
  }

  /**
   * Looks into a log without changing anything about it: how far it comes. 0 if there is none.
   *
   * <p>Opening a log to write ends what RocksDB could not read in it: the files that held it are
   * removed. So whoever knows how far a log should come asks before.
   */
  static long lastPositionIn(Path folder) {
    if (!Database.isIn(folder)) {
      return 0;
    }
    try (Database database = openReadOnly(folder)) {
      return database.has(LOG) ? lastPosition(database) : 0;
    }
  }

  /** Opens a log to look at it; changes nothing about it. */
  static Database openReadOnly(Path folder) {
    Database database =
        Database.openReadOnly(
            "log", folder, new DBOptions().setWalRecoveryMode(RECOVERY), Map.of());
    try {
      if (database.has(META)) {
        checkFormat(database.get(META, FORMAT_KEY));
      }
      return database;
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static long lastPosition(Database database) {
    long[] last = {0};
    database.visitBackwards(
        LOG,
        LAST_KEY,
        null,
        (key, value) -> {
          last[0] = Chunk.read(key, value).lastPosition();
          return Database.Visit.STOP;
        });
    return last[0];
  }

  /** The newest event up to a position; null when there is none. */
  static @Nullable EventMark newestUpTo(Database database, long position) {
    @Nullable EventMark[] found = {null};
    database.visitBackwards(
        LOG,
        Keys.ofLong(position),
        null,
        (key, value) -> {
          EventRun run = Chunk.read(key, value).clip(1, position);
          if (run == null) {
            return Database.Visit.CONTINUE; // what was there has been reclaimed
          }
          EventSummary event = run.events().getLast().summary();
          found[0] = new EventMark(event.position(), event.id(), event.recordedAt());
          return Database.Visit.STOP;
        });
    return found[0];
  }

  private static void checkFormat(byte @Nullable [] format) {
    if (format == null) {
      return;
    }
    int found = format.length == Integer.BYTES ? ByteBuffer.wrap(format).getInt() : -1;
    if (found != DATA_FORMAT && found != DATA_FORMAT_WITH_ARCHIVE) {
      throw new StorageException(
          "the data folder has data format "
              + found
              + "; this release reads formats "
              + DATA_FORMAT
              + " and "
              + DATA_FORMAT_WITH_ARCHIVE
              + " only. Use the release that wrote it, or a newer one.");
    }
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
            .setWalRecoveryMode(RECOVERY)
            .setAllowConcurrentMemtableWrite(false) // one writer
            .setEnableWriteThreadAdaptiveYield(false)
            .setMaxBackgroundJobs(settings.backgroundJobs())
            .setAvoidUnnecessaryBlockingIO(true) // files that are no more are removed by no reader
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
    families.put(TRACKING, new ColumnFamilyOptions().setWriteBufferSize(1024 * 1024));
    families.put(
        TrackingHistory.FAMILY,
        new ColumnFamilyOptions()
            .setWriteBufferSize(4 * 1024 * 1024)
            .setCompressionType(CompressionType.LZ4_COMPRESSION));
    families.put(CREATED, new ColumnFamilyOptions().setWriteBufferSize(1024 * 1024));
    families.put(ARCHIVE, new ColumnFamilyOptions().setWriteBufferSize(64 * 1024));
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

  /** The id of the store that a log belongs to; null while it has none. */
  static @Nullable UUID storeIdOf(Database database) {
    if (!database.has(META)) {
      return null;
    }
    byte[] id = database.get(META, STORE_ID_KEY);
    return id == null ? null : UUID.fromString(new String(id, StandardCharsets.UTF_8));
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
    checkFormat(format);
    byte[] storeId = database.get(META, STORE_ID_KEY);
    if (storeId == null) {
      throw new DamagedDataException(0, "the log has a data format but no store id");
    }
    return UUID.fromString(new String(storeId, StandardCharsets.UTF_8));
  }

  UUID storeId() {
    return storeId;
  }

  /** The last position; 0 while the log is empty. */
  long lastPosition() {
    return lastPosition(database);
  }

  /** The newest event; null while the log is empty. */
  @Nullable EncodedEvent lastEvent() {
    EventPage page = readOutlinesBackwards(Long.MAX_VALUE, 1, 1);
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

  /**
   * Adds a consumer's progress to a batch for {@link #write}.
   *
   * @param at the last position of the log as of the batch
   */
  void addTracking(BatchBytes batch, String source, long position, long at) {
    byte[] name = source.getBytes(StandardCharsets.UTF_8);
    batch.put(trackingId, name, Keys.ofLong(position));
    batch.put(historyId, TrackingHistory.key(name, at), Keys.ofLong(position));
  }

  /** A consumer's progress as of everything written; 0 for none. */
  long tracking(String source) {
    byte[] newest = database.get(TRACKING, source.getBytes(StandardCharsets.UTF_8));
    return newest == null ? 0 : Keys.toLong(newest, 0);
  }

  /**
   * A consumer's progress as of a head of the log; 0 for none. What came with events behind the
   * head does not count yet, as they do not.
   */
  long tracking(String source, long head) {
    byte[] name = source.getBytes(StandardCharsets.UTF_8);
    long[] position = {tracking(source)};
    if (position[0] == 0) {
      return 0;
    }
    database.visitBackwards(
        TrackingHistory.FAMILY,
        TrackingHistory.key(name, Long.MAX_VALUE),
        TrackingHistory.key(name, 0),
        (key, value) -> {
          boolean ahead = TrackingHistory.atOf(key) > head;
          position[0] = ahead ? 0 : Keys.toLong(value, 0);
          return ahead ? Database.Visit.CONTINUE : Database.Visit.STOP;
        });
    return position[0];
  }

  /** Writes a batch; durable once this returns. */
  void write(BatchBytes batch) {
    database.write(batch);
  }

  /*
   * That nothing is missing is seen by what the chunks cover, not by the events in them: a position that is covered and
   * has no event has been reclaimed.
   */
  EventPage read(long from, long to, int maxBytes) {
    return read(from, to, maxBytes, false);
  }

  /** The same, with outlines where they have taken the events' place. */
  EventPage readOutlines(long from, long to, int maxBytes) {
    return read(from, to, maxBytes, true);
  }

  private EventPage read(long from, long to, int maxBytes, boolean outlines) {
    LogPage page = new LogPage(maxBytes);
    byte[] key = new byte[Long.BYTES];
    long[] due = {from};
    database.visitRowsFromFloor(
        LOG,
        Keys.ofLong(from),
        row -> {
          int keyLength = row.key(key);
          if (keyLength >= key.length) {
            long first = Keys.toLong(key, 0);
            if (first > to) {
              return Database.Visit.STOP;
            }
            boolean isNext = keyLength == key.length && first == due[0];
            long last = isNext ? page.addSmall(key, row, to) : 0;
            if (last > 0) {
              due[0] = last + 1;
              return page.isFull() ? Database.Visit.STOP : Database.Visit.CONTINUE;
            }
          }
          Chunk chunk = Chunk.read(row.key(), row.value());
          if (chunk.lastPosition() < from) {
            return Database.Visit.CONTINUE;
          }
          if (Math.max(chunk.firstPosition(), from) != due[0]) {
            throw missing(due[0]);
          }
          checkWhole(chunk, outlines);
          due[0] = Math.min(chunk.lastPosition(), to) + 1;
          EventRun run = chunk.clip(from, to);
          if (run != null) {
            page.add(run);
          }
          return page.isFull() ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    if (page.isFull()) {
      return new EventPage(page.runs(), due[0] - 1);
    }
    if (due[0] <= to) {
      throw missing(due[0]);
    }
    return new EventPage(page.runs(), to);
  }

  EventPage readBackwards(long from, long to, int maxBytes) {
    return readBackwards(from, to, maxBytes, false);
  }

  /** The same, with outlines where they have taken the events' place. */
  EventPage readOutlinesBackwards(long from, long to, int maxBytes) {
    return readBackwards(from, to, maxBytes, true);
  }

  private EventPage readBackwards(long from, long to, int maxBytes, boolean outlines) {
    List<EventRun> runs = new ArrayList<>();
    int[] bytes = {0};
    long[] due = {from};
    database.visitBackwards(
        LOG,
        from == Long.MAX_VALUE ? LAST_KEY : Keys.ofLong(from),
        null,
        (key, value) -> {
          Chunk chunk = Chunk.read(key, value);
          if (due[0] != Long.MAX_VALUE && chunk.lastPosition() < due[0]) {
            throw missing(due[0]);
          }
          checkWhole(chunk, outlines);
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
          due[0] = chunk.firstPosition() - 1;
          return due[0] < to ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    if (bytes[0] >= maxBytes) {
      return new EventPage(runs, runs.getLast().firstPosition());
    }
    // Unless the log is empty, and who asks does not know where it ends.
    if (due[0] != Long.MAX_VALUE && due[0] >= to) {
      throw missing(due[0]);
    }
    return new EventPage(runs, to);
  }

  /** Events that were asked for as they are have been moved to the archive a moment ago. */
  static final class MovedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private MovedException(long position) {
      super("the events from position " + position + " on are in the archive");
    }
  }

  private static void checkWhole(Chunk chunk, boolean outlines) {
    if (chunk.outlined() && !outlines) {
      throw new MovedException(chunk.firstPosition());
    }
  }

  // ---- the archive

  /** The number of the data format. */
  int dataFormat() {
    return archivedThrough == 0 ? DATA_FORMAT : DATA_FORMAT_WITH_ARCHIVE;
  }

  /** The last position whose events are in the archive; 0 for none. */
  long archivedThrough() {
    return archivedThrough;
  }

  /** The last position up to which chunks have been replaced by outlines. */
  long outlinedThrough() {
    return outlinedThrough;
  }

  /** The catalogue of the archive, oldest first. */
  List<ArchiveSegment> segments() {
    List<ArchiveSegment> segments = new ArrayList<>();
    database.visitForwards(
        ARCHIVE,
        Keys.ofLong(0),
        LAST_KEY,
        (key, value) -> {
          segments.add(StoredSegment.decode(Keys.toLong(key, 0), value));
          return Database.Visit.CONTINUE;
        });
    return segments;
  }

  /** The same as of the moment of a view. */
  static List<ArchiveSegment> segmentsIn(Database.View log) {
    List<ArchiveSegment> segments = new ArrayList<>();
    log.visit(
        ARCHIVE,
        Keys.ofLong(0),
        (key, value) -> {
          segments.add(StoredSegment.decode(Keys.toLong(key, 0), value));
          return Database.Visit.CONTINUE;
        });
    return segments;
  }

  /** Up to which position chunks are outlines, as of the moment of a view. */
  static long outlinedIn(Database.View log) {
    byte[] outlined = log.get(META, OUTLINED_KEY);
    return outlined == null ? 0 : Keys.toLong(outlined, 0);
  }

  /** The number of the data format as it is written down. */
  static int formatIn(Database.View log) {
    byte[] format = log.get(META, FORMAT_KEY);
    return format == null || format.length != Integer.BYTES ? -1 : ByteBuffer.wrap(format).getInt();
  }

  /** Enters an archive segment in the catalogue; durable, and in force, once this returns. */
  void enter(ArchiveSegment segment) {
    BatchBytes batch = new BatchBytes(512);
    batch.put(
        metaId,
        FORMAT_KEY,
        ByteBuffer.allocate(Integer.BYTES).putInt(DATA_FORMAT_WITH_ARCHIVE).array());
    batch.put(archiveId, Keys.ofLong(segment.firstPosition()), StoredSegment.encode(segment));
    database.write(batch);
    archivedThrough = segment.lastPosition();
  }

  /**
   * The chunks from the one that covers a position on, whole ones only.
   *
   * @param to the last position that the last of them may cover
   * @param maxBytes once they have so many, it is enough
   */
  List<Chunk> chunks(long from, long to, int maxBytes) {
    List<Chunk> chunks = new ArrayList<>();
    int[] bytes = {0};
    database.visitFromFloor(
        LOG,
        Keys.ofLong(from),
        (key, value) -> {
          if (Keys.toLong(key, 0) > to) {
            return Database.Visit.STOP;
          }
          Chunk chunk = Chunk.read(key, value);
          if (chunk.lastPosition() < from) {
            return Database.Visit.CONTINUE;
          }
          if (chunk.lastPosition() > to) {
            return Database.Visit.STOP;
          }
          long due = chunks.isEmpty() ? from : chunks.getLast().lastPosition() + 1;
          if (chunk.firstPosition() > due) {
            throw missing(due);
          }
          chunks.add(chunk);
          bytes[0] += value.length;
          return bytes[0] >= maxBytes ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    return chunks;
  }

  /** Adds to a batch a chunk of outlines that takes the place of some neighbouring chunks. */
  void putOutlines(BatchBytes batch, List<Chunk> chunks, int count, byte[] frames) {
    long first = chunks.getFirst().firstPosition();
    long last = chunks.getLast().lastPosition();
    batch.put(logId, Keys.ofLong(first), Chunk.ofOutlines(first, last, count, frames));
    for (Chunk chunk : chunks.subList(1, chunks.size())) {
      batch.delete(logId, Keys.ofLong(chunk.firstPosition()));
    }
  }

  /** Writes a batch after which chunks up to a position are outlines. */
  void writeOutlined(BatchBytes batch, long through) {
    batch.put(metaId, OUTLINED_KEY, Keys.ofLong(through));
    database.write(batch);
    outlinedThrough = through;
  }

  /** Gives back the bytes of what outlines have replaced; may take long. */
  void compactOutlined(long from, long through) {
    database.flush();
    database.compact(LOG, Keys.ofLong(from), Keys.ofLong(through + 1));
  }

  // ---- reclaiming

  /** The chunk that covers a position. */
  Chunk chunkAt(long position) {
    @Nullable Chunk[] found = {null};
    database.visitBackwards(
        LOG,
        Keys.ofLong(position),
        null,
        (key, value) -> {
          found[0] = Chunk.read(key, value);
          return Database.Visit.STOP;
        });
    Chunk chunk = found[0];
    if (chunk == null || chunk.lastPosition() < position) {
      throw missing(position);
    }
    return chunk;
  }

  /** Adds to a batch a chunk that takes the place of one with more events. */
  void replace(BatchBytes batch, Chunk chunk, List<EncodedEvent> kept) {
    batch.put(logId, Keys.ofLong(chunk.firstPosition()), chunk.with(kept));
  }

  /** Adds to a batch when a stream was created, which its first event no longer says. */
  void putCreatedAt(BatchBytes batch, StreamId stream, Instant createdAt) {
    batch.put(
        createdId,
        stream.value().getBytes(StandardCharsets.UTF_8),
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
            .putLong(createdAt.getEpochSecond())
            .putInt(createdAt.getNano())
            .array());
  }

  /** When a stream was created whose first event has been reclaimed; null for any other. */
  @Nullable Instant createdAt(StreamId stream) {
    byte[] value = database.get(CREATED, stream.value().getBytes(StandardCharsets.UTF_8));
    if (value == null) {
      return null;
    }
    return toCreatedAt(value);
  }

  /** The time in a value of {@link #CREATED}. */
  static Instant toCreatedAt(byte[] value) {
    if (value.length != StoredTime.BYTES) {
      throw new DamagedDataException(
          0, "a stream's time of creation has a value of " + value.length + " bytes");
    }
    return StoredTime.next(ByteBuffer.wrap(value));
  }

  // ---- copying and cutting

  /** The database itself, to be looked at or copied. */
  Database database() {
    return database;
  }

  /** Adds to a batch that a chunk is gone. */
  void remove(BatchBytes batch, long firstPosition) {
    batch.delete(logId, Keys.ofLong(firstPosition));
  }

  /** Adds to a batch a chunk of whole events for these positions. */
  void putWhole(BatchBytes batch, long first, long last, List<EncodedEvent> events) {
    batch.put(logId, Keys.ofLong(first), Chunk.whole(first, last, events));
  }

  /**
   * Takes the last archive segment out of the catalogue. Its events are in the log again, or gone.
   */
  void leave(ArchiveSegment segment) {
    long before = segment.firstPosition() - 1;
    BatchBytes batch = new BatchBytes(256);
    batch.delete(archiveId, Keys.ofLong(segment.firstPosition()));
    batch.put(metaId, OUTLINED_KEY, Keys.ofLong(before));
    if (before == 0) {
      batch.put(metaId, FORMAT_KEY, ByteBuffer.allocate(Integer.BYTES).putInt(DATA_FORMAT).array());
    }
    database.write(batch);
    archivedThrough = before;
    outlinedThrough = before;
  }

  /** Adds to a batch that a chunk ends at an earlier position. */
  void shorten(BatchBytes batch, Chunk chunk, long last) {
    batch.put(logId, Keys.ofLong(chunk.firstPosition()), chunk.upTo(last));
  }

  /** Adds to a batch what a consumer's progress was before. */
  void setBackTracking(BatchBytes batch, byte[] source, byte @Nullable [] position) {
    if (position == null) {
      batch.delete(trackingId, source);
    } else {
      batch.put(trackingId, source, position);
    }
  }

  /** Adds to a batch that an entry of the history of tracking is gone. */
  void removeFromHistory(BatchBytes batch, byte[] key) {
    batch.delete(historyId, key);
  }

  /** Adds to a batch that nothing is known of when a stream was created. */
  void removeCreated(BatchBytes batch, byte[] stream) {
    batch.delete(createdId, stream);
  }

  /** Gives back the bytes of what has been replaced; may take long. */
  void compact() {
    database.flush();
    database.compact(LOG);
  }

  private static DamagedDataException missing(long position) {
    return new DamagedDataException(position, "the log has no event at position " + position);
  }

  /**
   * Makes a file of what is only in the write-ahead log, so that the next start has nothing to
   * recover.
   */
  void flush() {
    database.flush();
  }

  /** The database's own figures, as of now. */
  EngineFigures figures() {
    return database.figures();
  }

  @Override
  public void close() {
    database.close();
  }
}
