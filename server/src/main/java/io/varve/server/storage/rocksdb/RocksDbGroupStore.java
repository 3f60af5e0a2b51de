package io.varve.server.storage.rocksdb;

import io.varve.server.group.GroupChange;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupStore;
import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import io.varve.server.group.StoredGroup;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.LRUCache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consumer groups in a RocksDB database of their own, every write of which is synced: what they do
 * never waits for appends, nor appends for it.
 *
 * <p>Column families: {@code groups} (what they are) and {@code progress}, keyed by the group's
 * number; {@code parked}, keyed by number and position; {@code meta}. See {@link GroupBytes}.
 */
public final class RocksDbGroupStore implements GroupStore {
  private static final Logger log = LoggerFactory.getLogger(RocksDbGroupStore.class);

  private static final int FORMAT = 1;

  static final String GROUPS = "groups";
  static final String PROGRESS = "progress";
  static final String PARKED = "parked";
  static final String META = "meta";
  static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  static final byte[] STORE_ID_KEY = "store_id".getBytes(StandardCharsets.UTF_8);
  static final byte[] REACHED_KEY = "reached".getBytes(StandardCharsets.UTF_8);
  static final byte[] LAST_NUMBER_KEY = "last_number".getBytes(StandardCharsets.UTF_8);

  private final Path folder;
  private final Database database;
  private final LRUCache cache;
  private final int groupsId;
  private final int progressId;
  private final int parkedId;
  private final int metaId;

  private RocksDbGroupStore(Path folder, Database database, LRUCache cache) {
    this.folder = folder;
    this.database = database;
    this.cache = cache;
    this.groupsId = database.idOf(GROUPS);
    this.progressId = database.idOf(PROGRESS);
    this.parkedId = database.idOf(PARKED);
    this.metaId = database.idOf(META);
  }

