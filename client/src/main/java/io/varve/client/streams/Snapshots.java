package io.varve.client.streams;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Cached folds of streams. Reached by {@link EventStore#snapshots}; any thread may call it. To load
 * a stream from its newest snapshot in one call there is {@link ReadStream#fromSnapshot}.
 *
 * <p>A snapshot is a cache: the store keeps the newest few of each stream (10 by default), forgets
 * those of a deleted stream, ignores those from before what retention still keeps, and may lose
 * what it saved just before a crash.
 *
 * <pre>{@code
 * store.snapshots().save(Snapshot.json("account-42", 1_000, state));
 * Optional<Snapshot> newest = store.snapshots().newest("account-42");
 * }</pre>
 */
public interface Snapshots {

  /**
   * Stores a snapshot, in place of one of the same stream and version.
   *
   * @param snapshot its version is 1 to that of its stream
   * @return when the store took it in
   * @throws StreamNotFoundException the stream has no event, or is deleted
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws InvalidRequestException it is ahead of its stream, malformed or over a limit
   * @throws StoreUnavailableException the store did not answer in time
   */
  Instant save(Snapshot snapshot);

  /**
   * The stream's newest snapshot, by version; empty: there is none, or no such stream.
   *
   * @throws InvalidRequestException the name is malformed
   */
  Optional<Snapshot> newest(String stream);

  /**
   * The stream's newest snapshot of this version or a lower one; empty: there is none.
   *
   * @param version 1 or higher
   * @throws InvalidRequestException the name is malformed, or the version is not 1 or higher
   */
  Optional<Snapshot> newestAt(String stream, long version);

  /**
   * The stream's newest snapshot whose version was recorded at or before this time; empty: there is
   * none.
   *
   * @throws InvalidRequestException the name is malformed
   * @throws IllegalArgumentException the time is not from year 1 to year 9999
   */
  Optional<Snapshot> newestAt(String stream, Instant time);

  /**
   * The stream's snapshots without their data, newest first, fetched page by page as they are
   * taken. For one pass; there is nothing to close.
   *
   * @throws InvalidRequestException the name is malformed
   */
  Stream<SnapshotInfo> list(String stream);

  /**
   * Deletes all of the stream's snapshots; its events are not touched.
   *
   * @return how many there were
   * @throws InvalidRequestException the name is malformed
   */
  long delete(String stream);

  /**
   * Deletes the stream's snapshots of this version or a lower one; its events are not touched.
   *
   * @param version 1 or higher
   * @return how many there were
   * @throws InvalidRequestException the name is malformed, or the version is not 1 or higher
   */
  long deleteUpTo(String stream, long version);
}
