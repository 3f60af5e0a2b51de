package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.ArchivePass;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.ArchiveUnavailableException;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.SegmentReader;
import io.varve.server.storage.archive.SegmentWriter;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pass that moves events to the archive, oldest first. */
final class RocksDbArchivePass implements ArchivePass {
  /*
   * An archive segment goes through these steps:
   *
   *   1. Whole chunks are copied into a file, until it is full or the last chunk that is old enough is in it.
   *   2. The file is synced and gets its name. It is read back, and each event compared with the log.
   *   3. It is entered in the catalogue: one synced write. From here on it is read, and the log is not.
   *   4. Chunk by chunk, outlines take the place of the events in the log (synced), and headers that of the copies by
   *      stream and version in the index (not synced).
   *
   * A crash before 3 leaves a file that nobody knows: an unfinished one is removed by the next pass, a finished one is
   * reported as stray, since it might be another copy's of this store. A crash behind it leaves events in two places,
   * of which only the archive is read; how far 4 has come is noted with each of its writes, in the log and in the index
   * apart, and the next pass goes on from there.
   *
   * A file is begun, and events are replaced, only where the last file of the catalogue is: the folder below a mount that
   * has failed looks like an empty archive, and what were written there would be hidden by the mount once it is back.
   *
   * A scavenge may change what is being copied. Its steps and those of a pass exclude one another, and a file is given up
   * and begun again when events have been reclaimed that had been copied into it.
   */

  /** About so much of the log is taken in one step. */
  private static final int STEP_BYTES = 1024 * 1024;

  /** Outlines take chunks of this size, however small those were that they replace. */
  private static final int OUTLINES_BYTES = 64 * 1024;

  private static final long OUTLINES_POSITIONS = 64 * 1024;

  private static final int MAX_NUMBERS = 10_000;

  /** Moments at which a crash leaves something half done. */
  enum Moment {
    /** A part of a file has been written. */
    COPYING,
    /** The file has its name, and has not been read back. */
    FINISHED,
    /** The file has been compared, and is not in the catalogue. */
    COMPARED,
    /** The catalogue has it, and all events are still in the log. */
    ENTERED,
    /** Some outlines are in the log, and their headers not in the index. */
    OUTLINED,
    /** And in the index. */
    INDEXED
  }

  private final RocksDbArchive archive;
  private final ArchiveFiles files;
  private final LogDatabase logDatabase;
  private final IndexDatabase index;
  private final long last;
  private final long segmentBytes;
  private final InstantSource clock;
  private final UUID id;
  private final Consumer<Moment> at;
  private final long compactFrom;

  private final Map<StreamId, Long> numbers = new HashMap<>();
  private boolean begun;
  private int madeFiles;

  private @Nullable Draft draft;

  /** A segment in the making. */
  private static final class Draft {
    private final String file;
    private final long firstPosition;
    private final SegmentWriter writer;
    private @Nullable Instant firstRecordedAt;
    private Instant lastRecordedAt;

    Draft(String file, long firstPosition, SegmentWriter writer, Instant before) {
      this.file = file;
      this.firstPosition = firstPosition;
      this.writer = writer;
      this.lastRecordedAt = before;
    }

    void add(Chunk chunk) throws IOException {
      List<EncodedEvent> events = chunk.events();
      if (!events.isEmpty()) {
        if (firstRecordedAt == null) {
          firstRecordedAt = events.getFirst().header().recordedAt();
        }
        lastRecordedAt = events.getLast().header().recordedAt();
      }
      writer.add(events, chunk.lastPosition());
    }
  }

  /**
   * @param last the last position that is to be moved, if a chunk ends there
   * @param at sees each moment
   */
  RocksDbArchivePass(
      RocksDbArchive archive,
      ArchiveFiles files,
      LogDatabase logDatabase,
      IndexDatabase index,
      long last,
      long segmentBytes,
      InstantSource clock,
      UUID id,
      Consumer<Moment> at) {
    this.archive = archive;
    this.files = files;
    this.logDatabase = logDatabase;
    this.index = index;
    this.last = last;
    this.segmentBytes = segmentBytes;
    this.clock = clock;
    this.id = id;
    this.at = at;
    this.compactFrom = logDatabase.outlinedThrough() + 1;
  }

