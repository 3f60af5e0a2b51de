package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.NamedStream;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
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
 * What is derived from the log: events by stream and version, stream names, event ids, and the
 * positions of each type, tag and category.
 *
 * <p>Written without a write-ahead log. All column families are flushed together, and with them the
 * position that they have reached; whatever a crash takes is therefore everything after one
 * position, and is replayed from the log. The whole folder may be deleted while the server is down:
 * it is then rebuilt.
 *
 * <p>Column families: {@code streams} (stream number, version → {@link StoredEvent}), {@code
 * stream_names} (name → {@link StreamName}), {@code stream_states} (name → {@link StoredState}),
 * {@code event_ids} (id → position, stream number, version), {@code by_type}, {@code by_tag} and
 * {@code by_category} (see {@link Postings}), {@code progress}.
 */
final class IndexDatabase implements AutoCloseable {
  /** Raised when what is derived changes: an index of another number is thrown away and rebuilt. */
  static final int INDEX_FORMAT = 3;

  static final String STREAMS = "streams";
  static final String STREAM_NAMES = "stream_names";
  static final String STREAM_STATES = "stream_states";
  static final String EVENT_IDS = "event_ids";
  static final String PROGRESS = "progress";
  private static final byte[] PROGRESS_KEY = "progress".getBytes(StandardCharsets.UTF_8);
  private static final byte[] RECLAIMED_KEY = "reclaimed".getBytes(StandardCharsets.UTF_8);
  private static final byte[] ARCHIVED_KEY = "archived".getBytes(StandardCharsets.UTF_8);

  /** So many events of a stream that are in the archive are taken at a time. */
  private static final int MAX_ARCHIVED = 64;

  private final Database database;
  private final int streamsId;
  private final int streamNamesId;
  private final int streamStatesId;
  private final int eventIdsId;
  private final int progressId;
  private final IndexedTerms terms;

  private final Progress progress;
  private volatile long lastStreamNumber; // set by the writer
  private final AtomicLong reclaimed = new AtomicLong();
  private volatile long archivedThrough;

  /** What the scavenge looks up and then deletes, no commit may change in between. */
  private final Object writing = new Object();

  /**
   * How far the index had come when it was opened; a new one is at position 0.
   *
   * @param format the number of what is derived
   * @param position the last position of the log that is in it
   * @param lastStreamNumber the highest stream number given
   * @param openFrom from which position on the terms are not in it: the open segment's first
   */
  record Progress(int format, long position, long lastStreamNumber, long openFrom) {}

  private IndexDatabase(Database database) {
    this.database = database;
    this.streamsId = database.idOf(STREAMS);
    this.streamNamesId = database.idOf(STREAM_NAMES);
    this.streamStatesId = database.idOf(STREAM_STATES);
    this.eventIdsId = database.idOf(EVENT_IDS);
    this.progressId = database.idOf(PROGRESS);
    this.terms = new IndexedTerms(database);
    this.progress = toProgress(database.get(PROGRESS, PROGRESS_KEY));
    this.lastStreamNumber = progress.lastStreamNumber();
    reclaimed.set(toReclaimed(database.get(PROGRESS, RECLAIMED_KEY)));
    byte[] archived = database.get(PROGRESS, ARCHIVED_KEY);
    archivedThrough = archived == null ? 0 : Keys.toLong(archived, 0);
  }

  /** The index in a database that is open already, to be looked at. */
  static IndexDatabase over(Database database) {
    return new IndexDatabase(database);
  }

  /** Opens an index to look at it; changes nothing about it. */
  static Database openReadOnly(Path folder) {
    return Database.openReadOnly("index", folder, new DBOptions(), Map.of());
  }

  /** How far an index has come as of one moment. */
  static Progress progressIn(Database.View view) {
    return toProgress(view.get(PROGRESS, PROGRESS_KEY));
  }

