package io.varve.server.snapshot;

/**
 * Versions of a stream, both ends included.
 *
 * @param lowest the lowest version, 1 or higher
 * @param highest the highest version; lower than {@code lowest} when there is none
 */
public record VersionRange(long lowest, long highest) {
  public VersionRange {
    if (lowest < 1) {
      throw new IllegalArgumentException("a version must be >= 1, was " + lowest);
    }
  }

  /** All versions. */
  public static VersionRange all() {
    return new VersionRange(1, Long.MAX_VALUE);
  }

  /** No version. */
  public static VersionRange none() {
    return new VersionRange(1, 0);
  }

  /**
   * At which versions a snapshot counts: where it and the events that are kept are together the
   * whole stream.
   *
   * <p>A snapshot right before the first kept version is complete; an older one would leave a gap
   * between itself and the events after it. One that is ahead of the stream, as the reader sees it,
   * holds what has not happened yet. And of a stream that was deleted and has been appended to
   * again, what was folded before the deletion is no part.
   *
   * @param firstKept the first version that is not hidden; one above the stream's version when all
   *     are
   * @param deletedUpTo the stream's version when it was last deleted; 0 when it never was
   * @param version the stream's version as the reader sees it
   */
  public static VersionRange counting(long firstKept, long deletedUpTo, long version) {
    return new VersionRange(Math.max(1, Math.max(firstKept - 1, deletedUpTo + 1)), version);
  }

  public boolean isEmpty() {
    return highest < lowest;
  }

  /** Those of these versions that are at most as high. */
  public VersionRange upTo(long version) {
    return new VersionRange(lowest, Math.min(highest, version));
  }
}