  @Override
  public Step next() {
    try {
      if (!begun) {
        archive.checkThatItIsThere(files);
        begun = true;
        files.discardUnfinished();
      }
      synchronized (archive.upkeep()) {
        if (archive.isUnfinished()) {
          return outline();
        }
        Step step = copy();
        if (!step.done()) {
          return step;
        }
      }
      compact();
      return new Step(0, 0, 0, true);
    } catch (IOException e) {
      throw new ArchiveUnavailableException(
          "the archive in " + files.location() + " cannot be written: " + e.getMessage(), e);
    }
  }

  // ---- into the file

  private Step copy() throws IOException {
    Draft open = draft;
    if (open != null && archive.areCopiesStale()) {
      discard(open);
      open = null;
    }
    long from = open == null ? archive.lastPosition() + 1 : open.writer.nextPosition();
    List<Chunk> chunks = from > last ? List.of() : logDatabase.chunks(from, last, STEP_BYTES);
    if (chunks.isEmpty() && open == null) {
      return new Step(0, 0, 0, true);
    }
    if (open == null) {
      open = begin(from);
    }
    long before = open.writer.eventBytes();
    for (Chunk chunk : chunks) {
      open.add(chunk);
      if (open.writer.eventBytes() >= segmentBytes) {
        break;
      }
    }
    archive.copied(open.writer.nextPosition());
    at.accept(Moment.COPYING);
    long bytes = 2 * (open.writer.eventBytes() - before);
    if (chunks.isEmpty() || open.writer.eventBytes() >= segmentBytes) {
      ArchiveSegment segment = finish(open);
      return new Step(
          segment.lastPosition() - segment.firstPosition() + 1,
          segment.events(),
          bytes + 2 * segment.eventBytes(),
          false);
    }
    return new Step(0, 0, bytes, false);
  }

  private Draft begin(long firstPosition) throws IOException {
    archive.checkThatItIsThere(files);
    String file = "%020d-%s-%d".formatted(firstPosition, id, madeFiles++);
    Draft begun =
        new Draft(
            file,
            firstPosition,
            new SegmentWriter(files.create(file), archive.storeId(), firstPosition),
            archive.segments().isEmpty() ? Instant.EPOCH : archive.lastRecordedAt());
    archive.beginCopies(firstPosition);
    draft = begun;
    return begun;
  }

  private ArchiveSegment finish(Draft finishing) throws IOException {
    SegmentWriter.Finished finished = finishing.writer.finish();
    finishing.writer.close();
    draft = null;
    at.accept(Moment.FINISHED);
    Instant first = finishing.firstRecordedAt;
    ArchiveSegment segment =
        new ArchiveSegment(
            finishing.file,
            finishing.firstPosition,
            finished.lastPosition(),
            finished.events(),
            finished.eventBytes(),
            finished.fileBytes(),
            first == null ? finishing.lastRecordedAt : first,
            finishing.lastRecordedAt,
            clock.instant(),
            finished.sha256());
    try {
      compare(segment);
    } catch (DamagedDataException e) {
      files.delete(segment.file()); // it never was part of the archive
      throw e;
    }
    at.accept(Moment.COMPARED);
    archive.enter(segment);
    at.accept(Moment.ENTERED);
    return segment;
  }

  /** Reads a file back and holds each event against the log. */
  private void compare(ArchiveSegment segment) throws IOException {
    String sha256 = SegmentReader.sha256(files, segment.file(), segment.fileBytes());
    SegmentReader reader =
        SegmentReader.open(
            files, segment.file(), archive.storeId(), segment.firstPosition(), segment.fileBytes());
    if (!sha256.equals(segment.sha256()) || reader.lastPosition() != segment.lastPosition()) {
      throw differs(segment, segment.firstPosition());
    }
    long due = segment.firstPosition();
    for (int i = 0; i < reader.blocks(); i++) {
      SegmentReader.Block block = reader.block(i);
      if (block.firstPosition() != due) {
        throw differs(segment, due);
      }
      due = block.lastPosition() + 1;
      compare(segment, block, RocksDbArchive.eventsOf(reader, block));
    }
    if (due != segment.lastPosition() + 1) {
      throw differs(segment, due);
    }
  }

