package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchivePass;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.ArchiveUnavailableException;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventArchive;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.Head;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.ArchiveReads;
import io.varve.server.storage.archive.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of the log, in archive segments; their catalogue and their events' outlines are in
 * the log's own database.
 *
 * <p>The outlines tell which events there are. An event that has been reclaimed since it was
 * archived is still in its file, and has no outline: no read returns it.
 */
final class RocksDbArchive implements EventArchive {
  private static final long READER_BYTES = 4L * 1024 * 1024;
  private static final long BLOCK_BYTES = 8L * 1024 * 1024;

  /** The index is compacted once this share of it, one in so many bytes, has been replaced. */
  private static final int COMPACTED_SHARE = 8;

  private final @Nullable ArchiveFiles files;
  private final UUID storeId;
  private final LogDatabase logDatabase;
  private final IndexDatabase index;
  private final Head head;
  private final long segmentBytes;
  private final ArchiveReads reads;
  private final ArchiveCache cache = new ArchiveCache(READER_BYTES, BLOCK_BYTES);

  /** The catalogue. What stands in it is read from the archive, and from nowhere else. */
  private volatile List<ArchiveSegment> segments;

  /** Held by each step of a pass and by each step of a scavenge: both rewrite chunks. */
  private final Object upkeep = new Object();

  // Which positions a pass has copied into a file that is not in the catalogue yet, the second
  // exclusive, and whether events among them have been reclaimed since. All guarded by upkeep.
  private long copiedFrom;
  private long copiedUntil;
  private boolean copiesAreStale;

  /** How much has been replaced in the index since it was last compacted. Guarded by upkeep. */
  private long replacedBytes;

  /**
   * @param files where the files are; null when nobody has said so
   * @param segmentBytes an archive segment is closed once its events take so many bytes
   * @param reads how the files are read for those who wait for events
   */
  RocksDbArchive(
      @Nullable ArchiveFiles files,
      LogDatabase logDatabase,
      IndexDatabase index,
      Head head,
      long segmentBytes,
      ArchiveReads reads) {
    this.files = files;
    this.storeId = logDatabase.storeId();
    this.logDatabase = logDatabase;
    this.index = index;
    this.head = head;
    this.segmentBytes = segmentBytes;
    this.reads = reads;
    this.segments = logDatabase.segments();
  }

  @Override
  public boolean isOpen() {
    return files != null;
  }

  @Override
  public String location() {
    return files == null ? "" : files.location();
  }

  @Override
  public long lastPosition() {
    List<ArchiveSegment> now = segments;
    return now.isEmpty() ? 0 : now.getLast().lastPosition();
  }

  @Override
  public Instant lastRecordedAt() {
    List<ArchiveSegment> now = segments;
    return now.isEmpty() ? Instant.MIN : now.getLast().lastRecordedAt();
  }

  @Override
  public List<ArchiveSegment> segments() {
    return segments;
  }

  @Override
  public boolean isUnfinished() {
    return Math.min(logDatabase.outlinedThrough(), index.archivedThrough()) < lastPosition();
  }

  // ---- reading

  /** Events from a position to another (inclusive), both in the archive, rising. */
  EventPage read(long from, long to, int maxBytes) {
    List<EventRun> runs = new ArrayList<>();
    int bytes = 0;
    long next = from;
    while (next <= to && bytes < maxBytes) {
      ArchiveSegment segment = segmentAt(next);
      SegmentReader.Block block = blockAt(segment, next);
      long last = Math.min(block.lastPosition(), to);
      for (EventRun run : events(segment, block, next, last)) {
        runs.add(run);
        bytes += run.length();
      }
      next = last + 1;
    }
    return new EventPage(runs, next - 1);
  }

  /** The same from a position down to another, falling. */
  EventPage readBackwards(long from, long to, int maxBytes) {
    List<EventRun> runs = new ArrayList<>();
    int bytes = 0;
    long next = from;
    while (next >= to) {
      ArchiveSegment segment = segmentAt(next);
      SegmentReader.Block block = blockAt(segment, next);
      long first = Math.max(block.firstPosition(), to);
      for (EventRun run : events(segment, block, first, next).reversed()) {
        for (EncodedEvent event : run.events().reversed()) {
          EventRun single = event.toRun();
          runs.add(single);
          bytes += single.length();
          if (bytes >= maxBytes) {
            return new EventPage(runs, single.firstPosition());
          }
        }
      }
      next = first - 1;
    }
    return new EventPage(runs, to);
  }

