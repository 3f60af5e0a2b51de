package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.snapshot.VersionRange;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.LRUCache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots in a RocksDB database of their own, so that nothing that befalls them can befall
 * events.
 *
 * <p>Column families: {@code snapshots} and {@code summaries}, both keyed as {@link SnapshotBytes}
 * says, the second without the states, so that a listing does not read them; {@code meta}.
 */
public final class RocksDbSnapshotStore implements SnapshotStore {
  private static final Logger log = LoggerFactory.getLogger(RocksDbSnapshotStore.class);

  /*
   * What stands here may be thrown away at any time, and is thrown away on opening rather than doubted:
   *
   *   - when the database cannot be opened;
   *   - when a read or write failed while it was open (the file "damaged" then says so);
   *   - when it has another format, or belongs to another store;
   *   - when the log is shorter than it was at the latest save. Then somebody has put back an older copy of the log,
   *     its versions are being given out again, and a snapshot may hold what never happened in this history. "reached"
   *     is the highest head at any save; it is merged with the operator "max", so that saves need no lock to raise it.
   */
  private static final int FORMAT = 1;

  static final String SNAPSHOTS = "snapshots";
  static final String SUMMARIES = "summaries";
  private static final String META = "meta";
  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  private static final byte[] STORE_ID_KEY = "store_id".getBytes(StandardCharsets.UTF_8);
  private static final byte[] REACHED_KEY = "reached".getBytes(StandardCharsets.UTF_8);
  private static final String DAMAGED_FILE = "damaged";

  /** How many are deleted with one write. */
  private static final int DELETED_AT_ONCE = 1_000;

  private final Path folder;
  private final Database database;
  private final LRUCache cache;
  private final int kept;
  private final int snapshotsId;
  private final int summariesId;
  private final int metaId;

  private RocksDbSnapshotStore(Path folder, Database database, LRUCache cache, int kept) {
    this.folder = folder;
    this.database = database;
    this.cache = cache;
    this.kept = kept;
    this.snapshotsId = database.idOf(SNAPSHOTS);
    this.summariesId = database.idOf(SUMMARIES);
    this.metaId = database.idOf(META);
  }

  // ---- opening

  /**
   * Opens the snapshots of a data folder; never fails. What cannot be opened, or cannot be trusted,
   * is emptied, and if even that is impossible, the store that is returned holds nothing and takes
   * nothing.
   *
   * @param dataFolder the data folder, which the caller alone has open
   * @param storeId the id of the store that the folder holds
   * @param headPosition the log's head
   * @param kept how many snapshots are kept for each stream; 0 for all
   */
  public static SnapshotStore open(Path dataFolder, UUID storeId, long headPosition, int kept) {
    Path folder = FolderPart.SNAPSHOTS.in(dataFolder);
    try {
      NativeLibrary.load(FolderPart.NATIVE.in(dataFolder));
      RocksDbSnapshotStore found = null;
      String distrust;
      try {
        found = openOnce(folder, kept);
        distrust = found.reasonForDistrust(storeId, headPosition);
      } catch (StorageException e) {
        distrust = e.getMessage();
      }
      if (found != null && distrust == null) {
        return found;
      }
      log.warn("emptying {}, which costs speed and loses nothing: {}", folder, distrust);
      if (found != null) {
        found.close();
      }
      FolderTree.delete(folder);
      RocksDbSnapshotStore store = openOnce(folder, kept);
      store.claim(storeId);
      return store;
    } catch (StorageException e) {
      log.warn("no snapshots can be kept in {} until it is mended: {}", folder, e.getMessage());
      return new Unusable(e);
    }
  }

  private static RocksDbSnapshotStore openOnce(Path folder, int kept) {
    LRUCache cache = SmallDatabase.cache();
    try {
      Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
      families.put(SNAPSHOTS, SmallDatabase.family(cache));
      families.put(SUMMARIES, SmallDatabase.family(cache));
      families.put(META, SmallDatabase.family(cache).setMergeOperatorName("max"));
      Database database =
          SmallDatabase.open("snapshots", folder, families, false); // a cache: not worth a sync
      return new RocksDbSnapshotStore(folder, database, cache, kept);
    } catch (RuntimeException e) {
      cache.close();
      throw e;
    }
  }

  /** Why what is in the database must not be used; null when it may be. */
  private @Nullable String reasonForDistrust(UUID storeId, long headPosition) {
    if (Files.exists(folder.resolve(DAMAGED_FILE))) {
      return "it was found damaged";
    }
    if (isNew(database::get)) {
      claim(storeId);
      return null;
    }
    return reasonForDistrust(database::get, storeId, headPosition);
  }

  /** Looks up a key of a family. */
  interface LookUp {
    byte @Nullable [] get(String family, byte[] key);
  }

  private static boolean isNew(LookUp meta) {
    return meta.get(META, FORMAT_KEY) == null
        && meta.get(META, STORE_ID_KEY) == null
        && meta.get(META, REACHED_KEY) == null;
  }

