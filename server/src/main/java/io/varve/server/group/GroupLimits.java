package io.varve.server.group;

/**
 * The bounds of all groups together.
 *
 * @param heldBytes about how much memory events may take that have been read and wait to be
 *     delivered; what does not fit is read again
 */
public record GroupLimits(long heldBytes) {

  public static GroupLimits defaults() {
    return new GroupLimits(32L * 1024 * 1024);
  }
}