  /**
   * Opens the groups of a data folder.
   *
   * @param dataFolder the data folder, which the caller alone has open
   * @param storeId the id of the store that the folder holds
   * @throws StorageException they cannot be opened, have a format that is not known, or belong to
   *     another store. Nothing has been changed; whoever can do without them moves the folder
   *     {@code groups} away.
   */
  public static GroupStore open(Path dataFolder, UUID storeId) {
    Path folder = FolderPart.GROUPS.in(dataFolder);
    NativeLibrary.load(FolderPart.NATIVE.in(dataFolder));
    LRUCache cache = SmallDatabase.cache();
    RocksDbGroupStore store;
    try {
      Map<String, ColumnFamilyOptions> families = new LinkedHashMap<>();
      for (String family : List.of(GROUPS, PROGRESS, PARKED, META)) {
        families.put(family, SmallDatabase.family(cache));
      }
      store =
          new RocksDbGroupStore(
              folder, SmallDatabase.open("groups", folder, families, true), cache);
    } catch (RuntimeException e) {
      cache.close();
      throw e;
    }
    try {
      store.checkOwner(storeId);
      return store;
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private void checkOwner(UUID storeId) {
    byte[] format = database.get(META, FORMAT_KEY);
    byte[] id = database.get(META, STORE_ID_KEY);
    if (format == null && id == null) {
      BatchBytes batch = new BatchBytes(0);
      batch.put(metaId, FORMAT_KEY, Keys.ofLong(FORMAT));
      batch.put(metaId, STORE_ID_KEY, storeId.toString().getBytes(StandardCharsets.UTF_8));
      database.write(batch);
      return;
    }
    String reason = reasonNotToOpen(format, id, storeId);
    if (reason != null) {
      throw new StorageException(
          "the consumer groups in " + folder + " " + reason + "; move the folder away");
    }
  }

  /**
   * What is wrong with groups on the whole, as it goes on after "the consumer groups"; null when
   * nothing is.
   *
   * @param format what they say of their format
   * @param id what they say of the store that they belong to
   * @param storeId the store that they are to belong to
   */
  static @Nullable String reasonNotToOpen(
      byte @Nullable [] format, byte @Nullable [] id, UUID storeId) {
    if (format == null || format.length != Long.BYTES || Keys.toLong(format, 0) != FORMAT) {
      return "have a format that this release does not know";
    }
    return id == null || !new String(id, StandardCharsets.UTF_8).equals(storeId.toString())
        ? "belong to another store"
        : null;
  }

  /** Opens groups to look at them; changes nothing about them. */
  static Database openReadOnly(Path folder) {
    return Database.openReadOnly("groups", folder, new DBOptions(), Map.of());
  }

  // ---- writing

  @Override
  public void write(List<GroupChange> changes, long headPosition) {
    BatchBytes batch = new BatchBytes(0);
    long lastNumber = 0;
    for (GroupChange change : changes) {
      add(batch, change);
      lastNumber = change.definition() == null ? lastNumber : Math.max(lastNumber, change.number());
    }
    batch.put(metaId, REACHED_KEY, Keys.ofLong(headPosition));
    if (lastNumber > lastNumber()) {
      batch.put(metaId, LAST_NUMBER_KEY, Keys.ofLong(lastNumber));
    }
    database.write(batch);
  }

  private void add(BatchBytes batch, GroupChange change) {
    long number = change.number();
    byte[] key = GroupBytes.key(number);
    if (change.deleted()) {
      batch.delete(groupsId, key);
      batch.delete(progressId, key);
      batch.deleteRange(parkedId, key, GroupBytes.key(number + 1));
      return;
    }
    GroupDefinition definition = change.definition();
    if (definition != null) {
      batch.put(groupsId, key, GroupBytes.value(key, definition));
    }
    Progress progress = change.progress();
    if (progress != null) {
      batch.put(progressId, key, GroupBytes.value(key, progress));
    }
    Long unparkedAfter = change.unparkedAfter();
    if (unparkedAfter != null) {
      batch.deleteRange(
          parkedId, GroupBytes.key(number, unparkedAfter + 1), GroupBytes.key(number + 1));
    }
    for (long position : change.unparked()) {
      batch.delete(parkedId, GroupBytes.key(number, position));
    }
    for (Parked event : change.parked()) {
      byte[] parkedKey = GroupBytes.key(number, event.position());
      batch.put(parkedId, parkedKey, GroupBytes.value(parkedKey, event));
    }
  }

  // ---- reading

  @Override
  public List<StoredGroup> groups() {
    List<StoredGroup> found = new ArrayList<>();
    database.visitForwards(
        GROUPS,
        GroupBytes.key(0),
        GroupBytes.key(Long.MAX_VALUE),
        (key, value) -> {
          try {
            found.add(stored(key, value));
          } catch (DamagedDataException e) {
            log.error("{}; the group is left out, and stays as it is on the disk", e.getMessage());
          }
          return Database.Visit.CONTINUE;
        });
    return found;
  }

  @Override
  public @Nullable StoredGroup group(long number) {
    byte[] key = GroupBytes.key(number);
    byte[] value = database.get(GROUPS, key);
    return value == null ? null : stored(key, value);
  }

  private StoredGroup stored(byte[] key, byte[] value) {
    long number = Keys.toLong(key, 0);
    GroupDefinition definition = GroupBytes.toDefinition(key, value);
    byte[] progress = database.get(PROGRESS, key);
    try {
      if (progress == null) {
        throw new DamagedDataException(
            0, "the progress of consumer group number " + number + " is missing");
      }
      return new StoredGroup(number, definition, GroupBytes.toProgress(key, progress), "");
    } catch (DamagedDataException e) {
      log.error("group {}: {}", definition.name(), e.getMessage());
      return new StoredGroup(
          number,
          definition,
          Progress.startingAfter(0, 0),
          e.getMessage() + "; nothing is delivered, create the group anew");
    }
  }

  @Override
  public long reached() {
    return meta(REACHED_KEY);
  }

  @Override
  public long lastNumber() {
    return meta(LAST_NUMBER_KEY);
  }

  private long meta(byte[] key) {
    byte[] value = database.get(META, key);
    return value == null ? 0 : Keys.toLong(value, 0);
  }

  @Override
  public List<Parked> parkedAfter(long number, long position, int limit) {
    List<Parked> found = new ArrayList<>();
    if (limit < 1 || position == Long.MAX_VALUE) {
      return found;
    }
    database.visitForwards(
        PARKED,
        GroupBytes.key(number, position + 1),
        GroupBytes.key(number + 1),
        (key, value) -> {
          found.add(GroupBytes.toParked(key, value));
          return found.size() < limit ? Database.Visit.CONTINUE : Database.Visit.STOP;
        });
    return found;
  }

  @Override
  public @Nullable Parked parked(long number, long position) {
    byte[] key = GroupBytes.key(number, position);
    byte[] value = database.get(PARKED, key);
    return value == null ? null : GroupBytes.toParked(key, value);
  }

  @Override
  public long diskBytes() {
    return FolderSize.of(folder);
  }

  @Override
  public List<EngineFigures> engineFigures() {
    return List.of(database.figures());
  }

  @Override
  public List<Verification> verifications(UUID storeId, LongSupplier head) {
    return List.of(new GroupsVerification(database, storeId, head));
  }

  @Override
  public BackupSource backupSource() {
    return new DatabaseSource(FolderPart.GROUPS, database);
  }

  @Override
  public void close() {
    try {
      database.close();
    } finally {
      cache.close();
    }
  }
}
