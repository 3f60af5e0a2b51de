package io.varve.client.streams;

import java.time.Instant;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A store's archive: the beginning of its log, moved out of the database into compressed files.
 * Reads, subscriptions, conditions and repeats of old appends work as before, and only those that
 * need an old event's content are slower.
 *
 * <p>All methods may be called from any thread. {@link #moveBefore} and {@link #verify} take as
 * long as it takes: no deadline holds for them, and they are not repeated when the link is lost.
 */
public interface Archive {

  /** The archive of a store that moves nothing: always empty, and every run is refused. */
  static Archive none() {
    return NoArchive.INSTANCE;
  }

  /**
   * Moves events that were recorded before a time, and waits until that is done. If this call is
   * interrupted or the link is lost, the run ends; what has been moved stays moved.
   *
   * @param progress hears how far it has come, on the calling thread
   * @return where it ended
   * @throws ArchiveRefusedException no place is set, or a run is under way; nothing was changed
   * @throws StoreUnavailableException the server or the archive's disk cannot be reached
   */
  ArchiveProgress moveBefore(Instant time, Consumer<ArchiveProgress> progress);

  /**
   * Moves events at lower positions, as {@link #moveBefore(Instant, Consumer)} does.
   *
   * @param position at least 1; above the head: every event
   */
  ArchiveProgress moveBefore(long position, Consumer<ArchiveProgress> progress);

  /** Where it stands. */
  ArchiveStatus status();

  /** The files, oldest first, asked for page by page while the stream is consumed. */
  Stream<ArchiveSegment> segments();

  /**
   * Reads every file and compares it with all that is known of it, and waits until that is done.
   *
   * @param progress hears how far it has come and what has been found since it was last called, on
   *     the calling thread
   * @return all that has been found
   * @throws InvalidRequestException another verification of the archive is under way
   * @throws StoreUnavailableException the server cannot be reached
   */
  ArchiveReport verify(Consumer<ArchiveReport> progress);
}
