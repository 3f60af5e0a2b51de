package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.StreamHead;
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
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.WriteOptions;

/**
 * What is derived from the log: events by stream and version, stream names, event ids.
 *
 * <p>Written without a write-ahead log. All column families are flushed together, and with them the
 * position that they have reached; whatever a crash takes is therefore everything after one
 * position, and is replayed from the log. The whole folder may be deleted while the server is down:
 * it is then rebuilt.
 *
 * <p>Column families: {@code streams} (stream number, version → event), {@code stream_names} (name
 * → stream number), {@code event_ids} (id → position, stream number, version), {@code progress}.
 */
final class IndexDatabase implements AutoCloseable {
  /** Raised when what is derived changes: an index of another number is thrown away and rebuilt. */
  static final int INDEX_FORMAT = 1;

  private static final String STREAMS = "streams";
  private static final String STREAM_NAMES = "stream_names";
  private static final String EVENT_IDS = "event_ids";
  private static final String PROGRESS = "progress";
  private static final byte[] PROGRESS_KEY = "progress".getBytes(StandardCharsets.UTF_8);

  private final Database database;
  private final int streamsId;
  private final int streamNamesId;
  private final int eventIdsId;
  private final int progressId;

  private final Progress progress;
  private volatile long lastStreamNumber; // set by the writer

  /**
   * How far the index had come when it was opened; a new one is at position 0.
   *
   * @param format the number of what is derived
   * @param position the last position of the log that is in it
   * @param lastStreamNumber the highest stream number given
   */
  record Progress(int format, long position, long lastStreamNumber) {}

  private IndexDatabase(Database database) {
    this.database = database;
    this.streamsId = database.idOf(STREAMS);
    this.streamNamesId = database.idOf(STREAM_NAMES);
    this.eventIdsId = database.idOf(EVENT_IDS);
    this.progressId = database.idOf(PROGRESS);
    this.progress = readProgress();
    this.lastStreamNumber = progress.lastStreamNumber();
  }

