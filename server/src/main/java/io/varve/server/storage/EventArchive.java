package io.varve.server.storage;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.function.LongConsumer;

/**
 * The old part of the log, moved out of the hot database into files. It is always the log's
 * beginning: all positions up to {@link #lastPosition}, in archive segments that follow one
 * another.
 *
 * <p>Reads cross into it by themselves. What stays in the hot database of an archived event is its
 * <em>outline</em>: position, version, time, stream, id, type and tags. So whatever decides (heads,
 * expected versions, ids, conditions, searches by time) never waits for the archive, and holds
 * whether or not it can be reached. Thread-safe, but for passes.
 */
public interface EventArchive {

  /** The archive of a storage that has none. */
  EventArchive NONE = new NoArchive();

  /** Whether there is a place to move events to. */
  boolean isOpen();

  /** Where it is, for people; empty when there is no place. */
  String location();

  /** The last position that has been moved; 0 for none. */
  long lastPosition();

  /** When the last event that has been moved was recorded; {@link Instant#MIN} for none. */
  Instant lastRecordedAt();

  /** The catalogue, oldest first. */
  List<ArchiveSegment> segments();

  /** Whether a pass has something to finish that an earlier one has left. */
  boolean isUnfinished();

  /**
   * Begins to move events. Only where {@link #isOpen}.
   *
   * @param before events at this position and above stay; what is above the head does anyway
   * @param clock tells when archive segments are made
   * @param id a new id, which keeps the names of this pass's files apart from all others
   */
  ArchivePass move(long before, InstantSource clock, UUID id);

  /**
   * Reads a file of the archive whole and compares it with its catalogue entry and with the
   * outlines of its events.
   *
   * @param read hears how many bytes have been read since the last time. Whoever wants it to be
   *     slower waits there; whoever wants it to end throws
   * @return what is wrong, a sentence each; none when nothing is
   */
  List<String> verify(ArchiveSegment segment, LongConsumer read);

  /** Names of files in the archive that are not in the catalogue. */
  List<String> strayFiles();
}