  /** The same of a database that somebody else has open, or that nobody writes to. */
  static @Nullable String reasonForDistrust(LookUp meta, UUID storeId, long headPosition) {
    if (isNew(meta)) {
      return null;
    }
    byte[] format = meta.get(META, FORMAT_KEY);
    byte[] id = meta.get(META, STORE_ID_KEY);
    byte[] reached = meta.get(META, REACHED_KEY);
    if (format == null || format.length != Long.BYTES || Keys.toLong(format, 0) != FORMAT) {
      return "it has a format that this release does not know";
    }
    if (id == null || !new String(id, StandardCharsets.UTF_8).equals(storeId.toString())) {
      return "it belongs to another store";
    }
    if (reached != null && Keys.toLong(reached, 0) > headPosition) {
      return "it was made when the log had come to position "
          + Keys.toLong(reached, 0)
          + ", and the log ends at "
          + headPosition;
    }
    return null;
  }

  private void claim(UUID storeId) {
    BatchBytes batch = new BatchBytes(0);
    batch.put(metaId, FORMAT_KEY, Keys.ofLong(FORMAT));
    batch.put(metaId, STORE_ID_KEY, storeId.toString().getBytes(StandardCharsets.UTF_8));
    database.write(batch);
  }

  // ---- writing

  @Override
  public void save(Snapshot snapshot, long headPosition) {
    byte[] key = SnapshotBytes.key(snapshot.stream(), snapshot.version());
    byte[] value = SnapshotBytes.value(key, snapshot);
    BatchBytes batch = new BatchBytes(value.length + 2 * key.length + 512);
    batch.put(snapshotsId, key, value);
    batch.put(summariesId, key, SnapshotBytes.value(key, snapshot.summary()));
    batch.merge(metaId, REACHED_KEY, Keys.ofLong(headPosition));
    write(batch);
    if (kept > 0) {
      // Of saves at the same time, the last to get here sees them all.
      dropAllButTheNewest(snapshot.stream());
    }
  }

  private void dropAllButTheNewest(StreamId stream) {
    BatchBytes batch = new BatchBytes(0);
    int[] seen = {0};
    noteIfItFails(
        () ->
            database.visitBackwards(
                SUMMARIES,
                SnapshotBytes.key(stream, Long.MAX_VALUE),
                SnapshotBytes.key(stream, 1),
                (key, _) -> {
                  if (seen[0]++ >= kept) {
                    delete(batch, key);
                  }
                  return seen[0] - kept < DELETED_AT_ONCE
                      ? Database.Visit.CONTINUE
                      : Database.Visit.STOP;
                }));
    if (!batch.isEmpty()) {
      write(batch);
    }
  }

  @Override
  public long delete(StreamId stream, VersionRange versions) {
    long deleted = 0;
    while (!versions.isEmpty()) {
      BatchBytes batch = new BatchBytes(0);
      int[] found = {0};
      noteIfItFails(
          () ->
              database.visitBackwards(
                  SUMMARIES,
                  SnapshotBytes.key(stream, versions.highest()),
                  SnapshotBytes.key(stream, versions.lowest()),
                  (key, _) -> {
                    delete(batch, key);
                    return ++found[0] < DELETED_AT_ONCE
                        ? Database.Visit.CONTINUE
                        : Database.Visit.STOP;
                  }));
      if (found[0] == 0) {
        break;
      }
      write(batch);
      deleted += found[0];
    }
    return deleted;
  }

  private void delete(BatchBytes batch, byte[] key) {
    batch.delete(snapshotsId, key);
    batch.delete(summariesId, key);
  }

  private void write(BatchBytes batch) {
    noteIfItFails(() -> database.write(batch));
  }

  // ---- reading

