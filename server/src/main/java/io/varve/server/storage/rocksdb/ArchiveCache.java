package io.varve.server.storage.rocksdb;

import io.varve.server.storage.EventRun;
import io.varve.server.storage.archive.SegmentReader;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has been read of the archive and may be wanted again: the indexes of some archive segments,
 * and some of their blocks. Bounded by bytes; what has not been used for longest goes first.
 * Thread-safe.
 */
final class ArchiveCache {
  private final Lru<String, SegmentReader> readers;
  private final Lru<BlockKey, EventRun> blocks;

  private record BlockKey(String file, int number) {}

  /**
   * @param readerBytes for indexes of archive segments
   * @param blockBytes for blocks
   */
  ArchiveCache(long readerBytes, long blockBytes) {
    this.readers = new Lru<>(readerBytes);
    this.blocks = new Lru<>(blockBytes);
  }

  @Nullable SegmentReader reader(String file) {
    return readers.get(file);
  }

  void put(String file, SegmentReader reader) {
    readers.put(file, reader, reader.weight());
  }

  @Nullable EventRun block(String file, int number) {
    return blocks.get(new BlockKey(file, number));
  }

  void put(String file, int number, EventRun run) {
    blocks.put(new BlockKey(file, number), run, run.bytes().length + 100);
  }

  private static final class Lru<K, V> {
    private record Entry<V>(V value, int weight) {}

    private final long maxBytes;
    private final Map<K, Entry<V>> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    Lru(long maxBytes) {
      this.maxBytes = maxBytes;
    }

    synchronized @Nullable V get(K key) {
      Entry<V> entry = entries.get(key);
      return entry == null ? null : entry.value();
    }

    synchronized void put(K key, V value, int weight) {
      Entry<V> before = entries.put(key, new Entry<>(value, weight));
      bytes += weight - (before == null ? 0 : before.weight());
      var eldest = entries.values().iterator();
      while (bytes > maxBytes && entries.size() > 1) {
        bytes -= eldest.next().weight();
        eldest.remove();
      }
    }
  }
}
