package io.varve.server.storage.rocksdb;

/**
 * The sizes that the index works with. A server has the standard ones; tests have small ones, so
 * that edges are many.
 *
 * @param segmentEvents a segment is full with so many events
 * @param segmentBytes or when it takes about so much memory
 * @param mergedStreams the streams that start with a prefix are merged when they are no more than
 *     this; else their categories stand in for them
 * @param mergedCategories and so many categories; where there are more, every event is looked at
 */
record IndexBounds(int segmentEvents, long segmentBytes, int mergedStreams, int mergedCategories) {
  static final IndexBounds STANDARD = new IndexBounds(4_096, 4L * 1024 * 1024, 1_000, 1_000);
}