  /** How many positions have no event in an index as of one moment. */
  static long reclaimedIn(Database.View view) {
    return toReclaimed(view.get(PROGRESS, RECLAIMED_KEY));
  }

  private static long toReclaimed(byte @Nullable [] count) {
    return count == null ? 0 : Keys.toLong(count, 0);
  }

  static Progress toProgress(byte @Nullable [] value) {
    if (value == null) {
      return new Progress(INDEX_FORMAT, 0, 0, 1);
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    int format = buffer.remaining() < Integer.BYTES ? 0 : buffer.getInt();
    return format == INDEX_FORMAT && buffer.remaining() == 3 * Long.BYTES
        ? new Progress(format, buffer.getLong(), buffer.getLong(), buffer.getLong())
        : new Progress(format == INDEX_FORMAT ? 0 : format, 0, 0, 1); // only its own release knows
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
            .setAvoidUnnecessaryBlockingIO(true) // files that are no more are removed by no reader
            .setBytesPerSync(1024 * 1024)
            .setStatsDumpPeriodSec(0)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(3);
    Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
    families.put(STREAMS, family(settings, new BlockBasedTableConfig(), cache));
    families.put(STREAM_NAMES, family(settings, lookedUpByKey(), cache));
    families.put(STREAM_STATES, family(settings, lookedUpByKey(), cache));
    families.put(EVENT_IDS, family(settings, lookedUpByKey(), cache));
    for (String family : IndexedTerms.FAMILIES.values()) {
      families.put(family, family(settings, new BlockBasedTableConfig(), cache));
    }
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

  /** The database itself, to be looked at. */
  Database database() {
    return database;
  }

  // ---- writing

  /** How far the index had come when it was opened. */
  Progress progress() {
    return progress;
  }

  /** The postings. */
  IndexedTerms terms() {
    return terms;
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
      Instant recordedAt,
      long version,
      long position,
      UUID id,
      byte[] header,
      byte[] body) {
    if (version == 1) {
      putName(batch, stream, streamNumber, recordedAt);
    }
    batch.put(streamsId, Keys.ofStreamVersion(streamNumber, version), header, body);
    batch.put(eventIdsId, Keys.ofEventId(id), Keys.ofPlace(position, streamNumber, version));
  }

  /** Adds to a batch that an event is in the archive: its header takes the event's place. */
  void putArchived(BatchBytes batch, long streamNumber, EventHeader event) {
    batch.put(
        streamsId,
        Keys.ofStreamVersion(streamNumber, event.version()),
        StoredEvent.archived(
            EventCodec.encodeHeader(event.position(), event.version(), event.recordedAt())));
  }

  /** Adds to a batch that {@link #putArchived} has been done for all events up to a position. */
  void addArchivedTo(BatchBytes batch, long through) {
    if (through > archivedThrough) {
      batch.put(progressId, ARCHIVED_KEY, Keys.ofLong(through));
      archivedThrough = through;
    }
  }

  /** The last position up to which headers have taken the place of events in the archive. */
  long archivedThrough() {
    return archivedThrough;
  }

  /** Adds a stream's name, number and time of creation to a batch. */
  void putName(BatchBytes batch, StreamId stream, long streamNumber, Instant createdAt) {
    batch.put(streamNamesId, name(stream), new StreamName(streamNumber, createdAt).encode());
  }

  /** Adds what has been decided about a stream to a batch. */
  void putState(BatchBytes batch, StreamChange change) {
    batch.put(streamStatesId, name(change.stream()), StoredState.of(change.head()).encode());
  }

  /**
   * Adds to a batch how far the index has come with it. Every batch says so.
   *
   * @param streamNumber the highest stream number in the batch
   * @param openFrom from which position on the terms are not in the index
   */
  void addProgressTo(BatchBytes batch, long position, long streamNumber, long openFrom) {
    lastStreamNumber = Math.max(lastStreamNumber, streamNumber);
    batch.put(
        progressId,
        PROGRESS_KEY,
        ByteBuffer.allocate(Integer.BYTES + 3 * Long.BYTES)
            .putInt(INDEX_FORMAT)
            .putLong(position)
            .putLong(lastStreamNumber)
            .putLong(openFrom)
            .array());
  }

  /** Writes a batch: visible once this returns, durable with the next flush. */
  void write(BatchBytes batch) {
    synchronized (writing) {
      database.write(batch);
    }
  }

  void flush() {
    database.flush();
  }

  /** The database's own figures, as of now. */
  EngineFigures figures() {
    return database.figures();
  }

  // ---- reading

  StreamHead streamHead(StreamId stream) {
    byte[] key = name(stream);
    byte[] stateValue = database.get(STREAM_STATES, key);
    StoredState stored = stateValue == null ? null : StoredState.decode(stateValue);
    StreamState state = stored == null ? StreamState.UNTOUCHED : stored.state();
    byte[] nameValue = database.get(STREAM_NAMES, key);
    if (nameValue == null) {
      return stored == null ? StreamHead.NONE : StreamHead.NONE.in(state);
    }
    StreamName name = StreamName.decode(nameValue);
    EventHeader event = lastEvent(name.number());
    if (event != null && (stored == null || stored.version() <= event.version())) {
      return new StreamHead(
          name.number(),
          event.version(),
          event.position(),
          event.recordedAt(),
          name.createdAt(),
          state);
    }
    if (stored == null || stored.version() == 0) {
      throw new DamagedDataException(0, "stream " + stream + " has a name but no event");
    }
    return new StreamHead( // its last event has been reclaimed
        name.number(),
        stored.version(),
        stored.lastPosition(),
        stored.lastRecordedAt(),
        name.createdAt(),
        state);
  }

  private @Nullable EventHeader lastEvent(long streamNumber) {
    @Nullable EventHeader[] last = {null};
    database.visitRowsBackwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, Long.MAX_VALUE),
        Keys.ofStreamVersion(streamNumber, 1),
        row -> {
          long version = Keys.toLong(row.key(), Long.BYTES);
          byte[] start = row.valueStart(StoredEvent.HEADER_BYTES);
          last[0] = new StoredEvent(version, start).header();
          return Database.Visit.STOP;
        });
    return last[0];
  }