  /** The bytes of an event in the archive, whether or not it has been reclaimed. */
  byte[] event(long position) {
    Database.mayWait(); // though its block may be in memory: events are looked for in there
    ArchiveSegment segment = segmentAt(position);
    EventRun run = eventsOf(segment, blockAt(segment, position));
    if (run != null) {
      for (EncodedEvent event : run.events()) {
        if (event.position() == position) {
          return Arrays.copyOfRange(event.bytes(), event.start(), event.end());
        }
      }
    }
    throw noEvent(segment, position);
  }

  private static DamagedDataException noEvent(ArchiveSegment segment, long position) {
    return new DamagedDataException(
        position,
        "the archive segment " + segment.file() + " has no event at position " + position);
  }

  /** The events of a block, within bounds, that have an outline. */
  private List<EventRun> events(
      ArchiveSegment segment, SegmentReader.Block block, long from, long to) {
    Set<Long> there = new HashSet<>();
    for (EventRun outlines : logDatabase.readOutlines(from, to, Integer.MAX_VALUE).runs()) {
      outlines.events().forEach(outline -> there.add(outline.position()));
    }
    EventRun all = eventsOf(segment, block);
    EventRun run = all == null ? null : all.clip(from, to);
    List<EventRun> kept = List.of();
    if (run != null) {
      kept = run.count() == there.size() ? List.of(run) : run.keeping(there::contains);
    }
    if (kept.stream().mapToInt(EventRun::count).sum() < there.size()) {
      throw noEvent(segment, there.stream().mapToLong(p -> p).min().orElse(from));
    }
    return kept;
  }

