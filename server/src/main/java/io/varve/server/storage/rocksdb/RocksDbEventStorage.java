package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.Commit;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventArchive;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventIndex;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.Head;
import io.varve.server.storage.NamedStream;
import io.varve.server.storage.Scavenge;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.StorageFigures;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import io.varve.server.storage.Verification;
import io.varve.server.storage.archive.ArchivePlace;
import io.varve.server.storage.archive.ArchiveReads;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LRUCache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Event storage in two RocksDB databases below one folder; see the package's description.
 *
 * <p>A commit is written to the log and synced, then to the index, and only then do readers see it.
 * A crash between the two leaves the index behind the log, which {@link #open} mends by replaying.
 */
public final class RocksDbEventStorage implements EventStorage {
  private static final Logger log = LoggerFactory.getLogger(RocksDbEventStorage.class);

  /** What a page of a stream begins with; most streams are small. */
  private static final int FIRST_RUN_BYTES = 8 * 1024;

  private final Path folder;
  private final LogDatabase logDatabase;
  private final HeadMark mark;
  private final IndexDatabase index;
  private final TermSegments segments;
  private final LRUCache cache;
  private final Head head;
  private final RocksDbArchive archive;
  private final Instant lastRecordedAt;

  private final long lastStreamNumber;

  private RocksDbEventStorage(
      Path folder,
      LogDatabase logDatabase,
      HeadMark mark,
      IndexDatabase index,
      TermSegments segments,
      LRUCache cache,
      Head head,
      RocksDbArchive archive,
      Instant lastRecordedAt) {
    this.folder = folder;
    this.logDatabase = logDatabase;
    this.mark = mark;
    this.index = index;
    this.segments = segments;
    this.cache = cache;
    this.head = head;
    this.archive = archive;
    this.lastRecordedAt = lastRecordedAt;
    this.lastStreamNumber = index.lastStreamNumber();
  }

  /**
   * Opens a data folder, creating what is missing in it and replaying what the index lacks. The
   * caller sees to it that nobody else has it open.
   *
   * @param folder exists and can be written to
   * @param newStoreId the id that a new store gets
   */
  public static RocksDbEventStorage open(Path folder, StorageSettings settings, UUID newStoreId) {
    return open(folder, settings, newStoreId, null, IndexBounds.STANDARD);
  }

  /**
   * The same with a place for old events.
   *
   * @param archive the place; null for none
   */
  public static RocksDbEventStorage open(
      Path folder, StorageSettings settings, UUID newStoreId, @Nullable ArchivePlace archive) {
    return open(folder, settings, newStoreId, archive, IndexBounds.STANDARD);
  }

  static RocksDbEventStorage open(
      Path folder, StorageSettings settings, UUID newStoreId, IndexBounds bounds) {
    return open(folder, settings, newStoreId, null, bounds);
  }

  static RocksDbEventStorage open(
      Path folder,
      StorageSettings settings,
      UUID newStoreId,
      @Nullable ArchivePlace place,
      IndexBounds bounds) {
    NativeLibrary.load(FolderPart.NATIVE.in(folder));
    LRUCache cache = new LRUCache(settings.blockCacheBytes());
    HeadMark mark = null;
    LogDatabase logDatabase = null;
    IndexDatabase index = null;
    try {
      mark = HeadMark.open(FolderPart.HEAD.in(folder));
      Path logFolder = FolderPart.LOG.in(folder);
      long headPosition = LogDatabase.lastPositionIn(logFolder);
      IndexRebuild.tidyUp(folder);
      FolderTree.delete(FolderPart.FROZEN.in(folder)); // of a backup that was killed
      index = openIndex(FolderPart.INDEX.in(folder), settings, cache);
      // Before the log is opened to be written: that would remove what might still be rescued.
      checkThatTheLogReaches(Math.max(mark.found(), index.progress().position()), headPosition);
      logDatabase = LogDatabase.open(logFolder, settings, cache, newStoreId);
      EncodedEvent last = logDatabase.lastEvent();
      Instant lastRecordedAt = last == null ? Instant.MIN : last.summary().recordedAt();
      TermSegments segments = new TermSegments(index.progress().openFrom(), bounds);
      new IndexReplay(logDatabase, index, segments).catchUp(headPosition);
      mark.raiseTo(headPosition);
      Head head = new Head(headPosition);
      RocksDbArchive archive =
          new RocksDbArchive(
              place == null ? null : place.ofStore().apply(logDatabase.storeId()),
              logDatabase,
              index,
              head,
              place == null ? Long.MAX_VALUE : place.segmentBytes(),
              place == null ? ArchiveReads.DIRECT : place.reads());
      return new RocksDbEventStorage(
          folder, logDatabase, mark, index, segments, cache, head, archive, lastRecordedAt);
    } catch (RuntimeException e) {
      closeQuietlyAfter(e, index, logDatabase, mark, cache);
      throw e;
    }
  }

  private static IndexDatabase openIndex(Path folder, StorageSettings settings, LRUCache cache) {
    IndexDatabase index;
    try {
      index = IndexDatabase.open(folder, settings, cache);
    } catch (StorageException e) {
      throw new StorageException(
          e.getMessage()
              + ". Everything in it is derived from the log: remove the folder "
              + folder
              + " and start again, and it is rebuilt.",
          e);
    }
    int format = index.progress().format();
    if (format == IndexDatabase.INDEX_FORMAT) {
      return index;
    }
    log.info(
        "rebuilding the index: it has format {}, this release writes {}",
        format,
        IndexDatabase.INDEX_FORMAT);
    index.close();
    FolderTree.delete(folder);
    return IndexDatabase.open(folder, settings, cache);
  }

  static void checkThatTheLogReaches(long known, long headPosition) {
    if (headPosition < known) {
      throw new DamagedDataException(
          headPosition,
          "the log ends at position "
              + headPosition
              + ", but it has held position "
              + known
              + ": it has lost events. Nothing has been changed; restore the data folder from a"
              + " backup.");
    }
  }

  @Override
  public Head head() {
    return head;
  }

  @Override
  public UUID storeId() {
    return logDatabase.storeId();
  }

  @Override
  public Instant lastRecordedAt() {
    return lastRecordedAt;
  }

  @Override
  public long lastStreamNumber() {
    return lastStreamNumber;
  }

  @Override
  public StreamHead streamHead(StreamId stream) {
    return index.streamHead(stream);
  }

  @Override
  public long tracking(String source) {
    return logDatabase.tracking(source, head.position());
  }

  @Override
  public long trackingWritten(String source) {
    return logDatabase.tracking(source);
  }

  @Override
  public @Nullable EventPlace placeOf(UUID eventId) {
    return index.placeOf(eventId);
  }

  @Override
  public StorageFigures figures() {
    return new StorageFigures(
        logDatabase.dataFormat(),
        head.position() - index.reclaimed(), // every other position that was given has its event
        index.lastStreamNumber(), // and every number its stream
        FolderSize.of(FolderPart.LOG.in(folder)) + FolderSize.of(FolderPart.INDEX.in(folder)));
  }

  @Override
  public List<EngineFigures> engineFigures() {
    return List.of(logDatabase.figures(), index.figures());
  }

  // ---- committing

  @Override
  public Commit begin() {
    return new RocksDbCommit(logDatabase, mark, index, segments, head);
  }

  // ---- reading

  @Override
  public EventPage readLog(long from, long to, int maxBytes) {
    return from > to
        ? EventPage.empty(to)
        : crossing(through -> readLog(from, to, maxBytes, through));
  }

  @Override
  public EventPage readLogBackwards(long from, long to, int maxBytes) {
    return from < to
        ? EventPage.empty(to)
        : crossing(through -> readLogBackwards(from, to, maxBytes, through));
  }

  /**
   * A read that begins while events are being moved may look for them where they no longer are; it
   * then looks again.
   *
   * @param read gets the last position that is in the archive
   */
  EventPage crossing(LongFunction<EventPage> read) {
    while (true) {
      long through = archive.lastPosition();
      try {
        return read.apply(through);
      } catch (LogDatabase.MovedException e) {
        if (archive.lastPosition() == through) {
          throw new IllegalStateException(
              "events behind position " + through + " are neither in the log nor in the archive",
              e);
        }
      }
    }
  }

  EventPage readLog(long from, long to, int maxBytes, long through) {
    if (from > through) {
      return logDatabase.read(from, to, maxBytes);
    }
    EventPage old = archive.read(from, Math.min(to, through), maxBytes);
    if (old.reached() == to || old.length() >= maxBytes) {
      return old;
    }
    return joined(old, logDatabase.read(through + 1, to, maxBytes - old.length()));
  }

  private EventPage readLogBackwards(long from, long to, int maxBytes, long through) {
    if (from <= through) {
      return archive.readBackwards(from, to, maxBytes);
    }
    EventPage young = logDatabase.readBackwards(from, Math.max(to, through + 1), maxBytes);
    if (young.reached() == to || young.length() >= maxBytes) {
      return young;
    }
    return joined(young, archive.readBackwards(through, to, maxBytes - young.length()));
  }

  private static EventPage joined(EventPage first, EventPage second) {
    List<EventRun> runs = new ArrayList<>(first.runs());
    runs.addAll(second.runs());
    return new EventPage(runs, second.reached());
  }

  @Override
  public EventPage readStream(long streamNumber, long from, long to, int maxBytes) {
    if (from > to) {
      return EventPage.empty(to);
    }
    EventRunBuilder run = new EventRunBuilder(Math.min(maxBytes, FIRST_RUN_BYTES));
    long next = from;
    while (next <= to && run.length() < maxBytes) {
      IndexDatabase.StreamPiece piece = index.readStream(streamNumber, next, to, run, maxBytes);
      next = 1 + addArchived(piece, run, maxBytes);
    }
    return run.count() == 0
        ? EventPage.empty(to)
        : new EventPage(List.of(run.buildLoose()), next - 1);
  }

  @Override
  public EventPage readStreamBackwards(long streamNumber, long from, long to, int maxBytes) {
    if (from < to) {
      return EventPage.empty(to);
    }
    EventRunBuilder run = new EventRunBuilder(Math.min(maxBytes, FIRST_RUN_BYTES));
    long next = from;
    while (next >= to && run.length() < maxBytes) {
      IndexDatabase.StreamPiece piece =
          index.readStreamBackwards(streamNumber, next, to, run, maxBytes);
      next = addArchived(piece, run, maxBytes) - 1;
    }
    return new EventPage(run.buildSingles(), next + 1);
  }

  @Override
  public void atHand(Runnable reads) {
    Database.atHand(reads);
  }

  /** Adds what a piece has in the archive, until there is enough; returns how far it came. */
  private long addArchived(IndexDatabase.StreamPiece piece, EventRunBuilder run, int maxBytes) {
    for (StoredEvent event : piece.archived()) {
      run.add(archive.event(event.header().position()));
      if (run.length() >= maxBytes) {
        return event.version();
      }
    }
    return piece.reached();
  }

  // ---- the archive

  @Override
  public EventArchive archive() {
    return archive;
  }

  /** The archive as this package knows it. */
  RocksDbArchive movedEvents() {
    return archive;
  }

  @Override
  public EventPage readOutlines(long from, long to, int maxBytes) {
    return from > to ? EventPage.empty(to) : logDatabase.readOutlines(from, to, maxBytes);
  }

  @Override
  public EventPage readOutlinesBackwards(long from, long to, int maxBytes) {
    return from < to ? EventPage.empty(to) : logDatabase.readOutlinesBackwards(from, to, maxBytes);
  }

  @Override
  public @Nullable EventHeader headerOf(long streamNumber, long version) {
    Database.mayWait(); // it is asked of many versions in turn, by those who search by time
    return index.headerOf(streamNumber, version);
  }

  // ---- finding

  @Override
  public EventIndex index() {
    return new RocksDbEventIndex(index, segments);
  }

  @Override
  public List<TermCount> termCounts(TermKind kind, @Nullable String afterText, int limit) {
    // The segments first: what has left them by then is written, and below any head seen later.
    RocksDbEventIndex now = new RocksDbEventIndex(index, segments);
    return now.termCounts(kind, afterText, head.position(), limit);
  }

  @Override
  public List<NamedStream> streams(String prefix, String afterName, int limit) {
    return index.streams(prefix, afterName, limit);
  }

  // ---- reclaiming

  @Override
  public Scavenge scavenge(InstantSource clock) {
    return scavenge(clock, () -> {});
  }

  /**
   * @param betweenLogAndIndex what is to happen in each step when events are gone from the log and
   *     not yet from the index
   */
  Scavenge scavenge(InstantSource clock, Runnable betweenLogAndIndex) {
    return new RocksDbScavenge(this, logDatabase, index, segments, clock, betweenLogAndIndex);
  }

  @Override
  public void compact() {
    logDatabase.compact();
    index.compact();
  }

  // ---- copying and checking

  @Override
  public BackupSource backupSource() {
    return new LogSource(logDatabase.database(), archive.files());
  }

  @Override
  public Verification verification() {
    return new LogVerification(logDatabase.database(), index.database());
  }

  @Override
  public Verification archiveVerification() {
    return new ArchiveVerification(logDatabase.database(), archive.files());
  }

  // ---- closing

  @Override
  public void close() {
    // Nothing is lost without this, but the next start would have to replay it.
    try {
      index.flush();
      logDatabase.flush();
    } catch (StorageException e) {
      log.warn("not everything could be flushed; the next start replays it: {}", e.getMessage());
    }
    index.close();
    logDatabase.close();
    mark.close();
    cache.close();
  }

  private static void closeQuietlyAfter(RuntimeException failure, @Nullable AutoCloseable... open) {
    for (AutoCloseable resource : open) {
      if (resource != null) {
        try {
          resource.close();
        } catch (Exception e) {
          failure.addSuppressed(e);
        }
      }
    }
  }
}
