package io.varve.server.storage.rocksdb;

import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.Positions;
import io.varve.server.storage.TermKind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of the log in memory, a few thousand events long: which term is at which positions, and
 * what queries ask of each event. One thread adds, any number read, without locks: what a reader
 * knows to be there it finds, what is being added meanwhile it may or may not see.
 */
final class TermSegment {
  /** About what an event takes beside its texts, and what a term does that is new here. */
  private static final int EVENT_BYTES = 80;

  private static final int TERM_BYTES = 160;

  private final long firstPosition;
  private final IndexBounds bounds;
  private final Map<TermKind, Map<String, Offsets>> terms = new EnumMap<>(TermKind.class);

  // Elements are written before the count, and a longer array before that: a reader that reads the
  // count first never looks behind what is there.
  private volatile IndexedEvent[] events = new IndexedEvent[64];
  private volatile int count;

  private long bytes; // the adding thread's

  /** Offsets of events that have been reclaimed since they were added. */
  private final Set<Integer> forgotten = ConcurrentHashMap.newKeySet();

  private boolean sealed; // guarded by this

  TermSegment(long firstPosition, IndexBounds bounds) {
    this.firstPosition = firstPosition;
    this.bounds = bounds;
    for (TermKind kind : TermKind.values()) {
      terms.put(kind, new ConcurrentHashMap<>());
    }
  }

  long firstPosition() {
    return firstPosition;
  }

  /** The position of its last event; the one before its first while it is empty. */
  long lastPosition() {
    int size = count;
    return size == 0 ? firstPosition - 1 : events[size - 1].position();
  }

  // ---- adding

  /** Adds the next event, whose position is higher than the one before. */
  void add(IndexedEvent event) {
    int offset = Math.toIntExact(event.position() - firstPosition);
    add(TermKind.TYPE, event.type(), offset);
    add(TermKind.CATEGORY, event.stream().category(), offset);
    long texts = event.stream().value().length() + (long) event.type().length();
    for (String tag : event.tags()) {
      add(TermKind.TAG, tag, offset);
      texts += tag.length();
    }
    bytes += EVENT_BYTES + 2 * texts;
    int size = count;
    if (size == events.length) {
      events = Arrays.copyOf(events, 2 * size);
    }
    events[size] = event;
    count = size + 1;
  }

  private void add(TermKind kind, String text, int offset) {
    Map<String, Offsets> ofKind = of(kind);
    Offsets offsets = ofKind.get(text);
    if (offsets == null) {
      ofKind.put(text, new Offsets(offset));
      bytes += TERM_BYTES + 2L * text.length();
    } else {
      offsets.add(offset);
      bytes += Integer.BYTES;
    }
  }

  /**
   * Whether the next event belongs into another segment. It depends on the events alone, so that an
   * index that is built again is cut at the same places.
   */
  boolean isFull() {
    return count >= bounds.segmentEvents() || bytes >= bounds.segmentBytes();
  }

  // ---- reading

  /** Sees a term with its offsets from the first position. */
  interface TermVisitor {
    void visit(TermKind kind, String text, int[] offsets, int count);
  }

  /** Seals the segment, and visits every term that an event carries which is not forgotten. */
  void visitTerms(TermVisitor visitor) {
    synchronized (this) {
      sealed = true;
    }
    terms.forEach(
        (kind, ofKind) ->
            ofKind.forEach(
                (text, offsets) -> {
                  int size = offsets.count;
                  int[] kept = kept(offsets.values, size);
                  if (kept.length > 0) {
                    visitor.visit(kind, text, kept, kept.length);
                  }
                }));
  }

  private int[] kept(int[] offsets, int count) {
    return forgotten.isEmpty()
        ? Arrays.copyOf(offsets, count)
        : Arrays.stream(offsets, 0, count).filter(offset -> !forgotten.contains(offset)).toArray();
  }

  /**
   * Counts an event no longer, and leaves it out of the postings. It may still be found: readers
   * look at the events. From any thread.
   *
   * @return whether the postings are still to be made; if not, they hold the event
   */
  synchronized boolean forget(long position) {
    forgotten.add(Math.toIntExact(position - firstPosition));
    return !sealed;
  }

