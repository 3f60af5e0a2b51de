package io.varve.server.ops.metrics;

import java.util.Map;

/** What the databases' figures mean, in a sentence each. */
final class EngineWords {
  private static final Map<String, String> SENTENCES =
      Map.ofEntries(
          Map.entry("memtable_bytes", "Memory of what has not been written to a table yet."),
          Map.entry("live_files_bytes", "What the database's tables take on the disk."),
          Map.entry("table_readers_bytes", "Memory of open tables, outside of the block cache."),
          Map.entry("pending_compaction_bytes", "How much is still to be compacted, estimated."),
          Map.entry("immutable_memtables", "Full memtables that wait to be flushed."),
          Map.entry("level0_files", "Tables that have been flushed and not been compacted yet."),
          Map.entry("running_compactions", "Compactions that are running."),
          Map.entry("running_flushes", "Flushes that are running."),
          Map.entry("background_errors", "Errors of flushes and compactions since the start."),
          Map.entry("write_stopped", "1 while writes are held up altogether, else 0."),
          Map.entry(
              "delayed_write_rate_bytes", "To what rate writes are slowed down; 0: they are not."),
          Map.entry("block_cache_bytes", "What the block cache holds; log and index share one."),
          Map.entry("written_bytes", "What has been written, before compression."),
          Map.entry("wal_bytes", "What has been written to the write-ahead log."),
          Map.entry("wal_syncs", "How often the write-ahead log has been synced."),
          Map.entry("stall_seconds", "How long writes have been held up in all."),
          Map.entry("compaction_seconds", "Time spent on flushes and compactions."),
          Map.entry("compaction_read_bytes", "What compactions have read of the upper level."),
          Map.entry("compaction_written_bytes", "What flushes and compactions have written."),
          Map.entry("write_slowdowns", "How often writes have been slowed down."),
          Map.entry("write_stops", "How often writes have been stopped."));

  private EngineWords() {}

  /** What a figure means. */
  static String of(String name) {
    String sentence = SENTENCES.get(name);
    if (sentence == null) {
      throw new IllegalArgumentException("nobody has said what the figure " + name + " means");
    }
    return sentence;
  }
}
