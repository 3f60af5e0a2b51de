package io.varve.server.storage.archive;

import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Function;

/**
 * Where the archives of stores are, and how large their files become.
 *
 * @param ofStore the place for one store's files, by the store's id
 * @param segmentBytes an archive segment is closed once its events take so many bytes, uncompressed
 * @param reads how those who wait for events read them
 */
public record ArchivePlace(
    Function<UUID, ArchiveFiles> ofStore, long segmentBytes, ArchiveReads reads) {
  private static final long STANDARD_SEGMENT_BYTES = 64L * 1024 * 1024;

  public ArchivePlace {
    if (segmentBytes < 1) {
      throw new IllegalArgumentException("segmentBytes must be >= 1, was " + segmentBytes);
    }
  }

  /** Files of the standard size in a folder. */
  public static ArchivePlace folder(Path folder) {
    return folder(folder, STANDARD_SEGMENT_BYTES);
  }

  /** Files of a size in a folder. */
  public static ArchivePlace folder(Path folder, long segmentBytes) {
    return new ArchivePlace(
        storeId -> new ArchiveFolder(folder, storeId), segmentBytes, ArchiveReads.DIRECT);
  }

  /** The same place, read in another way. */
  public ArchivePlace with(ArchiveReads others) {
    return new ArchivePlace(ofStore, segmentBytes, others);
  }
}
