package io.varve.server.storage.rocksdb;

import io.varve.server.storage.StorageException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
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
  private final String name;
  private final RocksDB rocks;
  private final Map<String, ColumnFamilyHandle> families;
  private final List<AutoCloseable> owned;
  private final WriteOptions writeOptions;
  private final ReadOptions readOptions = new ReadOptions();

  private final ReentrantReadWriteLock lifecycle = new ReentrantReadWriteLock();
  private boolean closed; // guarded by lifecycle

  private final Object compactionLock = new Object();
  private @Nullable CompactRangeOptions compacting; // guarded by compactionLock
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

  private Database(
      String name,
      RocksDB rocks,
      Map<String, ColumnFamilyHandle> families,
      List<AutoCloseable> owned,
      WriteOptions writeOptions) {
    this.name = name;
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
      return new Database(name, rocks, byName, owned, writeOptions);
    } catch (RocksDBException e) {
      closeAll(owned);
      throw failed(name, "be opened", e);
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
    try (WriteBatch batch = bytes.toWriteBatch()) {
      rocks.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw failed(name, "be written to", e);
    } finally {
      use.unlock();
    }
  }

  byte @Nullable [] get(String family, byte[] key) {
    Lock use = use();
    try {
      return rocks.get(handle(family), readOptions, key);
    } catch (RocksDBException e) {
      throw failed(name, "be read", e);
    } finally {
      use.unlock();
    }
  }

  /**
   * Visits keys upwards, from the last key at or before {@code from} (so that a chunk which begins
   * before it is seen) or, without one, from the first after it.
   */
  void visitFromFloor(String family, byte[] from, Visitor visitor) {
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
    visit(family, null, until, iterator -> iterator.seek(from), true, visitor);
  }

  /** Visits keys from the last one at or before {@code from} down to {@code downTo} (inclusive). */
  void visitBackwards(String family, byte[] from, byte @Nullable [] downTo, Visitor visitor) {
    visit(family, downTo, null, iterator -> iterator.seekForPrev(from), false, visitor);
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
      Visitor visitor) {
    Lock use = use();
    try (Slice lower = lowest == null ? null : new Slice(lowest);
        Slice upper = until == null ? null : new Slice(until);
        ReadOptions options = new ReadOptions()) {
      if (lower != null) {
        options.setIterateLowerBound(lower);
      }
      if (upper != null) {
        options.setIterateUpperBound(upper);
      }
      try (RocksIterator iterator = rocks.newIterator(handle(family), options)) {
        seek.apply(iterator);
        while (iterator.isValid()) {
          if (visitor.visit(iterator.key(), iterator.value()) == Visit.STOP) {
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
      throw failed(name, "be read", e);
    } finally {
      use.unlock();
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
        ReadOptions options = new ReadOptions()) {
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
        throw failed(name, "be read", e);
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
      byte[] start = new byte[bytes];
      int length = iterator.value(start, 0, bytes);
      return length < bytes ? Arrays.copyOf(start, length) : start;
    }
  }

  /**
   * Rewrites a family's files, so that what has been replaced or deleted takes no more space. Takes
   * as long as reading and writing all of it; ends early when the database is to be closed.
   */
  void compact(String family) {
    Lock use = use();
    try (CompactRangeOptions options =
        new CompactRangeOptions()
            .setExclusiveManualCompaction(false)
            .setBottommostLevelCompaction(
                CompactRangeOptions.BottommostLevelCompaction.kForceOptimized)) {
      if (begin(options)) {
        compact(family, options);
      }
    } finally {
      use.unlock();
    }
  }

  private void compact(String family, CompactRangeOptions options) {
    try {
      rocks.compactRange(handle(family), null, null, options);
    } catch (RocksDBException e) {
      if (!isClosing()) {
        throw failed(name, "be compacted", e);
      }
    } finally {
      synchronized (compactionLock) {
        compacting = null; // before it is closed
      }
    }
  }

  /** Whether a compaction may begin; if so, {@link #close} can end it. */
  private boolean begin(CompactRangeOptions options) {
    synchronized (compactionLock) {
      compacting = options;
      return !closing;
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

  @Override
  public void close() {
    synchronized (compactionLock) {
      closing = true;
      if (compacting != null) {
        compacting.setCanceled(true);
      }
    }
    lifecycle.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      families.values().forEach(ColumnFamilyHandle::close);
      readOptions.close();
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