  @Override
  public @Nullable Snapshot newest(StreamId stream, VersionRange versions) {
    if (versions.isEmpty()) {
      return null;
    }
    List<Snapshot> found = new ArrayList<>(1);
    visitNewestFirst(
        SNAPSHOTS,
        stream,
        versions,
        (key, value) -> {
          found.add(SnapshotBytes.toSnapshot(stream, key, value));
          return Database.Visit.STOP;
        });
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public List<SnapshotSummary> list(StreamId stream, VersionRange versions, int max) {
    List<SnapshotSummary> found = new ArrayList<>();
    if (versions.isEmpty() || max < 1) {
      return found;
    }
    visitNewestFirst(
        SUMMARIES,
        stream,
        versions,
        (key, value) -> {
          found.add(SnapshotBytes.toSummary(stream, key, value));
          return found.size() < max ? Database.Visit.CONTINUE : Database.Visit.STOP;
        });
    return found;
  }

  /** Passes over what is damaged, and removes it. */
  private void visitNewestFirst(
      String family, StreamId stream, VersionRange versions, Database.Visitor visitor) {
    BatchBytes damaged = new BatchBytes(0);
    try {
      noteIfItFails(
          () ->
              database.visitBackwards(
                  family,
                  SnapshotBytes.key(stream, versions.highest()),
                  SnapshotBytes.key(stream, versions.lowest()),
                  (key, value) -> {
                    try {
                      return visitor.visit(key, value);
                    } catch (DamagedDataException e) {
                      log.warn("{}; it is removed, which loses nothing", e.getMessage());
                      delete(damaged, key);
                      return Database.Visit.CONTINUE;
                    }
                  }));
      if (!damaged.isEmpty()) {
        write(damaged);
      }
    } catch (StorageException e) {
      log.warn("snapshots of stream {} are passed over: {}", stream, e.getMessage());
    }
  }

  @Override
  public long diskBytes() {
    return FolderSize.of(folder);
  }

  // ---- copying and checking

  @Override
  public List<BackupSource> backupSources() {
    return List.of(new DatabaseSource(FolderPart.SNAPSHOTS, database));
  }

  @Override
  public List<Verification> verifications(
      UUID storeId, ToLongFunction<StreamId> versionOf, LongSupplier head) {
    return List.of(new SnapshotsVerification(database, storeId, versionOf, head));
  }

  /** Opens the snapshots of a data folder to look at them; changes nothing about them. */
  static Database openReadOnly(Path folder) {
    Map<String, ColumnFamilyOptions> families =
        Map.of(META, new ColumnFamilyOptions().setMergeOperatorName("max"));
    return Database.openReadOnly("snapshots", folder, new DBOptions(), families);
  }

  /**
   * Drops what is ahead of a log that has been cut. If that fails, drops everything: it is a cache.
   *
   * @param dataFolder the data folder, which the caller alone has open
   * @param versionOf a stream's version in the log as it is now
   * @param headPosition where the log ends now
   */
  static void cut(Path dataFolder, ToLongFunction<StreamId> versionOf, long headPosition) {
    Path folder = FolderPart.SNAPSHOTS.in(dataFolder);
    if (!Database.isIn(folder)) {
      return;
    }
    try {
      RocksDbSnapshotStore store = openOnce(folder, 0);
      try {
        store.dropAheadOf(versionOf, headPosition);
      } finally {
        store.close();
      }
    } catch (StorageException e) {
      log.warn("emptying {}, which costs speed and loses nothing: {}", folder, e.getMessage());
      FolderTree.delete(folder);
    }
  }

  private void dropAheadOf(ToLongFunction<StreamId> versionOf, long headPosition) {
    BatchBytes batch = new BatchBytes(0);
    try (Database.View view = database.view()) {
      Database.Cursor cursor = view.cursor(SUMMARIES);
      for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
        byte[] key = cursor.key();
        if (SnapshotBytes.version(key) > versionOf.applyAsLong(SnapshotBytes.stream(key))) {
          delete(batch, key);
        }
        if (batch.length() > 1024 * 1024) {
          database.write(batch);
          batch = new BatchBytes(0);
        }
      }
    }
    batch.put(metaId, REACHED_KEY, Keys.ofLong(headPosition));
    database.write(batch);
    database.flush();
  }

  @Override
  public List<EngineFigures> engineFigures() {
    return List.of(database.figures());
  }

  // ---- failing and closing

  /**
   * Does something with the database; when that fails, the next start is told to begin with an
   * empty one.
   */
  private void noteIfItFails(Runnable action) {
    try {
      action.run();
    } catch (StorageException e) {
      try {
        Files.createFile(folder.resolve(DAMAGED_FILE));
      } catch (FileAlreadyExistsException known) {
        // noted before
      } catch (IOException noting) {
        e.addSuppressed(noting);
      }
      throw e;
    }
  }

  @Override
  public void close() {
    try {
      database.close();
    } catch (StorageException e) {
      log.warn("the snapshots were not closed cleanly: {}", e.getMessage());
    } finally {
      cache.close();
    }
  }

  /** Stands in where no database can be opened. */
  private static final class Unusable implements SnapshotStore {
    private final StorageException cause;

    Unusable(StorageException cause) {
      this.cause = cause;
    }

    @Override
    public void save(Snapshot snapshot, long headPosition) {
      throw new StorageException("no snapshots can be kept: " + cause.getMessage(), cause);
    }

    @Override
    public @Nullable Snapshot newest(StreamId stream, VersionRange versions) {
      return null;
    }

    @Override
    public List<SnapshotSummary> list(StreamId stream, VersionRange versions, int max) {
      return List.of();
    }

    @Override
    public long delete(StreamId stream, VersionRange versions) {
      return 0;
    }

    @Override
    public long diskBytes() {
      return 0;
    }

    @Override
    public List<BackupSource> backupSources() {
      return List.of();
    }

    @Override
    public List<Verification> verifications(
        UUID storeId, ToLongFunction<StreamId> versionOf, LongSupplier head) {
      return List.of();
    }

    @Override
    public void close() {
      // nothing is open
    }
  }
}
