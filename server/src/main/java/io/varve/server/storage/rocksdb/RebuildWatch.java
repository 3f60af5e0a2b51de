package io.varve.server.storage.rocksdb;

/** Hears how far the rebuild of an index has come. */
public interface RebuildWatch {
  /**
   * The index has come so far. Whoever wants the rebuild to end throws; what has been built is gone
   * on with by the next one.
   *
   * @param position up to which position of the log
   * @param last the log's last position
   */
  void rebuilt(long position, long last);
}
