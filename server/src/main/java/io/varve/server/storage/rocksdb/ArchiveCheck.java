package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds files of the archive against their catalogue entries, and each of their events against its
 * outline in the log as of one moment.
 */
final class ArchiveCheck {
  private static final int STEP_BYTES = 1024 * 1024;

  private final Database.Cursor chunks;
  private final @Nullable ArchiveFiles files;
  private final UUID storeId;
  private final Consumer<String> finding;
  private final LongConsumer read;

  /**
   * @param files where the files are; null when nobody has said so
   * @param finding hears what is wrong, a sentence each
   * @param read hears how many bytes have been read since the last time
   */
  ArchiveCheck(
      Database.View log,
      @Nullable ArchiveFiles files,
      UUID storeId,
      Consumer<String> finding,
      LongConsumer read) {
    this.chunks = log.cursor(LogDatabase.LOG);
    this.files = files;
    this.storeId = storeId;
    this.finding = finding;
    this.read = read;
  }

  /** Reads a file whole, and compares it. */
  void check(ArchiveSegment segment) {
    ArchiveFiles place = files;
    if (place == null) {
      finding.accept(name(segment) + " cannot be read: no archive folder is set");
      return;
    }
    try {
      check(place, segment);
    } catch (NoSuchFileException e) {
      finding.accept(name(segment) + " is missing in " + place.location());
    } catch (IOException e) {
      finding.accept(name(segment) + " cannot be read: " + e.getMessage());
    } catch (DamagedDataException e) {
      finding.accept(String.valueOf(e.getMessage()));
    }
  }

  private static String name(ArchiveSegment segment) {
    return "the archive segment "
        + segment.file()
        + " (positions "
        + segment.firstPosition()
        + " to "
        + segment.lastPosition()
        + ")";
  }

  private void check(ArchiveFiles place, ArchiveSegment segment) throws IOException {
    long size = place.size(segment.file());
    if (size != segment.fileBytes()) {
      finding.accept(
          name(segment)
              + " has "
              + size
              + " bytes, and should have "
              + segment.fileBytes()
              + ": "
              + SegmentReader.describe(place, segment.file(), size));
      return;
    }
    String sha256 = SegmentReader.sha256(place, segment.file(), size, read);
    if (!sha256.equals(segment.sha256())) {
      finding.accept(
          name(segment)
              + " is not what was written: its SHA-256 is "
              + sha256
              + " instead of "
              + segment.sha256());
    }
    SegmentReader reader =
        SegmentReader.open(place, segment.file(), storeId, segment.firstPosition(), size);
    if (!reader.beginsWell()) {
      finding.accept(name(segment) + " has a damaged head");
    }
    checkBlocks(segment, reader);
  }

  private void checkBlocks(ArchiveSegment segment, SegmentReader reader) throws IOException {
    Outlines outlines = new Outlines(segment.firstPosition(), segment.lastPosition());
    long due = segment.firstPosition();
    long events = 0;
    long bytes = 0;
    for (int i = 0; i < reader.blocks(); i++) {
      SegmentReader.Block block = reader.block(i);
      if (block.firstPosition() != due) {
        finding.accept(name(segment) + " does not cover position " + due);
      }
      due = block.lastPosition() + 1;
      events += block.events();
      bytes += block.storedBytes();
      if (bytes >= STEP_BYTES) {
        read.accept(bytes);
        bytes = 0;
      }
      if (!matches(segment, block, RocksDbArchive.eventsOf(reader, block), outlines)) {
        return;
      }
    }
    read.accept(bytes);
    if (due != segment.lastPosition() + 1 || events != segment.events()) {
      finding.accept(
          name(segment)
              + " holds "
              + events
              + " events up to position "
              + (due - 1)
              + ", and the catalogue says "
              + segment.events()
              + " up to "
              + segment.lastPosition());
    }
  }

  private boolean matches(
      ArchiveSegment segment,
      SegmentReader.Block block,
      List<EncodedEvent> events,
      Outlines outlines) {
    int next = 0;
    for (EncodedEvent outline = outlines.upTo(block.lastPosition());
        outline != null;
        outline = outlines.upTo(block.lastPosition())) {
      while (next < events.size() && events.get(next).position() < outline.position()) {
        next++; // reclaimed since
      }
      if (next == events.size() || !Arrays.equals(events.get(next).outline(), outline.outline())) {
        finding.accept(
            "the event at position "
                + outline.position()
                + " in "
                + name(segment)
                + " is not the one that its outline is of");
        return false;
      }
    }
    return true;
  }

  /** What the log knows of the events from one position to another, one after the other. */
  private final class Outlines {
    private final long last;
    private final long from;
    private boolean on;
    private Iterator<EncodedEvent> events = List.<EncodedEvent>of().iterator();
    private @Nullable EncodedEvent next;

    Outlines(long from, long last) {
      this.from = from;
      this.last = last;
      this.on = chunks.atOrBefore(Keys.ofLong(from)) || chunks.atOrAfter(Keys.ofLong(from));
      advance();
    }

    /** The next one, if its position is not higher; null otherwise. */
    @Nullable EncodedEvent upTo(long position) {
      EncodedEvent found = next;
      if (found == null || found.position() > position) {
        return null;
      }
      advance();
      return found;
    }

    private void advance() {
      next = null;
      while (next == null) {
        while (!events.hasNext()) {
          if (!on || Keys.toLong(chunks.key(), 0) > last) {
            return;
          }
          events = eventsOfChunk();
          on = chunks.next();
        }
        EncodedEvent event = events.next();
        if (event.position() > last) {
          return;
        }
        next = event.position() < from ? null : event;
      }
    }

    private Iterator<EncodedEvent> eventsOfChunk() {
      try {
        return Chunk.read(chunks.key(), chunks.value()).events().iterator();
      } catch (DamagedDataException toldByTheLog) {
        return List.<EncodedEvent>of().iterator(); // nothing is known of these events
      }
    }
  }
}
