package io.varve.server.storage;

import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where recorded events live: the log in commit order, and a copy by stream and version.
 *
 * <p><b>Order.</b> Positions are 1, 2, 3 … in the order of the commits, versions 1, 2, 3 … in each
 * stream. <b>Atomicity.</b> Of a commit either everything is there after a crash, or nothing.
 * <b>Durability.</b> What {@link Commit#write} has returned for survives the loss of the process
 * and of the power. <b>Visibility.</b> Readers bound themselves by {@link #head}; nothing at or
 * below it ever changes or appears later.
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

  // ---- committing

  /** Where the stream stands as of everything written; null when it has no event. */
  @Nullable StreamHead streamHead(StreamId stream);

  /**
   * The highest stream number that was in use when the storage was opened; 0 when there was no
   * stream.
   */
  long lastStreamNumber();

  /** Where the event with this id is, as of everything written; null when there is none. */
  @Nullable EventPlace placeOf(UUID eventId);

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
   * maxBytes} are there; the first event is always included, however large.
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
   * Waits for calls in progress, makes everything that is in memory only durable, and releases the
   * folder.
   */
  @Override
  void close();
}
