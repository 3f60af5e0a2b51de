package io.varve.server.storage;

import java.util.List;

/**
 * The intersection of several lists of positions, by leapfrog: each in turn jumps to where the one
 * before stands, until all stand at the same place. So what is passed over costs as much as the
 * sparsest of them.
 */
final class AllOf implements Positions {
  private final List<Positions> parts;

  /**
   * @param parts at least one
   */
  AllOf(List<Positions> parts) {
    this.parts = List.copyOf(parts);
  }

  @Override
  public long atOrAfter(long position) {
    long at = position;
    int agreed = 0;
    for (int i = 0; agreed < parts.size(); i = (i + 1) % parts.size()) {
      long found = parts.get(i).atOrAfter(at);
      if (found == END) {
        return END;
      }
      agreed = found == at ? agreed + 1 : 1;
      at = found;
    }
    return at;
  }

  @Override
  public long atOrBefore(long position) {
    long at = position;
    int agreed = 0;
    for (int i = 0; agreed < parts.size(); i = (i + 1) % parts.size()) {
      long found = parts.get(i).atOrBefore(at);
      if (found == START) {
        return START;
      }
      agreed = found == at ? agreed + 1 : 1;
      at = found;
    }
    return at;
  }
}
