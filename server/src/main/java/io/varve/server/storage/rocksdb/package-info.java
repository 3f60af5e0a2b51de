/**
 * Events in RocksDB: all that knows keys, codecs, column families and native handles.
 *
 * <p>A data folder holds two databases of events. {@link
 * io.varve.server.storage.rocksdb.LogDatabase log/} is the truth: the events of each commit, in
 * chunks, synced before anybody is answered. {@link io.varve.server.storage.rocksdb.IndexDatabase
 * index/} is derived from it (events by stream and version, stream names, event ids) and written
 * without a write-ahead log; on opening, what it lacks is replayed from the log. A third, {@link
 * io.varve.server.storage.rocksdb.RocksDbSnapshotStore snapshots/}, is a cache. See
 * docs/storage-format.md for the bytes.
 */
@NullMarked
package io.varve.server.storage.rocksdb;

import org.jspecify.annotations.NullMarked;
