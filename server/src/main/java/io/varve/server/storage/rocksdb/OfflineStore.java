package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.VerifyWatch;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.ArchivePlace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LRUCache;

/** What can be done to a data folder that no server has open, but for opening it. */
public final class OfflineStore {
  /** What the archive's files are below in a backup. */
  public static final String ARCHIVE_IN_BACKUP = LogSource.ARCHIVE_FOLDER;

  private final Path folder;
  private final StorageSettings settings;

  /**
   * @param folder the data folder, which the caller alone has open
   */
  public OfflineStore(Path folder, StorageSettings settings) {
    this.folder = folder;
    this.settings = settings;
  }

  // ---- verifying

  /**
   * Re-reads everything in the folder and compares it. Changes nothing in it.
   *
   * @param archive where the archive's files are, those of stores by their ids; null when nobody
   *     has said so: they are not verified then, which is noted
   */
  public void verify(@Nullable ArchivePlace archive, VerifyWatch watch) {
    NativeLibrary.load(FolderPart.NATIVE.in(folder));
    if (Files.exists(FolderPart.RESTORING.in(folder))) {
      watch.finding("a restore into this folder has not come to its end; do it again");
      return;
    }
    if (!Database.isIn(FolderPart.LOG.in(folder))) {
      watch.finding("there is no log in " + folder + ", or it has lost its CURRENT file");
      return;
    }
    try (Database log = LogDatabase.openReadOnly(FolderPart.LOG.in(folder))) {
      try (Database index = openIndex(watch)) {
        verify(log, index, watch);
      }
      verifyArchive(log, archive, watch);
    } catch (StorageException e) {
      watch.finding(String.valueOf(e.getMessage()));
    }
  }

  private static void verifyArchive(
      Database log, @Nullable ArchivePlace archive, VerifyWatch watch) {
    UUID storeId = LogDatabase.storeIdOf(log);
    if (storeId != null && archive != null) {
      new ArchiveVerification(log, archive.ofStore().apply(storeId)).run(watch);
      return;
    }
    try (Database.View view = log.view()) {
      int files = LogDatabase.segmentsIn(view).size();
      if (files > 0) {
        watch.note(
            "the store has " + files + " files in an archive, which were not verified: name it");
      }
    } catch (DamagedDataException toldOfTheLog) {
      // by the check of the catalogue
    }
  }

  private @Nullable Database openIndex(VerifyWatch watch) {
    Path index = FolderPart.INDEX.in(folder);
    if (!Files.exists(index)) {
      watch.note("there is no index; the next start builds it from the log");
      return null;
    }
    try {
      return IndexDatabase.openReadOnly(index);
    } catch (StorageException e) {
      watch.finding(e.getMessage() + " (it can be made anew from the log: varve rebuild-indexes)");
      return null;
    }
  }

  private void verify(Database log, @Nullable Database index, VerifyWatch watch) {
    LogVerification verification = new LogVerification(log, index);
    verification.run(watch);
    long behind = verification.logLast() - verification.indexLast();
    if (index != null && behind > 0) {
      watch.note(
          "the index is " + behind + " positions behind the log; the next start replays them");
    }
    HeadMark.verify(FolderPart.HEAD.in(folder), verification.logLast(), watch);
    UUID storeId = LogDatabase.storeIdOf(log);
    if (storeId == null) {
      watch.finding("the log has no store id");
      return;
    }
    if (index != null) {
      verifySnapshots(storeId, verification, IndexDatabase.over(index), watch);
    }
    verifyGroups(storeId, verification.logLast(), watch);
  }

  private void verifySnapshots(
      UUID storeId, LogVerification verified, IndexDatabase index, VerifyWatch watch) {
    Path snapshots = FolderPart.SNAPSHOTS.in(folder);
    if (!Database.isIn(snapshots)) {
      return;
    }
    try (Database database = RocksDbSnapshotStore.openReadOnly(snapshots)) {
      ToLongFunction<StreamId> versionOf =
          stream ->
              Math.max(index.streamHead(stream).version(), verified.versionBehindTheIndex(stream));
      new SnapshotsVerification(database, storeId, versionOf, verified::logLast).run(watch);
    } catch (StorageException e) {
      watch.finding(e.getMessage() + " (the next start empties the snapshots, which costs speed)");
    }
  }

