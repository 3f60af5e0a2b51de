package io.varve.server.storage.rocksdb;

import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One open RocksDB database with its column families: the one place that holds its native handles.
 *
 * <p>A native handle used after it is closed takes the whole process down, so every use is counted:
 * {@link #close} waits for the calls in progress, and later ones get an {@link
 * IllegalStateException}. Thread-safe.
 */
final class Database implements AutoCloseable {
  /** Keys without a value that a read passes over before that counts as waiting. */
  private static final int MOST_SKIPPED = 1000;

  /** To copy more than that, several times, is a kind of waiting. */
  private static final int LARGE_BYTES = 256 * 1024;

  /** There while what this thread reads must be in memory. */
  private static final ScopedValue<Boolean> AT_HAND = ScopedValue.newInstance();

  private final String name;
  private final Path path;
  private final RocksDB rocks;
  private final Map<String, ColumnFamilyHandle> families;
  private final List<AutoCloseable> owned;
  private final WriteOptions writeOptions;
  private final ReadOptions readOptions = new ReadOptions();
  private final ReadOptions atHandOptions =
      new ReadOptions()
          .setReadTier(ReadTier.BLOCK_CACHE_TIER)
          .setMaxSkippableInternalKeys(MOST_SKIPPED);

  private final ReentrantReadWriteLock lifecycle = new ReentrantReadWriteLock();
  private boolean closed; // guarded by lifecycle

  /** Writes share it; to freeze the database is to have it alone. */
  private final ReentrantReadWriteLock still = new ReentrantReadWriteLock();

  private final Object compactionLock = new Object();

  /**
   * The compactions in progress, by whose options they are cancelled. Guarded by compactionLock.
   */
  private final Set<CompactRangeOptions> compacting =
      Collections.newSetFromMap(new IdentityHashMap<>());

  private boolean closing; // guarded by compactionLock

  /** What a visit of an iterator returns to say whether to go on. */
  enum Visit {
    CONTINUE,
    STOP
  }

  /** Sees one key and its value, as copies. */
  interface Visitor {
    Visit visit(byte[] key, byte[] value);
  }

  /** Sees one key and its value where they lie. */
  interface RowVisitor {
    /** Sees what the row stands on, for the length of the call. */
    Visit visit(Row row);
  }

  /** A key and its value, to be copied to where they are wanted. */
  static final class Row implements EventRunBuilder.Source {
    private final RocksIterator iterator;

    private Row(RocksIterator iterator) {
      this.iterator = iterator;
    }

    /** Copies the key's first bytes into an array; returns how many it has in all. */
    int key(byte[] target) {
      return iterator.key(target);
    }

    byte[] key() {
      return iterator.key();
    }

    /** Copies the value's first bytes, at most so many; returns how many it has in all. */
    @Override
    public int copy(byte[] target, int offset, int length) {
      int all = iterator.value(target, offset, length);
      if (all > LARGE_BYTES) {
        mayWait();
      }
      return all;
    }

    byte[] value() {
      return iterator.value();
    }

    /** The value's first bytes, at most so many. */
    byte[] valueStart(int bytes) {
      return Database.valueStart(iterator, bytes);
    }
  }

  private static byte[] valueStart(RocksIterator iterator, int bytes) {
    byte[] start = new byte[bytes];
    int length = iterator.value(start, 0, bytes);
    return length < bytes ? Arrays.copyOf(start, length) : start;
  }

  private Database(
      String name,
      Path path,
      RocksDB rocks,
      Map<String, ColumnFamilyHandle> families,
      List<AutoCloseable> owned,
      WriteOptions writeOptions) {
    this.name = name;
    this.path = path;
    this.rocks = rocks;
    this.families = families;
    this.owned = owned;
    this.writeOptions = writeOptions;
  }

