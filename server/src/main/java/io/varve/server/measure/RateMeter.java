package io.varve.server.measure;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** How many things happened a second, over the last minute. Thread-safe, without locks. */
public final class RateMeter {
  /*
   * One slot for each second of the last minute. Whoever counts first in a second replaces the slot of the same second
   * of the minute before; whoever reads leaves out slots that are older. A thread that was held up between taking a
   * slot and counting in it may count for a second that has left the window: the figure is for people.
   */
  private static final int SECONDS = 60;

  private record Slot(long second, LongAdder count) {}

  private final LongSupplier nanoTime;
  private final AtomicReferenceArray<Slot> slots = new AtomicReferenceArray<>(SECONDS);

  /**
   * A meter that has counted nothing.
   *
   * @param nanoTime a clock that only runs forwards
   */
  public RateMeter(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    for (int i = 0; i < SECONDS; i++) {
      slots.set(i, new Slot(Long.MIN_VALUE, new LongAdder()));
    }
  }

  /** Something has happened that often, now. */
  public void add(long count) {
    long second = second();
    int index = Math.floorMod(second, SECONDS);
    Slot slot = slots.get(index);
    while (slot.second() < second) {
      Slot fresh = new Slot(second, new LongAdder());
      slot = slots.compareAndSet(index, slot, fresh) ? fresh : slots.get(index);
    }
    slot.count().add(count);
  }

  /**
   * How often it has happened in the last 60 seconds, for each of them: also when there was nobody
   * to count in the first of them.
   */
  public double perSecond() {
    long oldest = second() - SECONDS + 1;
    long sum = 0;
    for (int i = 0; i < SECONDS; i++) {
      Slot slot = slots.get(i);
      if (slot.second() >= oldest) {
        sum += slot.count().sum();
      }
    }
    return (double) sum / SECONDS;
  }

  private long second() {
    return Math.floorDiv(nanoTime.getAsLong(), TimeUnit.SECONDS.toNanos(1));
  }
}