  private void verifyGroups(UUID storeId, long logLast, VerifyWatch watch) {
    Path groups = FolderPart.GROUPS.in(folder);
    if (!Database.isIn(groups)) {
      return;
    }
    try (Database database = RocksDbGroupStore.openReadOnly(groups)) {
      new GroupsVerification(database, storeId, () -> logLast).run(watch);
    } catch (StorageException e) {
      watch.finding(
          e.getMessage()
              + " (a server does not start on such groups; with the folder moved away it starts"
              + " without any)");
    }
  }

  // ---- rebuilding

  /**
   * Makes the index anew from the log. Begun again after a crash, it goes on where it was.
   *
   * @throws StorageException the log is damaged, or the disk failed; the index is as it was
   */
  public void rebuildIndexes(RebuildWatch watch) {
    NativeLibrary.load(FolderPart.NATIVE.in(folder));
    long head = LogDatabase.lastPositionIn(FolderPart.LOG.in(folder));
    RocksDbEventStorage.checkThatTheLogReaches(
        Math.max(HeadMark.in(FolderPart.HEAD.in(folder)), lastInIndex()), head);
    try (LRUCache cache = new LRUCache(settings.blockCacheBytes());
        LogDatabase log = openLog(cache)) {
      rebuild(log, head, watch);
    }
  }

  /** How far the index that is there says that it has come; 0 when it does not say. */
  private long lastInIndex() {
    Path index = FolderPart.INDEX.in(folder);
    if (!Database.isIn(index)) {
      return 0;
    }
    try (Database database = IndexDatabase.openReadOnly(index);
        Database.View view = database.view()) {
      return IndexDatabase.progressIn(view).position();
    } catch (StorageException unreadable) {
      return 0; // which is why it is rebuilt
    }
  }

  private LogDatabase openLog(LRUCache cache) {
    if (!Database.isIn(FolderPart.LOG.in(folder))) {
      throw new StorageException("there is no log in " + folder);
    }
    return LogDatabase.open(FolderPart.LOG.in(folder), settings, cache, new UUID(0, 0));
  }

  private void rebuild(LogDatabase log, long head, RebuildWatch watch) {
    new IndexRebuild(folder, settings).run(log, head, IndexBounds.STANDARD, watch);
  }

  // ---- restoring

  /**
   * Up to where a backup is restored.
   *
   * @param position up to this position; null for no bound
   * @param time what was recorded at or before this time; null for no bound
   */
  public record RestoreBound(@Nullable Long position, @Nullable Instant time) {
    /** Everything. */
    public static final RestoreBound NONE = new RestoreBound(null, null);
  }

  /**
   * Makes a store of the databases of a backup that have been put into the folder: cuts the log if
   * it is to be cut, makes the index, drops what is ahead.
   *
   * @param archive where the backup has the archive's files
   * @param keepsArchive whether what is in the archive stays there; otherwise all of it is put back
   *     into the log. What lies in a file that goes beyond the bound is in any case
   * @throws StorageException what was in the backup is damaged, or the disk failed
   * @throws IllegalArgumentException the log ends before the position to which it is to be restored
   */
  public Finished finishRestore(
      RestoreBound bound, ArchiveFiles archive, boolean keepsArchive, RebuildWatch watch) {
    NativeLibrary.load(FolderPart.NATIVE.in(folder));
    try (LRUCache cache = new LRUCache(settings.blockCacheBytes());
        LogDatabase log = openLog(cache)) {
      long last = log.lastPosition();
      long end = endOf(bound, log, last);
      if (end < last) {
        new LogCut(log).to(end);
      }
      new ArchiveReturn(log, archive).allBehind(keepsArchive ? end : 0);
      rebuild(log, end, watch);
      if (end < last) {
        try (IndexDatabase index =
            IndexDatabase.open(FolderPart.INDEX.in(folder), settings, cache)) {
          RocksDbSnapshotStore.cut(folder, stream -> index.streamHead(stream).version(), end);
        }
      }
      try (HeadMark mark = HeadMark.open(FolderPart.HEAD.in(folder))) {
        mark.raiseTo(end);
      }
      return new Finished(end, log.storeId(), log.segments());
    }
  }

  /**
   * What has been restored.
   *
   * @param position the last position
   * @param archived the files that the store's archive is to have
   */
  public record Finished(long position, UUID storeId, List<ArchiveSegment> archived) {}

  private static long endOf(RestoreBound bound, LogDatabase log, long last) {
    long end = last;
    if (bound.position() != null) {
      if (bound.position() > last) {
        throw new IllegalArgumentException(
            "the backup ends at position " + last + ", before position " + bound.position());
      }
      end = bound.position();
    }
    return bound.time() == null
        ? end
        : Math.min(end, new LogCut(log).lastPositionUntil(bound.time(), last));
  }
}
