package io.varve.benchmarks.hotpath;

import io.varve.benchmarks.process.ScratchFolder;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.rocksdb.RocksDbEventStorage;
import io.varve.server.storage.rocksdb.StorageSettings;
import java.io.IOException;
import java.util.UUID;

/** A storage on RocksDB in a folder of its own, which is removed with it. */
public final class OpenStorage implements AutoCloseable {
  private final ScratchFolder folder;
  private final EventStorage storage;

  /** Opens an empty one with the default settings. */
  public OpenStorage() throws IOException {
    this.folder = ScratchFolder.make(null, "varve-hotpath-");
    this.storage =
        RocksDbEventStorage.open(folder.path(), StorageSettings.defaults(), UUID.randomUUID());
  }

  /** The storage. */
  public EventStorage storage() {
    return storage;
  }

  @Override
  public void close() throws IOException {
    storage.close();
    folder.close();
  }
}
