package io.varve.server.storage;

import io.varve.server.event.StreamId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where recorded events live: the log in commit order, and a copy by stream and version.
 *
 * <p><b>Order.</b> Positions are 1, 2, 3 … in the order of the commits, versions 1, 2, 3 … in each
 * stream. <b>Atomicity.</b> Of a commit either everything is there after a crash, or nothing.
 * <b>Durability.</b> What {@link Commit#write} has returned for survives the loss of the process
 * and of the power. <b>Visibility.</b> Readers bound themselves by {@link #head}; nothing at or
 * below it ever changes or appears later, and nothing disappears but what a {@link Scavenge} takes.
 *
 * <p>Reads may be called from any thread. Commits are built by one thread, and written by one
 * thread, in the order of their positions. Every method throws {@link StorageException} when the
 * disk or the database fails, and {@link IllegalStateException} once closed.
 */
public interface EventStorage extends AutoCloseable {

  /** The newest position that readers may see. */
  Head head();

  /** The store's id, made when its folder was created. */
  UUID storeId();

  /** How much it holds, as of now. Looks at the files' sizes, and at nothing in them. */
  StorageFigures figures();

  /** Figures of the databases below, as of now; none when there are none. */
  default List<EngineFigures> engineFigures() {
    return List.of();
  }

  // ---- committing

  /**
   * Where the stream stands as of everything written; {@link StreamHead#NONE} when nothing is known
   * of it.
   */
  StreamHead streamHead(StreamId stream);

  /**
   * The highest stream number that was in use when the storage was opened; 0 when there was no
   * stream.
   */
  long lastStreamNumber();

  /** Where the event with this id is, as of everything written; null when there is none. */
  @Nullable EventPlace placeOf(UUID eventId);

  /**
   * How far a consumer has come in a source of its own; 0 when it has never said so. Visible with
   * the events that it was stored with, not before.
   */
  long tracking(String source);

  /** The same as of everything written, visible or not. */
  long trackingWritten(String source);

  /**
   * The newest event's time when the storage was opened; {@link Instant#MIN} when the log was
   * empty.
   */
  Instant lastRecordedAt();

  /**
   * Begins a commit. The one before must have been handed over; it need not have been written yet.
   */
  Commit begin();

  // ---- reading

  /**
   * Events of the log from {@code from} to {@code to} (inclusive), rising. Stops once {@code
   * maxBytes} are there; the first event is always included, however large. {@link
   * EventPage#reached} says how far it came.
   */
  EventPage readLog(long from, long to, int maxBytes);

  /**
   * Events of the log from {@code from} down to {@code to} (inclusive), falling; otherwise as
   * {@link #readLog}.
   */
  EventPage readLogBackwards(long from, long to, int maxBytes);

  /**
   * Events of a stream from version {@code from} to {@code to} (inclusive), rising; otherwise as
   * {@link #readLog}.
   */
  EventPage readStream(long streamNumber, long from, long to, int maxBytes);

  /** Events of a stream from version {@code from} down to {@code to} (inclusive), falling. */
  EventPage readStreamBackwards(long streamNumber, long from, long to, int maxBytes);

  /**
   * Runs reads that must not wait: they throw {@link NotAtHandException} at what is not in memory
   * or is in the archive, and where there is much to pass over.
   */
  default void atHand(Runnable reads) {
    reads.run();
  }

  // ---- the archive

  /** Compares the archive's files with the catalogue and with what the log knows of them. */
  default Verification archiveVerification() {
    return _ -> {};
  }

  /** The part of the log that has been moved out of the hot database. */
  default EventArchive archive() {
    return EventArchive.NONE;
  }

  /**
   * As {@link #readLog}, but of events in the archive it has only their outlines: what filters and
   * indexes look at. Never waits for the archive. Not for readers.
   */
  default EventPage readOutlines(long from, long to, int maxBytes) {
    return readLog(from, to, maxBytes);
  }

  /** As {@link #readLogBackwards}, with outlines of events in the archive. */
  default EventPage readOutlinesBackwards(long from, long to, int maxBytes) {
    return readLogBackwards(from, to, maxBytes);
  }

  /**
   * Where and when a stream's event was recorded; null when there is none. Never waits for the
   * archive.
   */
  default @Nullable EventHeader headerOf(long streamNumber, long version) {
    EventPage page = readStream(streamNumber, version, version, 1);
    return page.isEmpty() ? null : page.runs().getFirst().events().getFirst().header();
  }

  // ---- finding

  /** Where events with certain properties are, as of now. */
  EventIndex index();

  /**
   * How many events up to the head carry each term of a kind, in the order of the terms' UTF-8
   * bytes.
   *
   * @param afterText the terms behind this one; null for the first, which may be the empty text
   * @param limit at most this many
   */
  List<TermCount> termCounts(TermKind kind, @Nullable String afterText, int limit);

  /**
   * Streams whose names start with a prefix, as of everything written, in the order of the names'
   * UTF-8 bytes. A stream that was created just now may be there an instant before the head has
   * reached its first event.
   *
   * @param prefix how the names start; "" for all
   * @param afterName the names behind this one; "" for the first
   * @param limit at most this many
   */
  List<NamedStream> streams(String prefix, String afterName, int limit);

  // ---- reclaiming

  /**
   * Begins a pass over what is hidden; see {@link Scavenge}. Beside it everything else goes on.
   *
   * @param clock tells how old events are
   */
  Scavenge scavenge(InstantSource clock);

  /**
   * Rewrites the files, so that what has been replaced or reclaimed takes no more space. May take
   * as long as reading and writing everything; ends early, without an exception, when the storage
   * is closed.
   */
  void compact();

  // ---- copying and checking

  /** The log, for a backup to copy; what else there is is derived from it. */
  BackupSource backupSource();

  /** Re-reads the log, and holds everything that is derived from it against it. */
  Verification verification();

  /**
   * Waits for calls in progress, makes everything that is in memory only durable, and releases the
   * folder.
   */
  @Override
  void close();
}
