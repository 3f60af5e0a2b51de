package io.varve.server.storage.rocksdb;

/**
 * How much memory and how many threads the two databases may use.
 *
 * @param blockCacheBytes cache of decompressed blocks, shared by both databases, indexes and
 *     filters included
 * @param logWriteBufferBytes how much of the log is collected in memory before it becomes a file;
 *     also bounds what is read back after a crash
 * @param indexWriteBufferBytes the same for all of the index; bounds what is replayed after a crash
 * @param backgroundJobs threads for flushing and compacting, each database
 */
public record StorageSettings(
    long blockCacheBytes,
    long logWriteBufferBytes,
    long indexWriteBufferBytes,
    int backgroundJobs) {
  private static final long MIB = 1024 * 1024;

  /** Fits a process of 512 MB. */
  public static StorageSettings defaults() {
    return new StorageSettings(96 * MIB, 32 * MIB, 64 * MIB, 2);
  }
}
