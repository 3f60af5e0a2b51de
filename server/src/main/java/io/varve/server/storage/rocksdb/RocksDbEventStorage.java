package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.Head;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.StreamHead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;
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

  private final LogDatabase logDatabase;
  private final IndexDatabase index;
  private final LRUCache cache;
  private final Head head;
  private final Instant lastRecordedAt;

  private final long lastStreamNumber;

  private RocksDbEventStorage(
      LogDatabase logDatabase,
      IndexDatabase index,
      LRUCache cache,
      long headPosition,
      Instant lastRecordedAt) {
    this.logDatabase = logDatabase;
    this.index = index;
    this.cache = cache;
    this.head = new Head(headPosition);
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
    NativeLibrary.load(folder.resolve("native"));
    LRUCache cache = new LRUCache(settings.blockCacheBytes());
    LogDatabase logDatabase = null;
    IndexDatabase index = null;
    try {
      logDatabase = LogDatabase.open(folder.resolve("log"), settings, cache, newStoreId);
      EncodedEvent last = logDatabase.lastEvent();
      long headPosition = last == null ? 0 : last.position();
      Instant lastRecordedAt = last == null ? Instant.MIN : last.summary().recordedAt();
      Path indexFolder = folder.resolve("index");
      index = IndexDatabase.open(indexFolder, settings, cache);
      if (index.progress().format() != IndexDatabase.INDEX_FORMAT) {
        log.info(
            "rebuilding the index: it has format {}, this release writes {}",
            index.progress().format(),
            IndexDatabase.INDEX_FORMAT);
        index.close();
        deleteRecursively(indexFolder);
        index = IndexDatabase.open(indexFolder, settings, cache);
      }
      new IndexReplay(logDatabase, index).catchUp(headPosition);
      return new RocksDbEventStorage(logDatabase, index, cache, headPosition, lastRecordedAt);
    } catch (RuntimeException e) {
      closeQuietlyAfter(e, index, logDatabase, cache);
      throw e;
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
  public @Nullable StreamHead streamHead(StreamId stream) {
    return index.streamHead(stream);
  }

  @Override
  public @Nullable EventPlace placeOf(UUID eventId) {
    return index.placeOf(eventId);
  }

  // ---- committing
  // ----------------------------------------------------------------------------------

  @Override
  public Commit begin() {
    return new RocksDbCommit(logDatabase, index, head);
  }

  // ---- reading
  // -------------------------------------------------------------------------------------

  @Override
  public EventPage readLog(long from, long to, int maxBytes) {
    return from > to ? EventPage.empty() : logDatabase.read(from, to, maxBytes);
  }

  @Override
  public EventPage readLogBackwards(long from, long to, int maxBytes) {
    return from < to ? EventPage.empty() : logDatabase.readBackwards(from, to, maxBytes);
  }

  @Override
  public EventPage readStream(long streamNumber, long from, long to, int maxBytes) {
    return from > to ? EventPage.empty() : index.readStream(streamNumber, from, to, maxBytes);
  }

  @Override
  public EventPage readStreamBackwards(long streamNumber, long from, long to, int maxBytes) {
    return from < to
        ? EventPage.empty()
        : index.readStreamBackwards(streamNumber, from, to, maxBytes);
  }

  // ---- closing
  // -------------------------------------------------------------------------------------

  @Override
  public void close() {
    // Nothing of the index is lost without this, but the next start would have to replay it.
    try {
      index.flush();
    } catch (StorageException e) {
      log.warn("the index could not be flushed; the next start replays it: {}", e.getMessage());
    }
    index.close();
    logDatabase.close();
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

  private static void deleteRecursively(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new StorageException("cannot remove the outdated index " + folder, e);
    }
  }
}