  private ArchiveSegment segmentAt(long position) {
    List<ArchiveSegment> now = segments;
    int low = 0;
    int high = now.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (now.get(middle).lastPosition() < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return now.get(low);
  }

  private interface Reading<T> {
    T get(ArchiveFiles files) throws IOException;
  }

  private <T> T from(ArchiveSegment segment, Reading<T> reading) {
    ArchiveFiles place = files;
    if (place == null) {
      throw new ArchiveUnavailableException(
          "events up to position "
              + lastPosition()
              + " are in the archive, and no archive folder is set");
    }
    try {
      return reads.read(() -> reading.get(place));
    } catch (NoSuchFileException e) {
      throw new ArchiveUnavailableException(
          "the archive segment "
              + segment.file()
              + " (positions "
              + segment.firstPosition()
              + " to "
              + segment.lastPosition()
              + ") is missing in "
              + place.location(),
          e);
    } catch (IOException e) {
      throw new ArchiveUnavailableException(
          "the archive segment "
              + segment.file()
              + " (positions "
              + segment.firstPosition()
              + " to "
              + segment.lastPosition()
              + ") cannot be read: "
              + e.getMessage(),
          e);
    }
  }

  private SegmentReader reader(ArchiveSegment segment) {
    SegmentReader known = cache.reader(segment.file());
    if (known != null) {
      return known;
    }
    SegmentReader opened = from(segment, place -> open(place, segment));
    cache.put(segment.file(), opened);
    return opened;
  }

  private SegmentReader open(ArchiveFiles place, ArchiveSegment segment) throws IOException {
    return SegmentReader.open(
        place, segment.file(), storeId, segment.firstPosition(), segment.fileBytes());
  }

  private SegmentReader.Block blockAt(ArchiveSegment segment, long position) {
    return reader(segment).blockAt(position);
  }

  private @Nullable EventRun eventsOf(ArchiveSegment segment, SegmentReader.Block block) {
    if (block.events() == 0) {
      return null;
    }
    EventRun known = cache.block(segment.file(), block.number());
    if (known != null) {
      return known;
    }
    SegmentReader reader = reader(segment);
    EventRun run = from(segment, _ -> reader.read(block));
    cache.put(segment.file(), block.number(), run);
    return run;
  }

  // ---- moving

  @Override
  public ArchivePass move(long before, InstantSource clock, UUID id) {
    return move(before, clock, id, _ -> {});
  }

  /**
   * @param at what is to happen at each moment at which a crash could leave things half done
   */
  ArchivePass move(
      long before, InstantSource clock, UUID id, Consumer<RocksDbArchivePass.Moment> at) {
    ArchiveFiles place = files;
    if (place == null) {
      throw new IllegalStateException("there is no archive to move events to");
    }
    long last = Math.min(before - 1, head.position());
    return new RocksDbArchivePass(
        this, place, logDatabase, index, last, segmentBytes, clock, id, at);
  }

  /** Where the files are; null when nobody has said so. */
  @Nullable ArchiveFiles files() {
    return files;
  }

  /**
   * Sees to it that a place for files is the one that holds this archive: it has the last file that
   * was entered. What were written elsewhere would be gone with that place.
   *
   * @throws ArchiveUnavailableException it is another place, such as the folder below a mount that
   *     is missing
   * @throws IOException it cannot be told
   */
  void checkThatItIsThere(ArchiveFiles place) throws IOException {
    List<ArchiveSegment> now = segments;
    if (now.isEmpty()) {
      return;
    }
    ArchiveSegment last = now.getLast();
    String wrong;
    try {
      long bytes = place.size(last.file());
      if (bytes == last.fileBytes()) {
        return;
      }
      wrong = " has " + bytes + " bytes there instead of " + last.fileBytes();
    } catch (NoSuchFileException e) {
      wrong = " is missing there";
    }
    throw new ArchiveUnavailableException(
        "nothing is moved to "
            + place.location()
            + ": the archive's last file, "
            + last.file()
            + ","
            + wrong
            + "; is its disk mounted?");
  }

  Object upkeep() {
    return upkeep;
  }

  UUID storeId() {
    return storeId;
  }

  /** Events from a position on are going to be copied into a file. */
  void beginCopies(long from) {
    synchronized (upkeep) {
      copiedFrom = from;
      copiedUntil = from;
      copiesAreStale = false;
    }
  }

  /** They have been copied up to a position (exclusive). */
  void copied(long until) {
    synchronized (upkeep) {
      copiedUntil = until;
    }
  }

  /** Events of the chunk of these positions are being reclaimed from the log. */
  void reclaiming(long firstPosition, long lastPosition) {
    synchronized (upkeep) {
      copiesAreStale |= firstPosition < copiedUntil && lastPosition >= copiedFrom;
    }
  }

  /** Whether events have been reclaimed that had been copied before. */
  boolean areCopiesStale() {
    synchronized (upkeep) {
      return copiesAreStale;
    }
  }

  /** Headers have taken the place of events of so many bytes in the index. */
  void replacedInIndex(long bytes) {
    synchronized (upkeep) {
      replacedBytes += bytes;
    }
  }

  /**
   * Gives back what {@link #replacedInIndex} has left behind, once it is worth it. The index is by
   * stream, so old events are all over its files, and all of them are written again: in each run
   * that would be many times what was moved. What is left to the database it gives back in time.
   */
  void compactIndex() {
    synchronized (upkeep) {
      double all = index.figures().gauge("live_files_bytes");
      if (replacedBytes == 0 || replacedBytes * COMPACTED_SHARE < all) {
        return;
      }
      replacedBytes = 0;
    }
    index.compactArchived();
  }

  /** Enters a segment that has been compared with the log: from here on it is read. */
  void enter(ArchiveSegment segment) {
    logDatabase.enter(segment);
    List<ArchiveSegment> more = new ArrayList<>(segments);
    more.add(segment);
    segments = List.copyOf(more);
  }

  // ---- verifying

  @Override
  public List<String> verify(ArchiveSegment segment, LongConsumer read) {
    List<String> findings = new ArrayList<>();
    try (Database.View view = logDatabase.database().view()) {
      new ArchiveCheck(view, files, storeId, findings::add, read).check(segment);
    }
    return findings;
  }

  /** The events of a block as they are in its file. */
  static List<EncodedEvent> eventsOf(SegmentReader reader, SegmentReader.Block block)
      throws IOException {
    return block.events() == 0 ? List.of() : reader.read(block).events();
  }

  @Override
  public List<String> strayFiles() {
    ArchiveFiles place = files;
    if (place == null) {
      return List.of();
    }
    Set<String> known = new HashSet<>();
    segments.forEach(segment -> known.add(segment.file()));
    try {
      return place.names().stream().filter(name -> !known.contains(name)).toList();
    } catch (IOException e) {
      throw new ArchiveUnavailableException(
          "the archive in " + place.location() + " cannot be listed: " + e.getMessage(), e);
    }
  }
}