  private Progress readProgress() {
    byte[] value = database.get(PROGRESS, PROGRESS_KEY);
    if (value == null) {
      return new Progress(INDEX_FORMAT, 0, 0);
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    int format = buffer.remaining() < Integer.BYTES ? 0 : buffer.getInt();
    return format == INDEX_FORMAT && buffer.remaining() == 2 * Long.BYTES
        ? new Progress(format, buffer.getLong(), buffer.getLong())
        : new Progress(format == INDEX_FORMAT ? 0 : format, 0, 0); // only its own release knows
  }

  static IndexDatabase open(Path folder, StorageSettings settings, Cache cache) {
    DBOptions options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setAtomicFlush(true)
            .setDbWriteBufferSize(settings.indexWriteBufferBytes())
            .setAllowConcurrentMemtableWrite(false) // one writer
            .setEnableWriteThreadAdaptiveYield(false)
            .setMaxBackgroundJobs(settings.backgroundJobs())
            .setBytesPerSync(1024 * 1024)
            .setStatsDumpPeriodSec(0)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(3);
    Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
    families.put(STREAMS, family(settings, new BlockBasedTableConfig(), cache));
    families.put(STREAM_NAMES, family(settings, lookedUpByKey(), cache));
    families.put(EVENT_IDS, family(settings, lookedUpByKey(), cache));
    families.put(PROGRESS, family(settings, new BlockBasedTableConfig(), cache));
    Database database =
        Database.open(
            "index", folder.toString(), options, families, new WriteOptions().setDisableWAL(true));
    try {
      return new IndexDatabase(database);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static ColumnFamilyOptions family(
      StorageSettings settings, BlockBasedTableConfig table, Cache cache) {
    return new ColumnFamilyOptions()
        .setWriteBufferSize(settings.indexWriteBufferBytes())
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setTableFormatConfig(
            table.setBlockCache(cache).setCacheIndexAndFilterBlocks(true).setBlockSize(16 * 1024));
  }

  /** For families asked mostly about keys that are not there: new streams, new events. */
  private static BlockBasedTableConfig lookedUpByKey() {
    return new BlockBasedTableConfig().setFilterPolicy(new BloomFilter(10));
  }

  // ---- writing

  /** How far the index had come when it was opened. */
  Progress progress() {
    return progress;
  }

  /** The highest stream number given so far. */
  long lastStreamNumber() {
    return lastStreamNumber;
  }

  /** Adds an event, whose bytes lie in two parts, to a batch for {@link #write}. */
  void addTo(
      BatchBytes batch,
      StreamId stream,
      long streamNumber,
      long version,
      long position,
      UUID id,
      byte[] header,
      byte[] body) {
    if (version == 1) {
      batch.put(streamNamesId, name(stream), Keys.ofLong(streamNumber));
    }
    batch.put(streamsId, Keys.ofStreamVersion(streamNumber, version), header, body);
    batch.put(eventIdsId, Keys.ofEventId(id), Keys.ofPlace(position, streamNumber, version));
  }

  /**
   * Adds to a batch how far the index has come with it. Every batch says so.
   *
   * @param streamNumber the highest stream number in the batch
   */
  void addProgressTo(BatchBytes batch, long position, long streamNumber) {
    lastStreamNumber = Math.max(lastStreamNumber, streamNumber);
    batch.put(
        progressId,
        PROGRESS_KEY,
        ByteBuffer.allocate(Integer.BYTES + 2 * Long.BYTES)
            .putInt(INDEX_FORMAT)
            .putLong(position)
            .putLong(lastStreamNumber)
            .array());
  }

  /** Writes a batch: visible once this returns, durable with the next flush. */
  void write(BatchBytes batch) {
    database.write(batch);
  }

  void flush() {
    database.flush();
  }

  // ---- reading

  @Nullable StreamHead streamHead(StreamId stream) {
    byte[] value = database.get(STREAM_NAMES, name(stream));
    if (value == null) {
      return null;
    }
    long number = Keys.toLong(value, 0);
    long[] version = {0};
    database.visitBackwards(
        STREAMS,
        Keys.ofStreamVersion(number, Long.MAX_VALUE),
        Keys.ofStreamVersion(number, 1),
        (key, event) -> {
          version[0] = Keys.toLong(key, Long.BYTES);
          return Database.Visit.STOP;
        });
    if (version[0] == 0) {
      throw new DamagedDataException(0, "stream " + stream + " has a name but no event");
    }
    return new StreamHead(number, version[0]);
  }

  @Nullable EventPlace placeOf(UUID id) {
    byte[] value = database.get(EVENT_IDS, Keys.ofEventId(id));
    return value == null ? null : Keys.toPlace(value);
  }

  EventPage readStream(long streamNumber, long from, long to, int maxBytes) {
    EventRunBuilder run = new EventRunBuilder(Math.min(maxBytes, 8 * 1024));
    long[] due = {from};
    database.visitForwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, from),
        Keys.ofStreamVersion(streamNumber, to + 1),
        (key, event) -> {
          checkDue(streamNumber, due[0]++, key);
          run.add(event);
          return run.length() >= maxBytes ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    return run.count() == 0 ? EventPage.empty() : new EventPage(List.of(run.build()));
  }

  EventPage readStreamBackwards(long streamNumber, long from, long to, int maxBytes) {
    List<EventRun> runs = new ArrayList<>();
    int[] bytes = {0};
    long[] due = {from};
    database.visitBackwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, from),
        Keys.ofStreamVersion(streamNumber, to),
        (key, event) -> {
          checkDue(streamNumber, due[0]--, key);
          EventRunBuilder single = new EventRunBuilder(event.length + 6);
          single.add(event);
          runs.add(single.build());
          bytes[0] += single.length();
          return bytes[0] >= maxBytes ? Database.Visit.STOP : Database.Visit.CONTINUE;
        });
    return new EventPage(runs);
  }

  private static void checkDue(long streamNumber, long version, byte[] key) {
    if (Keys.toLong(key, Long.BYTES) != version) {
      throw new DamagedDataException(
          0, "the index has no version " + version + " of stream number " + streamNumber);
    }
  }

  private static byte[] name(StreamId stream) {
    return stream.value().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    database.close();
  }
}