  private void compare(
      ArchiveSegment segment, SegmentReader.Block block, List<EncodedEvent> copies) {
    int next = 0;
    for (EventRun run :
        logDatabase.read(block.firstPosition(), block.lastPosition(), Integer.MAX_VALUE).runs()) {
      for (EncodedEvent event : run.events()) {
        if (next == copies.size() || !isSame(event, copies.get(next++))) {
          throw differs(segment, event.position());
        }
      }
    }
    if (next < copies.size()) {
      throw differs(segment, copies.get(next).position());
    }
  }

  private static boolean isSame(EncodedEvent one, EncodedEvent other) {
    return Arrays.equals(
        one.bytes(), one.start(), one.end(), other.bytes(), other.start(), other.end());
  }

  private static DamagedDataException differs(ArchiveSegment segment, long position) {
    return new DamagedDataException(
        position,
        "the archive segment "
            + segment.file()
            + " was read back and is not what was written, at position "
            + position
            + "; nothing has been moved");
  }

  // ---- out of the hot database

  private Step outline() {
    long from = Math.min(logDatabase.outlinedThrough(), index.archivedThrough()) + 1;
    long to = archive.lastPosition();
    List<Chunk> chunks = logDatabase.chunks(from, to, STEP_BYTES);
    BatchBytes logBatch = new BatchBytes(STEP_BYTES / 2);
    BatchBytes indexBatch = new BatchBytes(STEP_BYTES / 4);
    OutlinedChunk replaced = new OutlinedChunk(logBatch);
    long bytes = 0;
    for (Chunk chunk : chunks) {
      if (!chunk.outlined()) {
        replaced.add(chunk);
      }
      for (EncodedEvent event : chunk.events()) {
        bytes += event.end() - event.frameStart();
        EventSummary summary = event.summary();
        if (!summary.stream().isSystem()) {
          index.putArchived(
              indexBatch,
              numberOf(summary.stream()),
              new EventHeader(summary.position(), summary.version(), summary.recordedAt()));
        }
      }
    }
    replaced.close();
    long through = chunks.getLast().lastPosition();
    if (through > logDatabase.outlinedThrough()) {
      logDatabase.writeOutlined(logBatch, through);
    }
    at.accept(Moment.OUTLINED);
    index.addArchivedTo(indexBatch, through);
    index.write(indexBatch);
    archive.replacedInIndex(bytes);
    at.accept(Moment.INDEXED);
    return new Step(0, 0, 2 * bytes, false);
  }

  private long numberOf(StreamId stream) {
    if (numbers.size() >= MAX_NUMBERS) {
      numbers.clear();
    }
    return numbers.computeIfAbsent(stream, index::streamNumber);
  }

  /** Small neighbouring chunks, to become one of outlines. */
  private final class OutlinedChunk {
    private final BatchBytes batch;
    private final List<Chunk> chunks = new ArrayList<>();
    private EventRunBuilder frames = new EventRunBuilder(OUTLINES_BYTES);

    OutlinedChunk(BatchBytes batch) {
      this.batch = batch;
    }

    void add(Chunk chunk) {
      if (!chunks.isEmpty()
          && chunk.lastPosition() - chunks.getFirst().firstPosition() >= OUTLINES_POSITIONS) {
        close();
      }
      chunks.add(chunk);
      for (EncodedEvent event : chunk.events()) {
        frames.add(
            event.summary().stream().isSystem()
                ? Arrays.copyOfRange(event.bytes(), event.start(), event.end())
                : event.outline());
      }
      if (frames.length() >= OUTLINES_BYTES) {
        close();
      }
    }

    void close() {
      if (chunks.isEmpty()) {
        return;
      }
      int count = frames.count();
      byte[] bytes = count == 0 ? new byte[0] : frames.build().bytes();
      logDatabase.putOutlines(batch, chunks, count, bytes);
      chunks.clear();
      frames = new EventRunBuilder(OUTLINES_BYTES);
    }
  }

  private void compact() {
    long through = logDatabase.outlinedThrough();
    if (through >= compactFrom) {
      logDatabase.compactOutlined(compactFrom, through);
      archive.compactIndex();
    }
  }

  // ---- giving up

  private void discard(Draft open) throws IOException {
    draft = null;
    open.writer.close();
  }

  @Override
  public void close() {
    Draft open = draft;
    if (open != null) {
      try {
        discard(open);
      } catch (IOException e) {
        throw new ArchiveUnavailableException(
            "what was begun in " + files.location() + " cannot be removed: " + e.getMessage(), e);
      }
    }
  }
}
