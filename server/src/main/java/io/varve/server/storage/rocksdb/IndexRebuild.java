package io.varve.server.storage.rocksdb;

import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.rocksdb.LRUCache;

/**
 * Makes the index anew from the log, beside the one that is there, and puts it into its place at
 * the end. The data folder is not used by anybody else meanwhile.
 */
final class IndexRebuild {
  /*
   *   1. index.rebuilding is filled from the log. It has no write-ahead log and knows how far it has come, so after a
   *      crash it is some way behind, and the next rebuild goes on from there.
   *   2. index -> index.replaced, index.rebuilding -> index, index.replaced is deleted.
   *
   * After a crash within 2 there is no index: then index.rebuilding is it, for whoever opens the folder. If there is
   * one, whoever opens the folder for other purposes deletes index.rebuilding: the log moves on under it, and events
   * may be reclaimed that it has.
   */
  private final Path folder;
  private final StorageSettings settings;

  IndexRebuild(Path folder, StorageSettings settings) {
    this.folder = folder;
    this.settings = settings;
  }

  /** Leaves one index, whatever a crash has left. */
  static void tidyUp(Path folder) {
    finishExchange(folder);
    FolderTree.delete(FolderPart.INDEX_REBUILDING.in(folder));
  }

  private static void finishExchange(Path folder) {
    Path rebuilt = FolderPart.INDEX_REBUILDING.in(folder);
    Path index = FolderPart.INDEX.in(folder);
    if (Files.exists(FolderPart.INDEX_REPLACED.in(folder))) {
      if (!Files.exists(index) && Files.exists(rebuilt)) {
        move(rebuilt, index);
      }
      FolderTree.delete(FolderPart.INDEX_REPLACED.in(folder));
    }
  }

  /**
   * Rebuilds the index of a log that is open.
   *
   * @param headPosition the log's last position
   * @param bounds how long its segments are
   */
  void run(LogDatabase log, long headPosition, IndexBounds bounds, RebuildWatch watch) {
    finishExchange(folder);
    Path rebuilding = FolderPart.INDEX_REBUILDING.in(folder);
    try (LRUCache cache = new LRUCache(settings.blockCacheBytes());
        IndexDatabase index = openRebuilding(rebuilding, headPosition, cache)) {
      long begin = index.progress().position();
      watch.rebuilt(begin, headPosition);
      TermSegments segments = new TermSegments(index.progress().openFrom(), bounds);
      new IndexReplay(log, index, segments, reached -> watch.rebuilt(reached, headPosition))
          .catchUp(headPosition);
      index.flush();
    }
    exchange(rebuilding);
  }

  private IndexDatabase openRebuilding(Path rebuilding, long headPosition, LRUCache cache) {
    IndexDatabase index = null;
    try {
      index = IndexDatabase.open(rebuilding, settings, cache);
      if (index.progress().format() == IndexDatabase.INDEX_FORMAT
          && index.progress().position() <= headPosition) {
        return index;
      }
      index.close();
    } catch (StorageException unusable) {
      // What an earlier rebuild left cannot be gone on with; all of it comes from the log.
      if (index != null) {
        index.close();
      }
    }
    FolderTree.delete(rebuilding);
    return IndexDatabase.open(rebuilding, settings, cache);
  }

  private void exchange(Path rebuilding) {
    Path index = FolderPart.INDEX.in(folder);
    Path replaced = FolderPart.INDEX_REPLACED.in(folder);
    if (Files.exists(index)) {
      move(index, replaced);
    }
    move(rebuilding, index);
    FolderTree.delete(replaced);
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new StorageException("cannot rename " + from + " to " + to + ": " + e, e);
    }
  }
}
