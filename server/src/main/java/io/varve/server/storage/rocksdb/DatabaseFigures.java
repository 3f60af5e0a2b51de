package io.varve.server.storage.rocksdb;

import io.varve.server.storage.EngineFigures;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * Which of RocksDB's many figures an operator needs, and what they are called here. All of them are
 * kept by RocksDB anyway: its collector of statistics, which would cost each read and write a few
 * looks at the clock, stays off.
 */
final class DatabaseFigures {
  private static final double GIB = 1024.0 * 1024 * 1024;

  /** Properties of each column family, which are added up. */
  private static final Map<String, String> OF_FAMILIES =
      Map.of(
          "memtable_bytes", "rocksdb.cur-size-all-mem-tables",
          "live_files_bytes", "rocksdb.live-sst-files-size",
          "table_readers_bytes", "rocksdb.estimate-table-readers-mem",
          "pending_compaction_bytes", "rocksdb.estimate-pending-compaction-bytes",
          "immutable_memtables", "rocksdb.num-immutable-mem-table",
          "level0_files", "rocksdb.num-files-at-level0");

  /** Properties of the whole database. */
  private static final Map<String, String> OF_ALL =
      Map.of(
          "running_compactions", "rocksdb.num-running-compactions",
          "running_flushes", "rocksdb.num-running-flushes",
          "background_errors", "rocksdb.background-errors",
          "write_stopped", "rocksdb.is-write-stopped",
          "delayed_write_rate_bytes", "rocksdb.actual-delayed-write-rate",
          "block_cache_bytes", "rocksdb.block-cache-usage");

  /** Where what is counted stands among {@code rocksdb.dbstats}, and how much one of it is. */
  private static final Map<String, Counted> OF_WRITES =
      Map.of(
          "written_bytes", new Counted("db.user_bytes_written", 1),
          "wal_bytes", new Counted("db.wal_bytes_written", 1),
          "wal_syncs", new Counted("db.wal_syncs", 1),
          "stall_seconds", new Counted("db.user_write_stall_micros", 1e-6));

  /** The same among {@code rocksdb.cfstats} of each column family, which are added up. */
  private static final Map<String, Counted> OF_COMPACTIONS =
      Map.of(
          "compaction_seconds", new Counted("compaction.Sum.CompSec", 1),
          "compaction_read_bytes", new Counted("compaction.Sum.RnGB", GIB),
          "compaction_written_bytes", new Counted("compaction.Sum.WriteGB", GIB),
          "write_slowdowns", new Counted("total-delays", 1),
          "write_stops", new Counted("total-stops", 1));

  private record Counted(String key, double unit) {
    double in(Map<String, String> stats) {
      String value = stats.get(key);
      return value == null ? 0 : Double.parseDouble(value) * unit;
    }
  }

  private DatabaseFigures() {}

  static EngineFigures of(String database, RocksDB rocks, Collection<ColumnFamilyHandle> families)
      throws RocksDBException {
    Map<String, Double> gauges = new LinkedHashMap<>();
    Map<String, Double> counters = new LinkedHashMap<>();
    for (ColumnFamilyHandle family : families) {
      for (Map.Entry<String, String> property : OF_FAMILIES.entrySet()) {
        add(gauges, property.getKey(), parse(rocks.getProperty(family, property.getValue())));
      }
      Map<String, String> stats = rocks.getMapProperty(family, "rocksdb.cfstats");
      OF_COMPACTIONS.forEach((name, counted) -> add(counters, name, counted.in(stats)));
    }
    for (Map.Entry<String, String> property : OF_ALL.entrySet()) {
      add(gauges, property.getKey(), parse(rocks.getProperty(property.getValue())));
    }
    Map<String, String> stats = rocks.getMapProperty("rocksdb.dbstats");
    OF_WRITES.forEach((name, counted) -> add(counters, name, counted.in(stats)));
    return new EngineFigures(database, gauges, counters);
  }

  private static double parse(String value) {
    return Double.parseDouble(value);
  }

  private static void add(Map<String, Double> figures, String name, double value) {
    figures.merge(name, value, Double::sum);
  }
}
