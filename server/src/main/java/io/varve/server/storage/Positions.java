package io.varve.server.storage;

import java.util.List;

/**
 * Rising positions that can be sought in either direction. Used by one thread at a time; holds
 * nothing that must be released.
 */
public interface Positions {
  /** What {@link #atOrAfter} answers when there is no such position: higher than all. */
  long END = Long.MAX_VALUE;

  /** What {@link #atOrBefore} answers when there is no such position: lower than all. */
  long START = 0;

  /** The lowest of the positions that is not below the given one; {@link #END} for none. */
  long atOrAfter(long position);

  /** The highest of the positions that is not above the given one; {@link #START} for none. */
  long atOrBefore(long position);

  /** The positions that are in any of the lists; none if there is no list. */
  static Positions anyOf(List<Positions> parts) {
    return parts.size() == 1 ? parts.getFirst() : new AnyOf(parts);
  }

  /**
   * The positions that are in all of the lists.
   *
   * @param parts at least one
   */
  static Positions allOf(List<Positions> parts) {
    return parts.size() == 1 ? parts.getFirst() : new AllOf(parts);
  }
}
