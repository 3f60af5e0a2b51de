package io.varve.server.group;

import io.varve.server.storage.BackupSource;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.Verification;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where groups live.
 *
 * <p><b>Durability.</b> What {@link #write} has returned for survives the death of the process and
 * the loss of power. <b>Atomicity.</b> Of the changes in one call either all are there after a
 * crash, or none. A call that throws has happened or has not; changes are whole values, so that
 * writing them again, or newer ones, is safe.
 *
 * <p>Thread-safe. Every method throws {@link io.varve.server.storage.StorageException} when the
 * disk or the database fails, and {@link IllegalStateException} once closed.
 */
public interface GroupStore extends AutoCloseable {

  /** All groups, by rising number. */
  List<StoredGroup> groups();

  /** One group; null if there is none. */
  @Nullable StoredGroup group(long number);

  /** The highest head of the log at any write; 0 when nothing has been written. */
  long reached();

  /** The highest number that a group was ever given; 0 for none. */
  long lastNumber();

  /**
   * Makes changes durable.
   *
   * @param headPosition the log's head
   */
  void write(List<GroupChange> changes, long headPosition);

  /** A group's parked events after a position, by rising position. */
  List<Parked> parkedAfter(long number, long position, int limit);

  /** One of a group's parked events; null when it is not parked. */
  @Nullable Parked parked(long number, long position);

  /** How much it takes on the disk. */
  long diskBytes();

  /** Figures of the database below, as of now; none when there is none. */
  default List<EngineFigures> engineFigures() {
    return List.of();
  }

  /**
   * Verifications of all groups; none when nothing is on disk.
   *
   * @param storeId the store that they are to belong to
   * @param head the log's head now
   */
  default List<Verification> verifications(UUID storeId, LongSupplier head) {
    return List.of();
  }

  /** What a backup has to copy. */
  BackupSource backupSource();

  /** Waits for calls in progress and releases the folder. */
  @Override
  void close();
}
