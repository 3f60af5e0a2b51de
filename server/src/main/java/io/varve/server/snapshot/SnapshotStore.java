package io.varve.server.snapshot;

import io.varve.server.event.StreamId;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.Verification;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where snapshots live: for each stream at most one of a version, and of these the newest few.
 *
 * <p><b>Durability.</b> That of a cache. What {@link #save} has returned for survives the death of
 * the process; the loss of power may take the latest saves. <b>Truth.</b> Never anything but what
 * was saved: a snapshot that is damaged is not there any more. <b>Reads</b> do not fail; what
 * cannot be read is not there, and the server log says so.
 *
 * <p>Whether a snapshot counts is not decided here: callers say between which versions they look,
 * see {@link VersionRange#counting}. Thread-safe. Every method throws {@link IllegalStateException}
 * once closed.
 */
public interface SnapshotStore extends AutoCloseable {

  /**
   * Stores a snapshot, replacing one of the same version, and drops those of its stream that are
   * not among the newest that are kept.
   *
   * @param headPosition the log's head when the stream was seen to have the snapshot's version
   * @throws io.varve.server.storage.StorageException it could not be stored
   */
  void save(Snapshot snapshot, long headPosition);

  /** The newest snapshot of a stream in a range of versions; null when there is none. */
  @Nullable Snapshot newest(StreamId stream, VersionRange versions);

  /**
   * A stream's snapshots in a range of versions, newest first.
   *
   * @param max at most this many
   */
  List<SnapshotSummary> list(StreamId stream, VersionRange versions, int max);

  /**
   * Deletes a stream's snapshots in a range of versions; how many there were.
   *
   * @throws io.varve.server.storage.StorageException they could not be deleted
   */
  long delete(StreamId stream, VersionRange versions);

  /** How much it takes on the disk. */
  long diskBytes();

  /** What a backup has to copy; nothing if there is nothing that could be. */
  List<BackupSource> backupSources();

  /**
   * Verifications of all snapshots.
   *
   * @param storeId the store that they are to belong to
   * @param versionOf a stream's version now
   * @param head the log's head now
   */
  List<Verification> verifications(
      UUID storeId, ToLongFunction<StreamId> versionOf, LongSupplier head);

  /** Figures of the database below, as of now; none when there is none. */
  default List<EngineFigures> engineFigures() {
    return List.of();
  }

  /** Waits for calls in progress and releases the folder. */
  @Override
  void close();
}
