package io.varve.server.group;

import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import org.jspecify.annotations.Nullable;

/**
 * A run's bytes, held until each of its events has been delivered or is not wanted any more. Counts
 * against the budget from the end of the turn in which it was read. Belongs to one group.
 */
final class HeldRun {
  private final HeldBudget budget;
  private byte @Nullable [] bytes;
  private int left;
  private long counted;

  /** One event of the run. */
  record Held(HeldRun run, int frameStart, int start, int end) {

    /** The event; null when its bytes have been let go of. */
    @Nullable EncodedEvent event() {
      byte[] held = run.bytes;
      return held == null ? null : new EncodedEvent(held, frameStart, start, end);
    }

    /** Its bytes are not wanted any more. To be called once. */
    void release() {
      run.release(1);
    }
  }

  /**
   * Holds a run, which is to be {@link EventRun#trimmed trimmed}, so that what is held is what is
   * counted.
   */
  HeldRun(EventRun run, HeldBudget budget) {
    this.budget = budget;
    this.left = run.count();
    this.bytes = run.bytes();
  }

  Held hold(EncodedEvent event) {
    return new Held(this, event.frameStart(), event.start(), event.end());
  }

  boolean isHeld() {
    return bytes != null;
  }

  /** Counts what is held; lets go of it if it does not fit. Says whether it is still held. */
  boolean settle() {
    byte[] held = bytes;
    if (held == null || counted > 0) {
      return held != null;
    }
    long size = held.length;
    if (!budget.take(size)) {
      bytes = null;
      return false;
    }
    counted = size;
    return true;
  }

  /** Some events' bytes are not wanted any more. */
  void release(int events) {
    left -= events;
    if (left == 0) {
      bytes = null;
      budget.giveBack(counted);
      counted = 0;
    }
  }
}