  @Nullable EventPlace placeOf(UUID id) {
    byte[] value = database.get(EVENT_IDS, Keys.ofEventId(id));
    return value == null ? null : Keys.toPlace(value);
  }

  /** A stream's number; 0 when it has none. */
  long streamNumber(StreamId stream) {
    byte[] value = database.get(STREAM_NAMES, name(stream));
    return value == null ? 0 : StreamName.decode(value).number();
  }

  /** Where and when a stream's event was recorded; null when there is none. */
  @Nullable EventHeader headerOf(long streamNumber, long version) {
    byte[] value = database.get(STREAMS, Keys.ofStreamVersion(streamNumber, version));
    return value == null ? null : new StoredEvent(version, value).header();
  }

  /**
   * How far a reading of a stream has come.
   *
   * @param archived the events that come next, and are in the archive; the run has none of them
   * @param reached the last version that was looked at
   */
  record StreamPiece(List<StoredEvent> archived, long reached) {}

  /**
   * Adds a stream's events from version {@code from} to {@code to} (inclusive), rising, to a run.
   * Stops once it has {@code maxBytes}, and where events are in the archive: only if they are the
   * first it says which.
   */
  StreamPiece readStream(long streamNumber, long from, long to, EventRunBuilder run, int maxBytes) {
    PieceInTheMaking piece = new PieceInTheMaking(from, to, run, maxBytes);
    database.visitRowsForwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, from),
        Keys.ofStreamVersion(streamNumber, to + 1),
        row -> {
          long version = piece.version(row);
          // A stream's events are reclaimed from its first one on, perhaps while it is being read.
          if (version != piece.due && (piece.due != from || hasEventBefore(streamNumber, from))) {
            throw noVersion(streamNumber, piece.due);
          }
          return piece.add(version, version + 1, row);
        });
    return piece.done();
  }

  /** The same from version {@code from} down to {@code to} (inclusive), falling. */
  StreamPiece readStreamBackwards(
      long streamNumber, long from, long to, EventRunBuilder run, int maxBytes) {
    PieceInTheMaking piece = new PieceInTheMaking(from, to, run, maxBytes);
    database.visitRowsBackwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, from),
        Keys.ofStreamVersion(streamNumber, to),
        row -> {
          long version = piece.version(row);
          if (version != piece.due) {
            throw noVersion(streamNumber, piece.due);
          }
          return piece.add(version, version - 1, row);
        });
    return piece.done();
  }

  private static final class PieceInTheMaking {
    private final long to;
    private final EventRunBuilder run;
    private final int maxBytes;
    private final int before;
    private final List<StoredEvent> archived = new ArrayList<>(0);
    private final byte[] key = new byte[2 * Long.BYTES];
    private long due;
    private long last;
    private boolean stopped;

    PieceInTheMaking(long from, long to, EventRunBuilder run, int maxBytes) {
      this.to = to;
      this.run = run;
      this.maxBytes = maxBytes;
      this.before = run.count();
      this.due = from;
    }

    long version(Database.Row row) {
      if (row.key(key) < key.length) {
        throw new DamagedDataException(0, "a key of a stream's event is too short");
      }
      return Keys.toLong(key, Long.BYTES);
    }

    Database.Visit add(long version, long next, Database.Row row) {
      run.draft(row);
      boolean isArchived = StoredEvent.isArchived(run.firstOfDraft());
      if (isArchived ? run.count() > before : !archived.isEmpty()) {
        stopped = true; // it is for the next piece
        return Database.Visit.STOP;
      }
      if (isArchived) {
        archived.add(new StoredEvent(version, run.draft()));
      } else {
        run.addDraft();
      }
      due = next;
      last = version;
      stopped = version == to || run.length() >= maxBytes || archived.size() >= MAX_ARCHIVED;
      return stopped ? Database.Visit.STOP : Database.Visit.CONTINUE;
    }

    StreamPiece done() {
      return new StreamPiece(archived, stopped ? last : to);
    }
  }

  private boolean hasEventBefore(long streamNumber, long version) {
    return seekStreams(
        seeker ->
            seeker.atOrBefore(Keys.ofStreamVersion(streamNumber, version - 1))
                && Keys.toLong(seeker.key(), 0) == streamNumber);
  }

  private static DamagedDataException noVersion(long streamNumber, long version) {
    return new DamagedDataException(
        0, "the index has no version " + version + " of stream number " + streamNumber);
  }

  // ---- reclaiming

  /** How many positions up to the one that the index has reached have no event in it. */
  long reclaimed() {
    return reclaimed.get();
  }

  /** Adds to a batch that more events have been reclaimed. */
  void addReclaimedTo(BatchBytes batch, long more) {
    if (more > 0) {
      batch.put(progressId, RECLAIMED_KEY, Keys.ofLong(reclaimed.addAndGet(more)));
    }
  }

  /** The first stream behind a name, in byte order, about which something was decided. */
  Optional<StreamId> nextWithState(String afterName) {
    byte[] after = Postings.bytes(afterName);
    return database.seek(
        STREAM_STATES,
        null,
        seeker -> {
          boolean on = seeker.atOrAfter(after);
          if (on && Arrays.equals(seeker.key(), after)) {
            on = seeker.next();
          }
          return on
              ? Optional.of(new StreamId(new String(seeker.key(), StandardCharsets.UTF_8)))
              : Optional.empty();
        });
  }

  /**
   * Where a stream stands, of which something was decided, with nothing decided between the one
   * look and the other; null when nothing was.
   */
  @Nullable StreamHead decidedHead(StreamId stream) {
    byte[] key = name(stream);
    byte[] before = database.get(STREAM_STATES, key);
    while (before != null) {
      StreamHead head = streamHead(stream);
      byte[] after = database.get(STREAM_STATES, key);
      if (Arrays.equals(before, after)) {
        return head;
      }
      before = after;
    }
    return null;
  }

  /**
   * The oldest events of a stream that are there, up to a version, at most so many and so large.
   */
  List<StoredEvent> oldest(long streamNumber, long to, int limit, int maxBytes) {
    List<StoredEvent> events = new ArrayList<>();
    int[] bytes = {0};
    database.visitForwards(
        STREAMS,
        Keys.ofStreamVersion(streamNumber, 1),
        Keys.ofStreamVersion(streamNumber, to + 1),
        (key, event) -> {
          events.add(new StoredEvent(Keys.toLong(key, Long.BYTES), event));
          bytes[0] += event.length;
          return events.size() == limit || bytes[0] >= maxBytes
              ? Database.Visit.STOP
              : Database.Visit.CONTINUE;
        });
    return events;
  }

  /** Deletes what is kept of events that the log no longer has. Atomic. */
  void delete(long streamNumber, List<EventSummary> events, List<EventSummary> withPostings) {
    BatchBytes batch = new BatchBytes(64 * events.size());
    PostingsWithout postings = new PostingsWithout(terms);
    withPostings.forEach(postings::remove);
    postings.addTo(batch);
    for (EventSummary event : events) {
      batch.delete(streamsId, Keys.ofStreamVersion(streamNumber, event.version()));
    }
    synchronized (writing) {
      for (EventSummary event : events) {
        EventPlace place = placeOf(event.id());
        // The id may have been given to another event since the log has no longer had this one.
        if (place != null && place.position() == event.position()) {
          batch.delete(eventIdsId, Keys.ofEventId(event.id()));
        }
      }
      addReclaimedTo(batch, events.size());
      database.write(batch);
    }
  }

  /** Gives back the bytes of events that are in the archive; may take long. */
  void compactArchived() {
    database.flush();
    database.compact(STREAMS);
  }

  /** Gives back the bytes of what has been deleted; may take long. */
  void compact() {
    database.flush();
    database.compact(STREAMS);
    database.compact(EVENT_IDS);
    terms.compact();
  }

  // ---- finding

  /** Streams by name; see {@link io.varve.server.storage.EventStorage#streams}. */
  List<NamedStream> streams(String prefix, String afterName, int limit) {
    byte[] start = Postings.bytes(prefix);
    byte[] after = Postings.bytes(afterName);
    List<NamedStream> found = new ArrayList<>();
    database.seek(
        STREAM_NAMES,
        null,
        seeker -> {
          byte[] from = Arrays.compareUnsigned(after, start) < 0 ? start : after;
          for (boolean on = seeker.atOrAfter(from);
              on && found.size() < limit;
              on = seeker.next()) {
            byte[] name = seeker.key();
            if (!Postings.startsWith(name, start)) {
              break;
            }
            if (afterName.isEmpty() || !Arrays.equals(name, after)) {
              found.add(
                  new NamedStream(
                      new StreamId(new String(name, StandardCharsets.UTF_8)),
                      Keys.toLong(seeker.value(), 0)));
            }
          }
          return found;
        });
    return found;
  }

  /** Looks things up among the events by stream and version. */
  <T> T seekStreams(Function<Database.Seeker, T> search) {
    return database.seek(STREAMS, null, search);
  }

  /** The position of the event, by stream and version, that a search stands on. */
  static long positionAt(Database.Seeker seeker) {
    return StoredEvent.position(seeker.valueStart(StoredEvent.POSITION_BYTES));
  }

  /** A stream's name as a key. */
  static byte[] name(StreamId stream) {
    return stream.value().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    database.close();
  }
}