  /**
   * Opens or creates a database. Column families that another release made are opened too, and left
   * alone: RocksDB would not open the database without them, and nobody could read its format.
   *
   * @param name what to call it in messages
   * @param path its folder
   * @param options closed together with the database
   * @param families its column families beside the default one, created where missing; their
   *     options are closed together with the database
   * @param writeOptions how {@link #write} writes; closed together with the database
   */
  static Database open(
      String name,
      String path,
      DBOptions options,
      Map<String, ColumnFamilyOptions> families,
      WriteOptions writeOptions) {
    List<AutoCloseable> owned = new ArrayList<>();
    List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    ColumnFamilyOptions defaults = new ColumnFamilyOptions();
    descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, defaults));
    families.forEach(
        (family, familyOptions) -> {
          descriptors.add(
              new ColumnFamilyDescriptor(family.getBytes(StandardCharsets.UTF_8), familyOptions));
          owned.add(familyOptions);
        });
    owned.add(defaults);
    owned.add(options);
    owned.add(writeOptions);
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try {
      for (byte[] family : existing(path)) {
        if (!families.containsKey(new String(family, StandardCharsets.UTF_8))
            && !Arrays.equals(family, RocksDB.DEFAULT_COLUMN_FAMILY)) {
          descriptors.add(new ColumnFamilyDescriptor(family, defaults));
        }
      }
      RocksDB rocks = RocksDB.open(options, path, descriptors, handles);
      handles.stream().skip(1L + families.size()).forEach(ColumnFamilyHandle::close);
      Map<String, ColumnFamilyHandle> byName = new LinkedHashMap<>();
      int next = 1;
      for (String family : families.keySet()) {
        byName.put(family, handles.get(next++));
      }
      return new Database(name, Path.of(path), rocks, byName, owned, writeOptions);
    } catch (RocksDBException e) {
      closeAll(owned);
      throw failed(name, "be opened", e);
    }
  }

  /**
   * Opens a database to look at it, and changes nothing in its folder.
   *
   * @param families with these options where it has them; of all others it has, with none of their
   *     own. Closed together with the database
   * @param options closed together with the database
   */
  static Database openReadOnly(
      String name, Path folder, DBOptions options, Map<String, ColumnFamilyOptions> families) {
    List<AutoCloseable> owned = new ArrayList<>(families.values());
    ColumnFamilyOptions defaults = new ColumnFamilyOptions();
    WriteOptions none = new WriteOptions();
    owned.addAll(List.of(defaults, options, none));
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try {
      List<String> names =
          existing(folder.toString()).stream()
              .map(family -> new String(family, StandardCharsets.UTF_8))
              .toList();
      List<ColumnFamilyDescriptor> descriptors =
          names.stream()
              .map(
                  family ->
                      new ColumnFamilyDescriptor(
                          family.getBytes(StandardCharsets.UTF_8),
                          families.getOrDefault(family, defaults)))
              .toList();
      RocksDB rocks = RocksDB.openReadOnly(options, folder.toString(), descriptors, handles);
      Map<String, ColumnFamilyHandle> byName = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        byName.put(names.get(i), handles.get(i));
      }
      return new Database(name, folder, rocks, byName, owned, none);
    } catch (RocksDBException e) {
      closeAll(owned);
      throw failed(name, "be opened", e);
    } catch (RuntimeException e) {
      closeAll(owned);
      throw e;
    }
  }

  /** Whether there is a database in a folder. */
  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve("CURRENT"));
  }

  /** The names of a database's column families; none if there is no database yet. */
  static List<byte[]> existing(String path) throws RocksDBException {
    if (!isIn(Path.of(path))) {
      return List.of();
    }
    try (Options options = new Options()) {
      List<byte[]> names = RocksDB.listColumnFamilies(options, path);
      if (names.isEmpty()) {
        // Every database has one; RocksDB says so, instead of failing, when it cannot read the
        // list.
        throw new StorageException("the list of files in " + path + " (its MANIFEST) is damaged");
      }
      return names;
    }
  }

  /** The number by which a batch names a column family. */
  int idOf(String family) {
    return handle(family).getID();
  }

  /** Writes a batch as the database's write options say. */
  void write(BatchBytes bytes) {
    Lock use = use();
    Lock moving = still.readLock();
    moving.lock();
    try (WriteBatch batch = bytes.toWriteBatch()) {
      rocks.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw failed(name, "be written to", e);
    } finally {
      moving.unlock();
      use.unlock();
    }
  }

  /** The names of its column families. */
  Set<String> families() {
    return families.keySet();
  }

  /** Whether the database has a column family. */
  boolean has(String family) {
    return families.containsKey(family);
  }

  byte @Nullable [] get(String family, byte[] key) {
    Lock use = use();
    try {
      byte[] value = rocks.get(handle(family), options(), key);
      if (value != null && value.length == 0) {
        // So it also answers of a file that is not open, when it must not wait (TableCache::Get).
        mayWait();
      }
      return value;
    } catch (RocksDBException e) {
      throw notRead(name, e);
    } finally {
      use.unlock();
    }
  }

  // ---- reads that must not wait

  /**
   * Runs reads of any databases, by this thread, that throw {@link NotAtHandException} where they
   * would have to wait for the disk.
   */
  static void atHand(Runnable reads) {
    ScopedValue.where(AT_HAND, true).run(reads);
  }

  /** To be called before anything that may wait. */
  static void mayWait() {
    if (AT_HAND.isBound()) {
      throw new NotAtHandException();
    }
  }

  private ReadOptions options() {
    return AT_HAND.isBound() ? atHandOptions : readOptions;
  }

  private static RuntimeException notRead(String name, RocksDBException cause) {
    Status status = cause.getStatus();
    return AT_HAND.isBound() && status != null && status.getCode() == Status.Code.Incomplete
        ? new NotAtHandException()
        : failed(name, "be read", cause);
  }

  // ---- visiting

  /**
   * Visits keys upwards, from the last key at or before {@code from} (so that a chunk which begins
   * before it is seen) or, without one, from the first after it.
   */
  void visitFromFloor(String family, byte[] from, Visitor visitor) {
    visitRowsFromFloor(family, from, copied(visitor));
  }

  /** The same without copies. */
  void visitRowsFromFloor(String family, byte[] from, RowVisitor visitor) {
    visit(
        family,
        null,
        null,
        iterator -> {
          iterator.seekForPrev(from);
          if (!iterator.isValid()) {
            iterator.status();
            iterator.seek(from);
          }
        },
        true,
        visitor);
  }

  /** Visits keys from {@code from} up to {@code until} (exclusive). */
  void visitForwards(String family, byte[] from, byte[] until, Visitor visitor) {
    visitRowsForwards(family, from, until, copied(visitor));
  }

  /** The same without copies. */
  void visitRowsForwards(String family, byte[] from, byte[] until, RowVisitor visitor) {
    visit(family, null, until, iterator -> iterator.seek(from), true, visitor);
  }

  /** Visits keys from the last one at or before {@code from} down to {@code downTo} (inclusive). */
  void visitBackwards(String family, byte[] from, byte @Nullable [] downTo, Visitor visitor) {
    visitRowsBackwards(family, from, downTo, copied(visitor));
  }

  /** The same without copies. */
  void visitRowsBackwards(
      String family, byte[] from, byte @Nullable [] downTo, RowVisitor visitor) {
    visit(family, downTo, null, iterator -> iterator.seekForPrev(from), false, visitor);
  }

  private static RowVisitor copied(Visitor visitor) {
    return row -> visitor.visit(row.key(), row.value());
  }

  private interface Seek {
    void apply(RocksIterator iterator) throws RocksDBException;
  }

  private void visit(
      String family,
      byte @Nullable [] lowest,
      byte @Nullable [] until,
      Seek seek,
      boolean forwards,
      RowVisitor visitor) {
    Lock use = use();
    try {
      if (lowest == null && until == null) {
        visitInUse(options(), family, null, null, seek, forwards, visitor);
      } else {
        try (ReadOptions options = new ReadOptions(options())) {
          visitInUse(options, family, lowest, until, seek, forwards, visitor);
        }
      }
    } finally {
      use.unlock();
    }
  }

  private void visitInUse(
      ReadOptions options,
      String family,
      byte @Nullable [] lowest,
      byte @Nullable [] until,
      Seek seek,
      boolean forwards,
      RowVisitor visitor) {
    try (Slice lower = lowest == null ? null : new Slice(lowest);
        Slice upper = until == null ? null : new Slice(until)) {
      if (lower != null) {
        options.setIterateLowerBound(lower);
      }
      if (upper != null) {
        options.setIterateUpperBound(upper);
      }
      try (RocksIterator iterator = rocks.newIterator(handle(family), options)) {
        Row row = new Row(iterator);
        seek.apply(iterator);
        while (iterator.isValid()) {
          if (visitor.visit(row) == Visit.STOP) {
            return;
          }
          if (forwards) {
            iterator.next();
          } else {
            iterator.prev();
          }
        }
        iterator.status();
      }
    } catch (RocksDBException e) {
      throw notRead(name, e);
    }
  }

  /**
   * Looks up keys of one family here and there with one iterator, as of one moment.
   *
   * @param until keys from here on are not seen; null for no bound
   */
  <T> T seek(String family, byte @Nullable [] until, Function<Seeker, T> search) {
    Lock use = use();
    try (Slice upper = until == null ? null : new Slice(until);
        ReadOptions options = new ReadOptions(options())) {
      if (upper != null) {
        options.setIterateUpperBound(upper);
      }
      try (RocksIterator iterator = rocks.newIterator(handle(family), options)) {
        return search.apply(new Seeker(name, iterator));
      }
    } finally {
      use.unlock();
    }
  }

  /** An iterator for the length of one {@link #seek}. Each move says whether it stands on a key. */
  static final class Seeker {
    private final String name;
    private final RocksIterator iterator;

    private Seeker(String name, RocksIterator iterator) {
      this.name = name;
      this.iterator = iterator;
    }

    boolean atOrAfter(byte[] key) {
      iterator.seek(key);
      return isOnKey();
    }

    boolean atOrBefore(byte[] key) {
      iterator.seekForPrev(key);
      return isOnKey();
    }

    boolean next() {
      iterator.next();
      return isOnKey();
    }

    boolean previous() {
      iterator.prev();
      return isOnKey();
    }

    private boolean isOnKey() {
      if (iterator.isValid()) {
        return true;
      }
      try {
        iterator.status();
        return false;
      } catch (RocksDBException e) {
        throw notRead(name, e);
      }
    }

    byte[] key() {
      return iterator.key();
    }

    byte[] value() {
      return iterator.value();
    }

    /** The value's first bytes, at most so many. */
    byte[] valueStart(int bytes) {
      return Database.valueStart(iterator, bytes);
    }
  }

  /**
   * Rewrites a family's files, so that what has been replaced or deleted takes no more space. Takes
   * as long as reading and writing all of it; ends early when the database is to be closed.
   */
  void compact(String family) {
    compact(family, null, null);
  }

  /** The same for the keys from one up to another (exclusive). */
  void compact(String family, byte @Nullable [] from, byte @Nullable [] until) {
    Lock use = use();
    try (CompactRangeOptions options =
        new CompactRangeOptions()
            .setCanceled(false) // or it would never look whether it has been cancelled
            .setExclusiveManualCompaction(false)
            .setBottommostLevelCompaction(
                CompactRangeOptions.BottommostLevelCompaction.kForceOptimized)) {
      if (begin(options)) {
        compact(family, from, until, options);
      }
    } finally {
      use.unlock();
    }
  }

  private void compact(
      String family, byte @Nullable [] from, byte @Nullable [] until, CompactRangeOptions options) {
    try {
      rocks.compactRange(handle(family), from, until, options);
    } catch (RocksDBException e) {
      if (!isClosing()) {
        throw failed(name, "be compacted", e);
      }
    } finally {
      synchronized (compactionLock) {
        compacting.remove(options); // before they are closed
      }
    }
  }

  /** Whether a compaction may begin; if so, {@link #close} can end it. */
  private boolean begin(CompactRangeOptions options) {
    synchronized (compactionLock) {
      if (closing) {
        return false;
      }
      compacting.add(options);
      return true;
    }
  }

  private boolean isClosing() {
    synchronized (compactionLock) {
      return closing;
    }
  }

  /** Makes everything that is only in memory durable. */
  void flush() {
    Lock use = use();
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
      rocks.flush(options, new ArrayList<>(families.values()));
    } catch (RocksDBException e) {
      throw failed(name, "be flushed", e);
    } finally {
      use.unlock();
    }
  }

  // ---- as of one moment

  /** The database as it is now, however much is written afterwards. Whoever opens it closes it. */
  View view() {
    return new View();
  }

  /**
   * What a database held at one moment. To be read from one end to the other: what is read leaves
   * the caches as they are. To be closed before the database is, and used by one thread.
   */
  final class View implements AutoCloseable {
    private static final long READAHEAD_BYTES = 1024 * 1024;

    private final @Nullable Snapshot snapshot;
    private final ReadOptions options = new ReadOptions().setFillCache(false);
    private final List<Cursor> cursors = new ArrayList<>();

    private View() {
      Lock use = use();
      try {
        snapshot = rocks.getSnapshot(); // none from a database that is open to be read only
      } finally {
        use.unlock();
      }
      if (snapshot != null) {
        options.setSnapshot(snapshot);
      }
    }

    byte @Nullable [] get(String family, byte[] key) {
      if (!has(family)) {
        return null;
      }
      Lock use = use();
      try {
        return rocks.get(handle(family), options, key);
      } catch (RocksDBException e) {
        throw failed(name, "be read", e);
      } finally {
        use.unlock();
      }
    }

    /** Visits keys upwards from one on. */
    void visit(String family, byte[] from, Visitor visitor) {
      visit(family, iterator -> iterator.seek(from), true, READAHEAD_BYTES, visitor);
    }

    /** Visits keys downwards from the last one at or before another. */
    void visitBackwards(String family, byte[] from, Visitor visitor) {
      visit(family, iterator -> iterator.seekForPrev(from), false, 0, visitor);
    }

    private void visit(
        String family, Seek seek, boolean forwards, long readahead, Visitor visitor) {
      if (!has(family)) {
        return;
      }
      Lock use = use();
      try (ReadOptions scan = new ReadOptions(options).setReadaheadSize(readahead)) {
        visitInUse(scan, family, null, null, seek, forwards, copied(visitor));
      } finally {
        use.unlock();
      }
    }

    /** A place in a family, to be moved about. Closed with the view. */
    Cursor cursor(String family) {
      Lock use = use();
      try (ReadOptions scan = new ReadOptions(options).setReadaheadSize(READAHEAD_BYTES)) {
        Cursor cursor = new Cursor(has(family) ? rocks.newIterator(handle(family), scan) : null);
        cursors.add(cursor);
        return cursor;
      } finally {
        use.unlock();
      }
    }

    @Override
    public void close() {
      Lock lock = lifecycle.readLock();
      lock.lock();
      try {
        if (!closed) { // otherwise there is nothing left to let go
          cursors.forEach(Cursor::release);
          if (snapshot != null) {
            rocks.releaseSnapshot(snapshot);
          }
        }
      } finally {
        lock.unlock();
      }
      options.close();
    }
  }

  /** A place in a family of a {@link View}; each move says whether there is a key. */
  final class Cursor {
    private final @Nullable RocksIterator iterator; // null: the database has no such family

    private Cursor(@Nullable RocksIterator iterator) {
      this.iterator = iterator;
    }

    boolean atOrAfter(byte[] key) {
      return move(found -> found.seek(key));
    }

    boolean atOrBefore(byte[] key) {
      return move(found -> found.seekForPrev(key));
    }

    boolean next() {
      return move(RocksIterator::next);
    }

    boolean previous() {
      return move(RocksIterator::prev);
    }

    private boolean move(Seek move) {
      RocksIterator moved = iterator;
      if (moved == null) {
        return false;
      }
      Lock use = use();
      try {
        move.apply(moved);
        if (!moved.isValid()) {
          moved.status();
          return false;
        }
        return true;
      } catch (RocksDBException e) {
        throw failed(name, "be read", e);
      } finally {
        use.unlock();
      }
    }

    byte[] key() {
      return read(RocksIterator::key);
    }

    byte[] value() {
      return read(RocksIterator::value);
    }

    private byte[] read(Function<RocksIterator, byte[]> part) {
      RocksIterator there = iterator;
      if (there == null) {
        throw new IllegalStateException("there is no key");
      }
      Lock use = use();
      try {
        return part.apply(there);
      } finally {
        use.unlock();
      }
    }

    private void release() {
      if (iterator != null) {
        iterator.close();
      }
    }
  }

  /**
   * Makes a folder that holds the database as it is at one moment, without a write-ahead log: of
   * what never changes in links, of the rest in copies. Writers wait for the last bit of it, some
   * milliseconds.
   *
   * @param target is there and empty, on the same file system if possible
   */
  void freeze(Path target) {
    flush(); // so that little is left to flush while writers wait
    Lock use = use();
    try {
      rocks.disableFileDeletions();
      try {
        CheckpointFiles.write(path, target, stand());
      } finally {
        rocks.enableFileDeletions();
      }
    } catch (RocksDBException e) {
      throw failed(name, "be copied", e);
    } catch (IOException e) {
      throw new StorageException("the database " + name + " cannot be copied: " + e, e);
    } finally {
      use.unlock();
    }
  }

  /** The database's own figures, as of now. */
  EngineFigures figures() {
    Lock use = use();
    try {
      return DatabaseFigures.of(name, rocks, families.values());
    } catch (RocksDBException e) {
      throw failed(name, "tell its figures", e);
    } finally {
      use.unlock();
    }
  }

  /** The files that hold everything written so far. */
  private RocksDB.LiveFiles stand() throws RocksDBException {
    Lock alone = still.writeLock();
    alone.lock();
    // A flush that waited for compactions would keep writers waiting as well.
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true).setAllowWriteStall(true)) {
      rocks.flush(options, new ArrayList<>(families.values()));
      return rocks.getLiveFiles(false);
    } finally {
      alone.unlock();
    }
  }

  @Override
  public void close() {
    synchronized (compactionLock) {
      closing = true;
      compacting.forEach(options -> options.setCanceled(true));
    }
    lifecycle.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      families.values().forEach(ColumnFamilyHandle::close);
      readOptions.close();
      atHandOptions.close();
      try {
        rocks.closeE();
      } catch (RocksDBException e) {
        throw failed(name, "be closed", e);
      } finally {
        closeAll(owned);
      }
    } finally {
      lifecycle.writeLock().unlock();
    }
  }

  private Lock use() {
    Lock lock = lifecycle.readLock();
    lock.lock();
    if (closed) {
      lock.unlock();
      throw new IllegalStateException("the database " + name + " is closed");
    }
    return lock;
  }

  private ColumnFamilyHandle handle(String family) {
    ColumnFamilyHandle handle = families.get(family);
    if (handle == null) {
      throw new IllegalArgumentException("no column family " + family + " in " + name);
    }
    return handle;
  }

  static StorageException failed(String name, String what, RocksDBException cause) {
    return new StorageException(
        "the database " + name + " cannot " + what + ": " + cause.getMessage(), cause);
  }

  private static void closeAll(List<AutoCloseable> resources) {
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("RocksDB's options cannot be closed", e);
      }
    }
  }
}
