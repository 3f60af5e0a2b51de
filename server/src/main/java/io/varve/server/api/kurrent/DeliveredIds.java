package io.varve.server.api.kurrent;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.UUID;

/**
 * Which positions were delivered under which ids: a consumer answers by ids, and events may share
 * one. An answer is about the one that was delivered first. Those that nobody has answered are
 * forgotten in the end, those of the id first that was delivered longest ago. Thread-safe.
 */
final class DeliveredIds {
  private final int most;
  private final Map<UUID, SequencedSet<Long>> positions =
      new LinkedHashMap<>(); // guarded by this, as the count

  private int count;

  /**
   * @param most how many positions are remembered
   */
  DeliveredIds(int most) {
    this.most = most;
  }

  /** An event is delivered, perhaps once more. */
  synchronized void add(UUID id, long position) {
    SequencedSet<Long> same = positions.remove(id);
    if (same == null) {
      same = LinkedHashSet.newLinkedHashSet(1);
    }
    positions.put(id, same); // the last one now
    if (same.remove(position)) {
      count--;
    }
    same.addLast(position);
    count++;
    while (count > most) {
      var _ = takeFirst(positions.keySet().iterator().next());
    }
  }

  /** The positions that answers are about; ids that are not known are passed over. */
  synchronized List<Long> take(Collection<UUID> ids) {
    List<Long> taken = new ArrayList<>(ids.size());
    for (UUID id : ids) {
      if (positions.containsKey(id)) {
        taken.add(takeFirst(id));
      }
    }
    return taken;
  }

  private long takeFirst(UUID id) {
    SequencedSet<Long> same = positions.get(id);
    if (same == null) {
      throw new IllegalStateException("id " + id + " is not known");
    }
    Iterator<Long> oldest = same.iterator();
    long position = oldest.next();
    oldest.remove();
    count--;
    if (same.isEmpty()) {
      positions.remove(id);
    }
    return position;
  }
}