  /** Hands over each term of a kind with the number of its positions up to the head, if any. */
  void addCounts(TermKind kind, long head, ObjLongConsumer<String> to) {
    of(kind)
        .forEach(
            (text, offsets) -> {
              int size = offsets.count;
              int[] kept = kept(offsets.values, size);
              int all = kept.length;
              int counted =
                  head >= firstPosition + Integer.MAX_VALUE
                      ? all
                      : atOrAfter(kept, all, head - firstPosition + 1);
              if (counted > 0) {
                to.accept(text, counted);
              }
            });
  }

  /** The lowest position of a term at or after one; {@link Positions#END} for none. */
  long atOrAfter(TermKind kind, String text, long position) {
    Offsets offsets = of(kind).get(text);
    if (offsets == null || position > lastPosition()) {
      return Positions.END;
    }
    int size = offsets.count;
    int[] values = offsets.values;
    int found = atOrAfter(values, size, position - firstPosition);
    return found == size ? Positions.END : firstPosition + values[found];
  }

  /** The highest position of a term at or before one; {@link Positions#START} for none. */
  long atOrBefore(TermKind kind, String text, long position) {
    Offsets offsets = of(kind).get(text);
    if (offsets == null || position < firstPosition) {
      return Positions.START;
    }
    int size = offsets.count;
    int[] values = offsets.values;
    long after = position - firstPosition + 1;
    int found = atOrAfter(values, size, after) - 1;
    return found < 0 ? Positions.START : firstPosition + values[found];
  }

  /** Where the first offset that is not below a number stands; {@code count} for none. */
  private static int atOrAfter(int[] offsets, int count, long number) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (offsets[middle] < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The lowest position at or after one whose stream's name starts with a prefix. */
  long inStreamsAtOrAfter(String prefix, long position) {
    int size = count;
    IndexedEvent[] all = events;
    for (int i = place(all, size, position); i < size; i++) {
      if (all[i].stream().value().startsWith(prefix)) {
        return all[i].position();
      }
    }
    return Positions.END;
  }

  /** The highest position at or before one whose stream's name starts with a prefix. */
  long inStreamsAtOrBefore(String prefix, long position) {
    int size = count;
    IndexedEvent[] all = events;
    int from = position == Long.MAX_VALUE ? size - 1 : place(all, size, position + 1) - 1;
    for (int i = from; i >= 0; i--) {
      if (all[i].stream().value().startsWith(prefix)) {
        return all[i].position();
      }
    }
    return Positions.START;
  }

  /** The event at a position; null when there is none. */
  @Nullable IndexedEvent event(long position) {
    int size = count;
    IndexedEvent[] all = events;
    int place = place(all, size, position);
    return place < size && all[place].position() == position ? all[place] : null;
  }

  /** Where the first event at or after a position stands; {@code size} for none. */
  private int place(IndexedEvent[] all, int size, long position) {
    if (position <= firstPosition) {
      return 0;
    }
    long guess = position - firstPosition;
    if (guess < size && all[(int) guess].position() == position) {
      return (int) guess; // as long as no event is missing, this is where it stands
    }
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (all[middle].position() < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private Map<String, Offsets> of(TermKind kind) {
    Map<String, Offsets> ofKind = terms.get(kind);
    if (ofKind == null) {
      throw new IllegalStateException("no terms of kind " + kind);
    }
    return ofKind;
  }

  /** Rising offsets; one thread adds, any number read the count first and then the values. */
  private static final class Offsets {
    private volatile int[] values;
    private volatile int count;

    Offsets(int first) {
      values = new int[] {first, 0};
      count = 1;
    }

    void add(int offset) {
      int size = count;
      int[] all = values;
      if (all[size - 1] == offset) {
        return; // an event that carries the term twice
      }
      if (size == all.length) {
        all = Arrays.copyOf(all, 2 * size);
        values = all;
      }
      all[size] = offset;
      count = size + 1;
    }
  }
}
