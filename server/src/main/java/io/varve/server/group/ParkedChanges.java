package io.varve.server.group;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What has become of parked events since the store was told. */
final class ParkedChanges {
  /** Whether all that were parked before go. */
  private boolean allGone;

  /** What is parked now; null for an event that is not parked any more. */
  private final TreeMap<Long, @Nullable Parked> changed = new TreeMap<>();

  boolean isEmpty() {
    return !allGone && changed.isEmpty();
  }

  void park(Parked event) {
    changed.put(event.position(), event);
  }

  void unpark(long position) {
    changed.put(position, null);
  }

  void unparkAll() {
    allGone = true;
    changed.clear();
  }

  /** Whether it is known here what has become of an event. */
  boolean knows(long position) {
    return allGone || changed.containsKey(position);
  }

  /** What is known here of an event; null when it is not parked. */
  @Nullable Parked parked(long position) {
    return changed.get(position);
  }

  /** Puts what has happened before, and could not be stored, under what has happened since. */
  void addBefore(ParkedChanges before) {
    if (allGone) {
      return;
    }
    allGone = before.allGone;
    for (Map.Entry<Long, @Nullable Parked> entry : before.changed.entrySet()) {
      if (!changed.containsKey(entry.getKey())) {
        changed.put(entry.getKey(), entry.getValue());
      }
    }
  }

  /** These changes, as the store takes them. */
  GroupChange with(long number, @Nullable GroupDefinition definition, Progress progress) {
    List<Long> gone = new ArrayList<>();
    List<Parked> parked = new ArrayList<>();
    changed.forEach(
        (position, event) -> {
          if (event == null) {
            gone.add(position);
          } else {
            parked.add(event);
          }
        });
    return new GroupChange(number, false, definition, progress, allGone ? 0L : null, gone, parked);
  }
}
