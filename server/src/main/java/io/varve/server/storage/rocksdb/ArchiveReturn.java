package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.SegmentReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts events of the archive back into the log, in the place of their outlines. In a folder that is
 * being restored, where a crash in between means that the restore begins again.
 */
final class ArchiveReturn {
  private static final int STEP_BYTES = 1024 * 1024;

  private final LogDatabase log;
  private final ArchiveFiles files;

  /**
   * @param files where the archive's files are
   */
  ArchiveReturn(LogDatabase log, ArchiveFiles files) {
    this.log = log;
    this.files = files;
  }

  /** Leaves in the archive what lies wholly at or before a position. */
  void allBehind(long position) {
    List<ArchiveSegment> segments = new ArrayList<>(log.segments());
    while (!segments.isEmpty() && segments.getLast().lastPosition() > position) {
      ArchiveSegment segment = segments.removeLast();
      try {
        bringBack(segment);
      } catch (IOException e) {
        throw new StorageException(
            "the archive segment "
                + segment.file()
                + " cannot be read in "
                + files.location()
                + ": "
                + e.getMessage(),
            e);
      }
      log.leave(segment);
    }
    log.flush();
  }

  private void bringBack(ArchiveSegment segment) throws IOException {
    long last = Math.min(segment.lastPosition(), log.lastPosition());
    long next = segment.firstPosition();
    Source source = null;
    while (next <= last) {
      List<Chunk> chunks = log.chunks(next, last, STEP_BYTES);
      for (Chunk chunk : chunks) {
        if (chunk.outlined()) {
          source = source == null ? new Source(segment) : source;
          replace(chunk, source);
        }
      }
      next = chunks.getLast().lastPosition() + 1;
    }
  }

  private void replace(Chunk outlines, Source source) throws IOException {
    BatchBytes batch = new BatchBytes(2 * STEP_BYTES);
    List<EncodedEvent> whole = new ArrayList<>();
    long first = outlines.firstPosition();
    int bytes = 0;
    int batched = 0;
    for (EncodedEvent outline : outlines.events()) {
      // Events of system streams are whole in either place.
      EncodedEvent event = source.event(outline.position());
      if (!whole.isEmpty() && bytes + event.length() > Chunk.TARGET_BYTES) {
        long before = outline.position() - 1;
        log.putWhole(batch, first, before, whole);
        batched += bytes;
        first = outline.position();
        whole = new ArrayList<>();
        bytes = 0;
        if (batched >= STEP_BYTES) {
          log.write(batch);
          batch = new BatchBytes(2 * STEP_BYTES);
          batched = 0;
        }
      }
      whole.add(event);
      bytes += event.length();
    }
    log.putWhole(batch, first, outlines.lastPosition(), whole);
    log.write(batch);
  }

  /** The events of one segment, asked for by rising positions. */
  private final class Source {
    private final ArchiveSegment segment;
    private final SegmentReader reader;
    private SegmentReader.@Nullable Block block;
    private final Map<Long, EncodedEvent> events = new HashMap<>();

    Source(ArchiveSegment segment) throws IOException {
      this.segment = segment;
      this.reader =
          SegmentReader.open(
              files, segment.file(), log.storeId(), segment.firstPosition(), segment.fileBytes());
    }

    EncodedEvent event(long position) throws IOException {
      SegmentReader.Block now = block;
      if (now == null || position > now.lastPosition()) {
        now = reader.blockAt(position);
        block = now;
        events.clear();
        for (EncodedEvent event : RocksDbArchive.eventsOf(reader, now)) {
          events.put(event.position(), event);
        }
      }
      EncodedEvent event = events.get(position);
      if (event == null) {
        throw new DamagedDataException(
            position,
            "the archive segment " + segment.file() + " has no event at position " + position);
      }
      return event;
    }
  }
}
